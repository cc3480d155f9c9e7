package query

import (
	"baleen/source/record"
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"
)

// kindOf tells a record's kind, and the id or name by which the Engine knows it.
// A string names something of the kind that is given.
func kindOf(v any, kind string) (of, id string) {
	if name, ok := v.(string); ok {
		return kind, name
	}
	m, _ := v.(map[string]any)
	is, err := record.IdentifyValue(m)
	if err != nil {
		return "", ""
	}
	return is.Kind, cmp.Or(is.ID, is.Name)
}

// pathOf is where the Engine has the full record of v; "" if that is not known.
func pathOf(v any, kind string) string {
	kind, id := kindOf(v, kind)
	id = strings.TrimPrefix(id, "/")
	if strings.Trim(id, ".") == "" {
		return ""
	}
	switch kind {
	case "image":
		return "/images/" + strings.ReplaceAll(url.PathEscape(id), "%2F", "/") + "/json"
	case "container":
		return "/containers/" + url.PathEscape(id) + "/json"
	case "volume", "network":
		return "/" + kind + "s/" + url.PathEscape(id)
	}
	return ""
}

func (p *Program) inspect(v any, _ []any) any {
	q := p.questions
	path := pathOf(v, q.options.Kind)
	if path == "" {
		return cannot("inspect", "tell which container, image, volume or network is meant by", v)
	}
	if q.options.Engine.Get == nil {
		return q.fail(errNoEngine)
	}
	record, err := q.ahead.inspect(q, path)
	if err != nil {
		return q.failed("inspect", err)
	}
	return record
}

// A lookahead asks for the full records of what comes next as long as the filter
// asks for that of each record: then several requests are under way at once,
// while one that asks for few of them makes few in vain.
type lookahead struct {
	under  map[string]*full // the requests made, by path
	coming []string         // the paths of the records that come next; of all, if they are slurped
	places map[string]int   // in coming, if they are slurped
	latest int              // the number of the latest record that the filter asked for
	window int              // how many records to look ahead
}

const maxWindow = 16

// A full record, or one that is being asked for.
type full struct {
	done  chan struct{}
	raw   json.RawMessage
	err   error
	at    time.Time // when it came
	value any
}

func (l *lookahead) inspect(q *questions, path string) (any, error) {
	number, coming := q.count(), l.coming
	if q.options.Slurp {
		number = l.places[path]
		coming = coming[number:]
	} else if number != l.latest {
		l.forget(q, path)
	}
	switch number {
	case l.latest:
	case l.latest + 1:
		l.window = min(2*l.window+1, maxWindow)
	default:
		l.window = 0
	}
	l.latest = number
	f := l.ask(q, path)
	for _, next := range coming[:min(l.window, len(coming))] {
		if next != "" {
			l.ask(q, next)
		}
	}
	select {
	case <-f.done:
	default:
		q.options.Engine.Wait()
		<-f.done
	}
	if f.err == nil && f.value == nil {
		f.value = q.decode(f.raw)
	}
	return f.value, f.err
}

// forget drops the records that have passed, and what is too old for the next one.
func (l *lookahead) forget(q *questions, current string) {
	for path, f := range l.under {
		if q.options.Live && f.old() || path != current && !slices.Contains(l.coming, path) {
			delete(l.under, path)
		}
	}
}

// old is false while the answer is still to come, however long that takes.
func (f *full) old() bool {
	select {
	case <-f.done:
		return time.Since(f.at) >= liveAge
	default:
		return false
	}
}

func (l *lookahead) ask(q *questions, path string) *full {
	f := l.under[path]
	if f == nil {
		f = &full{done: make(chan struct{}), err: fmt.Errorf("GET %s: the answer was empty", path)}
		l.under[path] = f
		go func() {
			defer close(f.done)
			for raw, err := range q.options.Engine.Get(path) {
				f.raw, f.err, f.at = slices.Clone(raw), err, time.Now()
				return
			}
		}()
	}
	return f
}

// records passes records on as they come, and notes those that have come already.
func (l *lookahead) records(q *questions, records iter.Seq2[json.RawMessage, error]) iter.Seq2[json.RawMessage, error] {
	if q.options.Slurp {
		return l.notes(q, records)
	}
	type item struct {
		raw json.RawMessage
		err error
	}
	return func(yield func(json.RawMessage, error) bool) {
		read, quit := make(chan item, maxWindow), make(chan struct{})
		defer close(quit)
		go func() {
			defer close(read)
			for raw, err := range records {
				select {
				case read <- item{slices.Clone(raw), err}:
				case <-quit:
					return
				}
			}
		}()
		var queue []item
		ended := false
		take := func(i item, ok bool) {
			if ended = !ok; ended {
				return
			}
			path := ""
			if i.err == nil {
				path = pathOf(q.decoder.Decode(string(i.raw)), q.options.Kind)
			}
			queue, l.coming = append(queue, i), append(l.coming, path)
		}
		for {
			for here := true; here && !ended && len(queue) <= maxWindow; {
				select {
				case i, ok := <-read:
					take(i, ok)
				default:
					here = false
				}
			}
			if len(queue) == 0 && !ended {
				q.options.Engine.Wait()
				i, ok := <-read
				take(i, ok)
			}
			if len(queue) == 0 {
				return
			}
			i := queue[0]
			queue, l.coming = queue[1:], l.coming[1:]
			if !yield(i.raw, i.err) {
				return
			}
		}
	}
}

// notes passes all records on and notes where they are.
func (l *lookahead) notes(q *questions, records iter.Seq2[json.RawMessage, error]) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for raw, err := range records {
			if err == nil {
				path := pathOf(q.decoder.Decode(string(raw)), q.options.Kind)
				l.coming = append(l.coming, path)
				l.places[path] = len(l.coming)
			}
			if !yield(raw, err) {
				return
			}
		}
	}
}
