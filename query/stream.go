package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"unsafe"
	"weak"

	"github.com/itchyny/gojq"

	"baleen/query/text"
)

// A stream is the state of one run of a program.
type stream struct {
	next     func() (json.RawMessage, error, bool)
	yield    func(json.RawMessage, error) bool
	slurp    bool
	sortKeys bool
	whole    bool              // outputs wait until the filter is through with their record
	batch    []json.RawMessage // those that do
	net      *net              // nil for none

	need     *text.Need // what the filter can see of a record; nil for all
	cut      *text.Cut  // what to pick from the results; nil for all of them
	pruned   []byte
	orders   *text.Orders
	decoder  text.Decoder
	count    int               // of the records read
	current  item              // what the filter runs on
	held     bool              // the text of current is no longer the input's
	number   int               // of current among the records read
	kept     map[handle]string // the raw text of other records that the filter may hold
	keepMax  int               // how many of them to keep before those that it dropped are looked for
	all      identity          // of the array of all records, if they were slurped
	out      []byte
	slurped  bool // all records were read
	failures failures
	failed   bool // a fatal error stood among the records
	stopped  bool // the consumer wants no more
}

// An item is a record\'s value together with the text that it was decoded from.
type item struct {
	value any
	id    identity
	raw   []byte // the input's own, which overwrites it when the next record is read
}

// identity tells a value from all others, equal ones included. Numbers, booleans,
// null and empty values have none: theirs is 0.
type identity struct {
	place  unsafe.Pointer // no uintptr: the value has to stay alive
	length int
}

// A handle stands for an identity and lets go of its value.
type handle struct {
	place  weak.Pointer[byte]
	length int
}

func (id identity) handle() handle {
	return handle{weak.Make((*byte)(id.place)), id.length}
}

func identify(v any) identity {
	switch v.(type) {
	case string, []any, map[string]any:
		if v := reflect.ValueOf(v); v.Len() > 0 {
			return identity{v.UnsafePointer(), v.Len()}
		}
	}
	return identity{}
}

// newStream makes that of a run.
func newStream(p *Program, next func() (json.RawMessage, error, bool), yield func(json.RawMessage, error) bool) *stream {
	return &stream{
		next: next, yield: yield, need: p.need, cut: p.cut, orders: p.orders, decoder: text.Decoder{Orders: p.orders},
		slurp: p.options.Slurp, sortKeys: p.options.SortKeys, whole: p.options.Whole, net: p.net, failures: failures{hint: p.hint},
	}
}

// run passes on what one run of gojq gives. It reports whether that run ended
// by an error, so that there may be records left for another.
func (s *stream) run(results gojq.Iter) bool {
	for !s.stopped {
		v, ok := results.Next()
		if !ok {
			s.release()
		}
		if !ok || s.stopped {
			return false
		}
		err, failed := v.(error)
		var halt *gojq.HaltError
		switch {
		case errors.As(err, &halt):
			if halt.ExitCode() == 0 {
				s.release()
			}
			s.emit(nil, s.newHaltError(halt))
			return false
		case failed:
			s.batch = nil
			s.emit(nil, s.newRecordError(err))
			return true
		}
		if s.cut != nil {
			var raw []byte
			if id := identify(v); id == s.current.id && id.length > 0 {
				raw = s.current.raw
			}
			if !s.pick(raw, v) {
				return true
			}
			continue
		}
		s.out = s.append(s.out[:0], v)
		if s.orders.CutShort() {
			s.batch = nil
			s.emit(nil, s.newRecordError(tooDeep()))
			return true
		}
		s.result(s.out)
	}
	return false
}

// pick passes on what the cut makes of a record, or of a value that is none, and
// reports whether there was no error.
func (s *stream) pick(raw []byte, v any) (ok bool) {
	if raw != nil {
		if s.out, ok = s.cut.Append(s.out[:0], raw); ok {
			if len(s.out) > 0 {
				s.result(s.out)
			}
			return true
		}
		v = s.decoder.Decode(string(raw))
	}
	results := s.cut.Run(v)
	for v, more := results.Next(); more; v, more = results.Next() {
		if err, failed := v.(error); failed {
			s.batch = nil
			s.emit(nil, s.newRecordError(err))
			return false
		}
		if s.out = append(s.out[:0], raw...); !s.cut.Passes() {
			if m, ok := v.(map[string]any); ok && s.cut.Names() != nil {
				s.orders.Set(m, s.cut.Names())
			}
			s.out = s.orders.Append(s.out[:0], v)
		}
		s.result(s.out)
	}
	return true
}

