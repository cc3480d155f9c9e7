package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

func events() Source {
	return Source{
		Name:    "events",
		Usage:   "what happens on the Engine, as /events has it",
		Keys:    "Type Action Actor scope time timeNano status id from",
		Kind:    "event",
		Filters: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "since", Usage: "from `TIME` on, as far as the Engine remembers: RFC 3339, Unix seconds, or how long ago (36h, 7d)"},
			&cli.StringFlag{Name: "until", Usage: "end at `TIME`"},
			engine.ReconnectFlag(),
		},
		Examples: []string{
			"baleen events --since 1h --until 0s -q '[.Type, .Action, name]'",
			"baleen events -f type=container -f event=oom --reconnect",
			`baleen events -f event=die -f label=keep -q 'select(.Actor.Attributes.exitCode != "0")' --start`,
		},
		Live: func(record.Flags) bool { return true },
		Check: func(r Request) error {
			// The Engine ignores keys that it does not know: a misspelt one would mean everything.
			known := filterKeys("events")
			for key := range r.Filters {
				if _, ok := known[key]; !ok {
					return &record.UsageError{Message: fmt.Sprintf("events has no filter %q\nit has %s", key, strings.Join(slices.Sorted(maps.Keys(known)), ", "))}
				}
			}
			_, _, err := period(r.Flags)
			return err
		},
		View: `{time: .time | todate, type: .Type, action: .Action, name: name}`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			filters := r.Filters
			if slices.Contains(filters["event"], "die") {
				filters = filters.With("event", "died") // what Podman's filter calls it, though no event does
			}
			l := &listener{e: e, query: filters.Put(url.Values{}), reconnect: r.Flags.Bool("reconnect")}
			var since time.Time
			since, l.until, _ = period(r.Flags)
			if !since.IsZero() {
				l.query.Set("since", unix(since))
			}
			if !l.until.IsZero() {
				l.query.Set("until", unix(l.until))
			}
			return func(yield func(json.RawMessage, error) bool) {
				l.yield = func(record json.RawMessage, err error) bool {
					l.stopped = l.stopped || !yield(record, err)
					return !l.stopped
				}
				var err error
				if l.reconnect {
					err = engine.Outlive(ctx, "events", func(up func()) error { return l.listen(ctx, up) }, func(n error) { l.yield(nil, n) })
				} else {
					err = l.listen(ctx, func() {})
				}
				if err != nil {
					l.yield(nil, err)
				}
			}
		},
	}
}

// remembered is how many events an Engine replays at most.
const remembered = 256

// disorder is how much later an event may come than one that is younger.
const disorder = 100 * time.Millisecond

// listener reads events over one connection after another.
type listener struct {
	e         *engine.Engine
	query     url.Values
	until     time.Time
	reconnect bool
	yield     func(json.RawMessage, error) bool
	stopped   bool

	opened      time.Time // by the Engine's clock; zero before the first connection
	first, last time.Time // of the events seen, the oldest and the youngest
	seen        []string  // the newest events, as many as can come again
}

// listen reads events until the Engine is lost or the time is over.
func (l *listener) listen(ctx context.Context, up func()) error {
	if l.stopped {
		return nil
	}
	q := maps.Clone(l.query)
	again := !l.opened.IsZero()
	if again {
		q.Set("since", unix(l.resume()))
	}
	a, err := l.stream(ctx, q)
	if err != nil {
		return err
	}
	defer a.Close()
	if !again {
		l.opened, _ = a.Now()
	}
	up()
	if again {
		_, now := a.Now()
		if whole, err := l.covered(ctx, now); err != nil {
			return err
		} else if !whole {
			l.yield(nil, &engine.Notice{Message: fmt.Sprintf("events: some may be missing since %s, the Engine does not remember", l.resume().Format(time.RFC3339))})
		}
	}
	for record, err := range a.Records("") {
		if err != nil {
			return err
		}
		if !l.until.IsZero() && timeOf(record).After(l.until) || l.reconnect && l.repeats(record) {
			continue
		}
		if !l.yield(record, nil) {
			return nil
		}
	}
	if _, now := a.Now(); l.until.IsZero() || now.Before(l.until) {
		return &engine.LostError{What: a.What, Err: engine.ErrEnded}
	}
	return nil
}

// stream asks for events, of a [engine.Answer.Hasty] Engine for more than are
// wanted.
func (l *listener) stream(ctx context.Context, q url.Values) (*engine.Answer, error) {
	a, err := l.e.Stream(ctx, "/events", q)
	if err != nil || l.until.IsZero() || !a.Hasty() {
		return a, err
	}
	_, now := a.Now()
	later := now.Add(time.Second)
	if l.until.After(later) {
		return a, nil
	}
	a.Close()
	q.Set("until", unix(later))
	return l.e.Stream(ctx, "/events", q)
}

// resume is where to go on: a little before the last event, since events can
// change places, but not before the first.
func (l *listener) resume() time.Time {
	switch at := l.last.Add(-disorder); {
	case l.last.IsZero():
		return l.opened
	case at.Before(l.first):
		return l.first.Add(-time.Microsecond) // Podman may round it up
	default:
		return at
	}
}

// repeats notes an event and reports whether it was seen before.
func (l *listener) repeats(record json.RawMessage) bool {
	at := timeOf(record)
	if !at.After(l.last) && slices.Contains(l.seen, string(record)) {
		return true
	}
	if l.first.IsZero() || at.Before(l.first) {
		l.first = at
	}
	if at.After(l.last) {
		l.last = at
	}
	if len(l.seen) == remembered {
		l.seen = slices.Delete(l.seen, 0, 1)
	}
	l.seen = append(l.seen, string(record))
	return false
}

// covered asks whether the Engine still has the last event that was seen, and so
// all that came after it. Podman may say nothing until a time that is past.
func (l *listener) covered(ctx context.Context, now time.Time) (whole bool, err error) {
	if len(l.seen) == 0 {
		return false, nil
	}
	q := maps.Clone(l.query)
	q.Set("since", unix(l.resume()))
	q.Set("until", unix(now.Add(time.Second)))
	a, err := l.e.Stream(ctx, "/events", q)
	if err != nil {
		return false, err
	}
	for record, err := range a.Records("") {
		if err != nil {
			return false, err
		}
		if string(record) == l.seen[len(l.seen)-1] {
			return true, nil
		}
	}
	return false, nil
}

func timeOf(event json.RawMessage) time.Time {
	var e struct{ TimeNano, Time int64 }
	_ = json.Unmarshal(event, &e) // an event without a time is taken as it comes
	if e.TimeNano == 0 {
		return time.Unix(e.Time, 0)
	}
	return time.Unix(0, e.TimeNano)
}
