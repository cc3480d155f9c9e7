package source

import (
	"baleen/source/engine"
	"baleen/source/follow"
	"baleen/source/record"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/urfave/cli/v2"
)

func logs() Source {
	return Source{
		Name:    "logs",
		Usage:   `log lines of containers, each as {"container","stream","time","line"}`,
		Keys:    "container stream time line partial",
		Args:    "[NAME|ID...]",
		Kind:    "container",
		Filters: true,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "follow", Usage: "go on with new lines; with -f, containers that start later join"},
			&cli.StringFlag{Name: "tail", Usage: "only the last `N` lines of each container", Value: "all"},
			&cli.StringFlag{Name: "since", Usage: "only lines from `TIME` on: RFC 3339, Unix seconds, or how long ago (36h, 7d)"},
			&cli.StringFlag{Name: "until", Usage: "only lines before `TIME`"},
			&cli.BoolFlag{Name: "prefix", Usage: "text instead of records: each line behind the name of its container"},
			engine.ReconnectFlag(),
		},
		Examples: []string{
			"baleen logs web db --tail 100 -q .line -r",
			`baleen logs --follow -f label=com.docker.compose.project=shop -q 'select(.stream == "stderr")'`,
			`baleen logs worker --follow -q 'select(.line | test("^panic"))' --restart`,
		},
		Live: func(f record.Flags) bool { return f.Bool("follow") },
		Check: func(r Request) error {
			if len(r.Names) == 0 && len(r.Filters) == 0 {
				return &record.UsageError{Message: "logs needs names, or -f to pick containers\n-f status=running is all that run"}
			}
			if r.Flags.Bool("reconnect") && !r.Flags.Bool("follow") {
				return &record.UsageError{Message: "--reconnect goes with --follow"}
			}
			if _, err := strconv.ParseUint(r.Flags.String("tail"), 10, 31); err != nil && r.Flags.String("tail") != "all" {
				return &record.UsageError{Message: "--tail takes a number of lines, or all"}
			}
			_, _, err := period(r.Flags)
			if err != nil {
				return err
			}
			if err := namesOrGlobs("logs", r); err != nil {
				return err
			}
			return namesOrFilters("logs", r)
		},
		View: `{container, time: .time[:19], line}`,
		JQ:   `-`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			r = r.namesAsFilters()
			l := &logReader{note: r.Note, follow: r.Flags.Bool("follow"), tail: -1, read: map[string]*position{}}
			l.since, l.until, _ = period(r.Flags)
			if n, err := strconv.Atoi(r.Flags.String("tail")); err == nil {
				l.tail = n
			}
			l.f = &follow.Follower{
				E: e, What: "logs", Names: r.Names, Filters: r.Filters, All: true, Live: l.follow,
				Reconnect: r.Flags.Bool("reconnect"), Stream: l.container,
			}
			if !l.follow {
				return l.merged(ctx)
			}
			return l.f.Records(ctx)
		},
	}
}

// merged gives the lines of all containers in the order of their times.
func (l *logReader) merged(ctx context.Context) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		containers, ok := l.f.Containers(ctx, yield)
		if !ok {
			return
		}
		type log struct {
			record json.RawMessage
			at     time.Time
			next   func() (json.RawMessage, error, bool)
		}
		var logs []*log
		// advance moves a log on to its next line, and is false when yield says to stop.
		advance := func(o *log) bool {
			for {
				v, err, more := o.next()
				if o.record = v; !more {
					return true
				}
				if err == nil {
					o.at, _ = time.Parse(time.RFC3339Nano, record.Text(record.Member(v, "time")))
					return true
				}
				if !yield(nil, err) || record.Fatal(err) {
					return false
				}
			}
		}
		for _, c := range containers {
			next, stop := iter.Pull2(l.f.Of(ctx, c))
			defer stop()
			logs = append(logs, &log{next: next})
			if !advance(logs[len(logs)-1]) {
				return
			}
		}
		for {
			var first *log
			for _, o := range logs {
				if o.record != nil && (first == nil || o.at.Before(first.at)) {
					first = o
				}
			}
			if first == nil || !yield(first.record, nil) || !advance(first) {
				return
			}
		}
	}
}

