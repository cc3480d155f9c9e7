package print

import (
	"baleen/sink"
	"baleen/source/record"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// stale is how long a row or chart stays when new results come for others only.
const stale = 5 * time.Second

// latest holds what the newest results of each name made, in the order in which
// the names first came.
type latest[T any] []*renewed[T]

type renewed[T any] struct {
	name  string
	at    time.Time
	value T
}

// of finds what a name has, and notes that a result came.
func (l *latest[T]) of(name string) *T {
	i := slices.IndexFunc(*l, func(r *renewed[T]) bool { return r.name == name })
	if i < 0 {
		i = len(*l)
		*l = append(*l, &renewed[T]{name: name})
	}
	(*l)[i].at = time.Now()
	return &(*l)[i].value
}

// all drops the names of which nothing came for long, and gives the others.
func (l *latest[T]) all() iter.Seq2[string, *T] {
	var newest time.Time
	for _, r := range *l {
		if r.at.After(newest) {
			newest = r.at
		}
	}
	*l = slices.DeleteFunc(*l, func(r *renewed[T]) bool { return newest.Sub(r.at) > stale })
	return func(yield func(string, *T) bool) {
		for _, r := range *l {
			if !yield(r.name, &r.value) {
				return
			}
		}
	}
}

// nameOf is what a result is renewed by: its name, or else what is given, and
// which of several Engines it is of.
func nameOf(result json.RawMessage, otherwise string) string {
	name := otherwise
	if result[0] == '{' {
		if n := record.At(result, "name"); n != nil {
			name = sink.Visible(record.Text(n), "")
		}
		if engine := record.At(result, "Engine"); engine != nil {
			name = strings.TrimSpace(name + "  " + sink.Visible(record.Text(engine), ""))
		}
	}
	return name
}

// screen is a terminal that is drawn anew from its first line on.
type screen struct {
	drawn bool
	quits bool // q ends it
}

// draw draws lines and below them what there is to say: how many more there are,
// the key that ends it, and a note if there is one.
func (s *screen) draw(dst []byte, lines []string, note string, columns, height int) []byte {
	if !s.drawn {
		if len(lines) == 0 {
			return dst
		}
		s.drawn = true
		dst = append(dst, "\x1b[2J"...)
	}
	dst = append(dst, "\x1b[H"...)
	var notes []string
	if s.quits {
		notes = append(notes, "q quits")
	}
	if note != "" {
		notes = append(notes, note)
	}
	room := max(height-1, 2) // the cursor stands below
	if len(lines) > room || notes != nil && len(lines) == room {
		notes = slices.Insert(notes, 0, fmt.Sprintf("… %d more", len(lines)-room+1))
		lines = lines[:room-1]
	}
	if notes != nil {
		lines = append(slices.Clip(lines), sink.Cut(strings.Join(notes, "; "), columns))
	}
	for _, line := range lines {
		dst = append(append(append(dst, "\x1b[K"...), line...), '\n')
	}
	return append(dst, "\x1b[J"...)
}