func (s *stream) result(b []byte) {
	if s.whole {
		s.batch = append(s.batch, bytes.Clone(b))
	} else {
		s.emit(b, nil)
	}
}

// end tells of the failures that were not told of.
func (s *stream) end() {
	for _, err := range s.failures.rest() {
		s.stopped = s.stopped || !s.yield(nil, err)
	}
}

// release passes on the outputs of a record that the filter is through with.
func (s *stream) release() {
	if n := s.net; n != nil && n.acts && n.live && len(n.pending) > 0 && len(s.batch) > 0 {
		s.batch = nil
		s.emit(nil, s.newRecordError(n.missing()))
	}
	for _, b := range s.batch {
		if s.stopped {
			break
		}
		s.emit(b, nil)
	}
	s.batch = s.batch[:0]
}

func (s *stream) emit(b []byte, err error) {
	var e *RecordError
	if errors.As(err, &e) && !e.Fatal() && !s.failures.first(e) {
		return
	}
	s.stopped = s.stopped || !s.yield(b, err)
}

// record moves on to the record that the filter is to run on next.
func (s *stream) record() (any, bool) {
	if s.release(); s.stopped {
		return nil, false
	}
	s.current = item{}
	s.orders.Forget()
	clear(s.kept)
	var ok bool
	s.current, ok = s.read()
	s.held = false
	s.number = s.count
	return s.current.value, ok
}

// input reads a record for jq's input and inputs.
func (s *stream) input() (any, bool) {
	if s.net != nil && s.net.live { // what came before has no end to wait for
		s.release()
	}
	if !s.held {
		s.current.raw = bytes.Clone(s.current.raw)
		s.held = true
	}
	r, ok := s.read()
	if ok && !s.slurp {
		s.keep(r)
	}
	return r.value, ok
}

// keep notes the text of a record for as long as the filter holds it.
func (s *stream) keep(r item) {
	if _, isText := r.value.(string); isText || r.id.length == 0 {
		return // a string is part of its record's text, which would keep it for ever
	}
	if s.kept == nil {
		s.kept = map[handle]string{}
	}
	if len(s.kept) >= s.keepMax {
		maps.DeleteFunc(s.kept, func(h handle, _ string) bool { return h.place.Value() == nil })
		s.keepMax = 2*len(s.kept) + 64
	}
	s.kept[r.id.handle()] = string(r.raw)
}

func (s *stream) read() (item, bool) {
	if s.slurp {
		return s.readAll()
	}
	return s.readOne()
}

// readOne reads the next record, passing on the errors that stand before it.
func (s *stream) readOne() (item, bool) {
	for !s.stopped {
		raw, err, ok := s.next()
		if !ok {
			break
		}
		if err != nil {
			s.failed = s.failed || isFatal(err)
			s.emit(nil, err)
			continue
		}
		s.count++
		spelt := raw
		if s.need != nil {
			s.pruned, spelt = s.need.Prune(s.pruned, raw)
		}
		v := s.decoder.Decode(string(spelt))
		return item{v, identify(v), raw}, true
	}
	return item{}, false
}

// readAll reads an array of all records, unless one of them could not be had.
func (s *stream) readAll() (item, bool) {
	all := []any{}
	for r, ok := s.readOne(); ok; r, ok = s.readOne() {
		all = append(all, r.value)
		s.keep(r)
	}
	if s.slurped || s.failed || s.stopped {
		return item{}, false
	}
	s.slurped = true
	s.all = identify(all)
	return item{value: all}, true
}

func isFatal(err error) bool {
	var e interface{ Fatal() bool }
	return !errors.As(err, &e) || e.Fatal()
}

// append appends v as JSON: the text that it came as if it is a record, or the
// array of all of them, that the filter let pass.
func (s *stream) append(b []byte, v any) []byte {
	if id := identify(v); !s.sortKeys && id.length > 0 {
		if id == s.current.id {
			return append(b, s.current.raw...)
		}
		if _, isText := v.(string); !isText && len(s.kept) > 0 { // a string may lie where nothing can be weak
			if raw, ok := s.kept[id.handle()]; ok {
				return append(b, raw...)
			}
		}
		if id == s.all {
			b = append(b, '[')
			for i, v := range v.([]any) {
				if i > 0 {
					b = append(b, ',')
				}
				b = s.append(b, v)
			}
			return append(b, ']')
		}
	}
	if s.sortKeys {
		return s.orders.AppendSorted(b, v)
	}
	return s.orders.Append(b, v)
}