// logReader reads the logs of containers.
type logReader struct {
	f            *follow.Follower
	note         func(kind, name, id string) // nil for nobody
	follow       bool
	tail         int // -1 for all
	since, until time.Time

	mu   sync.Mutex
	read map[string]*position // by container id
}

// position is how far a log has been read, for when it is opened again.
type position struct {
	time  string // of the last line, as the Engine gave it
	lines int    // that had this time
}

func (l *logReader) container(ctx context.Context, f *follow.Follower, c engine.Container) error {
	joined := c.Joined
	c, err := engine.LookUp(ctx, l.f.E, c.ID)
	if err != nil {
		return err
	}
	if l.note != nil {
		l.note("container", c.Name, c.ID)
	}
	l.mu.Lock()
	at := l.read[c.ID]
	if at == nil {
		at = &position{}
		l.read[c.ID] = at
	}
	if at.lines == 0 && !joined.IsZero() {
		at.time = joined.UTC().Format(time.RFC3339Nano)
	}
	l.mu.Unlock()
	q := url.Values{"stdout": {"1"}, "stderr": {"1"}, "timestamps": {"1"}}
	if l.follow {
		q.Set("follow", "1")
	}
	if !l.until.IsZero() {
		q.Set("until", unix(l.until))
	}
	since := l.since
	if last, err := time.Parse(time.RFC3339Nano, at.time); err == nil {
		since = last
	} else if l.tail >= 0 {
		q.Set("tail", strconv.Itoa(l.tail))
	}
	if !since.IsZero() {
		q.Set("since", unix(since))
	}
	a, err := f.Open(ctx, "/containers/"+c.ID+"/logs", q)
	if err != nil {
		return err
	}
	defer a.Close()
	if now, err := http.ParseTime(a.Header.Get("Date")); err == nil && at.time == "" {
		at.time = now.Format(time.RFC3339Nano)
	}
	head := append([]byte(`{"container":`), record.Quote(c.Name)...)
	again, sent, record := *at, 0, []byte(nil)
	for line, err := range logLines(a, c.Config.Tty) {
		if err != nil {
			return a.Failure(err)
		}
		if t := string(line.time); t == again.time && sent < again.lines {
			sent++
			continue
		} else if t != at.time {
			*at = position{time: t}
		}
		at.lines++
		record = line.appendRecord(append(record[:0], head...))
		if !f.Send(ctx, record, nil) {
			return nil
		}
	}
	f.Pass() // before the Engine is asked again
	return l.ended(ctx, f, a, c)
}

// ended tells a log that is over from one that the Engine no longer follows.
func (l *logReader) ended(ctx context.Context, f *follow.Follower, a *engine.Answer, c engine.Container) error {
	if _, clock := a.Now(); !l.follow || !l.until.IsZero() && !clock.Before(l.until) {
		return nil
	}
	now, err := engine.LookUp(ctx, l.f.E, c.ID)
	if err == nil && !now.State.Running && len(l.f.Names) > 0 && !l.f.Reconnect {
		f.Send(ctx, nil, &engine.Notice{Message: fmt.Sprintf("logs: %s does not run any more; --reconnect goes on when it does", c.Name)})
	}
	if err != nil || !now.State.Running || now.State.StartedAt != c.State.StartedAt {
		return err
	}
	return &engine.LostError{What: a.What, Err: engine.ErrEnded}
}

// period reads --since and --until.
func period(f record.Flags) (since, until time.Time, err error) {
	now := time.Now()
	if since, err = parseTime("since", f.String("since"), now); err != nil {
		return since, until, err
	}
	if until, err = parseTime("until", f.String("until"), now); err != nil {
		return since, until, err
	}
	if !until.IsZero() && until.Before(since) {
		return since, until, &record.UsageError{Message: fmt.Sprintf("--until %s is before --since %s", f.String("until"), f.String("since"))}
	}
	return since, until, nil
}
