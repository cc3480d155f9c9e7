package demo

import (
	"encoding/binary"
	"iter"
	"slices"
	"strconv"
	"time"

	timetypes "github.com/docker/docker/api/types/time"
)

// line is a line of a container's log.
type line struct {
	time   time.Time
	stream byte // 1 for stdout, 2 for stderr
	text   string
}

// lines is the log until now: a line a second as long as the container ran,
// every third on stderr. Of a long run the last ten minutes are kept.
func (ctr *container) lines(now time.Time) iter.Seq[line] {
	return func(yield func(line) bool) {
		for _, s := range ctr.spans {
			length := s.length(now)
			for n := max(0, int(length/time.Second)-600); time.Duration(n)*time.Second < length; n++ {
				l := line{s.from.Add(time.Duration(n) * time.Second), 1, "line " + strconv.Itoa(n+1)}
				if lines := ctr.load.lines; lines != nil {
					l.text = lines[n%len(lines)]
				}
				if n%3 == 2 {
					l.stream = 2
				}
				if !yield(l) {
					return
				}
			}
		}
	}
}

func (e *Engine) logs(c *call) error {
	wanted := map[byte]bool{1: c.flag("stdout"), 2: c.flag("stderr")}
	if !wanted[1] && !wanted[2] {
		return fail(400, "Bad parameters: you must choose at least one stream")
	}
	since, err := logTime(c.query.Get("since"))
	if err != nil {
		return err
	}
	until, err := logTime(c.query.Get("until"))
	if err != nil {
		return err
	}
	e.mu.Lock()
	ctr, err := e.container(c.name)
	e.mu.Unlock()
	if err != nil {
		return err
	}
	mux := !ctr.config.Tty
	contentType := "application/vnd.docker.raw-stream"
	if mux && !c.before("1.42") {
		contentType = "application/vnd.docker.multiplexed-stream"
	}
	c.w.Header().Set("Content-Type", contentType)
	c.start()

	tail, err := strconv.Atoi(c.query.Get("tail"))
	if err != nil {
		tail = -1
	}
	var last time.Time
	for {
		e.mu.Lock()
		now := c.now()
		var list []line
		for l := range ctr.lines(now) {
			if l.time.After(last) && !l.time.Before(since) && (until.IsZero() || !l.time.After(until)) {
				list = append(list, l)
			}
		}
		running, changed := ctr.running(), e.changed
		e.mu.Unlock()
		if tail >= 0 {
			list = list[len(list)-min(tail, len(list)):]
			tail = -1
		}
		last = now
		for _, l := range list {
			if wanted[l.stream] {
				_, _ = c.w.Write(l.frame(c.flag("timestamps"), mux))
			}
		}
		c.flush()
		if !c.flag("follow") || !running || !until.IsZero() && now.After(until) {
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-changed:
		case <-c.r.Context().Done():
			return nil
		}
	}
}

// frame is the line as it goes over the wire: with a header of eight bytes
// that says which stream it is of, or raw as a terminal would show it.
func (l line) frame(timestamp, header bool) []byte {
	text := l.text + "\n"
	if timestamp {
		text = l.time.Format("2006-01-02T15:04:05.000000000Z07:00") + " " + text
	}
	if !header {
		return []byte(text)
	}
	return slices.Concat([]byte{l.stream, 0, 0, 0}, binary.BigEndian.AppendUint32(nil, uint32(len(text))), []byte(text))
}

// logTime reads a time in seconds since 1970; none, or 0, is the zero time.
func logTime(s string) (time.Time, error) {
	if s == "" || s == "0" {
		return time.Time{}, nil
	}
	sec, nsec, err := timetypes.ParseTimestamps(s, 0)
	if err != nil {
		return time.Time{}, err
	}
	return time.Unix(sec, nsec), nil
}
