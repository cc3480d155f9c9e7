package text

import (
	"bytes"

	"github.com/itchyny/gojq"
)

// A Cut is the end of a filter that does no more than pick parts of a record that
// passes unchanged: .a.b or {a, b: .c.d}, by itself or after select(…). The parts
// are cut out of the record's text, without gojq, and so are whole records where
// all that is before are conditions which the text answers.
type Cut struct {
	conditions []condition // all have to hold
	fields     []field     // of an object, by name; or one without a name; none for the record itself
	firsts     []string    // of the keys of each field
	values     [][]byte    // of these, in the record at hand
	names      []string
	code       *gojq.Code // the same for gojq, which has to say what fails
}

type field struct {
	name   []byte   // quoted, with the colon; nil if the value stands by itself
	keys   []string // the same
	called string   // name as it is
}

// NewCut splits such an end off a filter; it is nil if there is none.
func NewCut(q *gojq.Query) (*gojq.Query, *Cut) {
	if q.FuncDefs != nil || q.Imports != nil {
		return q, nil
	}
	steps := pipeline(q)
	at := len(steps) - 1
	c := &Cut{fields: objectFields(steps[at])}
	if c.fields == nil {
		var keys []string
		for at = len(steps); at > 0; at-- {
			step := pathKeys(steps[at-1])
			if step == nil {
				break
			}
			keys = append(step, keys...)
		}
		if keys != nil {
			c.fields = []field{{keys: keys}}
		}
	}
	for _, step := range steps[:at] {
		t := step.Term
		if t == nil || step.FuncDefs != nil || t.Type != gojq.TermTypeFunc || t.Func.Name != "select" || len(t.Func.Args) != 1 || t.SuffixList != nil {
			return q, nil
		}
		if holds := newCondition(t.Func.Args[0]); holds != nil {
			c.conditions = append(c.conditions, holds)
		}
	}
	if len(c.conditions) == at {
		at = 0
	} else if c.conditions = nil; c.fields == nil {
		return q, nil
	}
	code, err := gojq.Compile(joined(steps[at:]))
	if err != nil {
		return q, nil
	}
	c.code, c.values = code, make([][]byte, len(c.fields))
	for _, f := range c.fields {
		c.firsts = append(c.firsts, f.keys[0])
		if f.name != nil {
			c.names = append(c.names, f.called)
		}
	}
	left := joined(steps[:at])
	left.Meta = q.Meta
	return left, c
}

// pipeline gives the parts of f | g | h.
func pipeline(q *gojq.Query) []*gojq.Query {
	if q.Op != gojq.OpPipe || q.Patterns != nil || q.FuncDefs != nil {
		return []*gojq.Query{q}
	}
	return append(pipeline(q.Left), pipeline(q.Right)...)
}

func joined(steps []*gojq.Query) *gojq.Query {
	switch len(steps) {
	case 0:
		return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeIdentity}}
	case 1:
		return steps[0]
	}
	return &gojq.Query{Left: steps[0], Op: gojq.OpPipe, Right: joined(steps[1:])}
}

// objectFields gives those of {a, b: .c.d} as they are written, nil for other filters.
func objectFields(q *gojq.Query) (fields []field) {
	t := q.Term
	if t == nil || t.Type != gojq.TermTypeObject || t.SuffixList != nil || q.FuncDefs != nil {
		return nil
	}
	of := map[string]bool{}
	for _, kv := range t.Object.KeyVals {
		name := kv.Key
		if kv.KeyString != nil && kv.KeyString.Queries == nil {
			name = kv.KeyString.Str
		}
		keys := []string{quotedKey(name)}
		if kv.Val != nil {
			keys = pathKeys(kv.Val)
		}
		if name == "" || name[0] == '$' && kv.KeyString == nil || keys == nil || of[name] {
			return nil
		}
		of[name] = true
		fields = append(fields, field{append(Append(nil, name), ':'), keys, name})
	}
	return fields
}

// quotedKey is how a key stands in a record.
func quotedKey(name string) string { return `"` + name + `":` }

// pathKeys gives "a": and "b": of .a.b, nil for other filters.
func pathKeys(q *gojq.Query) (keys []string) {
	t := q.Term
	if t == nil || t.Type != gojq.TermTypeIndex || q.FuncDefs != nil {
		return nil
	}
	indices := []*gojq.Index{t.Index}
	for _, s := range t.SuffixList {
		indices = append(indices, s.Index)
	}
	for _, i := range indices {
		if i == nil || i.IsSlice { // or an iteration, or ?
			return nil
		}
		text := i.Str
		if s := i.Start; s != nil && s.Term != nil && s.Term.Type == gojq.TermTypeString && s.Term.SuffixList == nil {
			text = s.Term.Str
		}
		switch {
		case i.Name != "":
			keys = append(keys, quotedKey(i.Name))
		case text != nil && text.Queries == nil:
			keys = append(keys, quotedKey(text.Str))
		default:
			return nil
		}
	}
	return keys
}

// Append appends what there is in raw, which may be nothing. It is false where
// gojq has to say that.
func (c *Cut) Append(dst, raw []byte) ([]byte, bool) {
	for _, condition := range c.conditions {
		if holds, ok := condition(raw); !ok || !holds {
			return dst, ok
		}
	}
	if c.fields == nil {
		return append(dst, raw...), true
	}
	if !members(raw, c.firsts, c.values) {
		return dst, false
	}
	for i, f := range c.fields {
		v, ok := follow(c.values[i], f.keys[1:])
		switch {
		case !ok:
			return dst, false
		case f.name == nil:
			return append(dst, v...), true
		}
		dst = append(append(dst, "{,"[min(i, 1)]), f.name...)
		dst = append(dst, v...)
	}
	return append(dst, '}'), true
}

// Run gives what gojq makes of a value, which has to say what fails.
func (c *Cut) Run(v any) gojq.Iter { return c.code.Run(v) }

// Names are the keys of the object that it makes, in their order.
func (c *Cut) Names() []string { return c.names }

// Passes is whether what it picks is the record itself.
func (c *Cut) Passes() bool { return c.fields == nil }

// follow returns what keys lead to in raw.
func follow(raw []byte, keys []string) (value []byte, ok bool) {
	for i := range keys {
		var v [1][]byte
		if !members(raw, keys[i:i+1], v[:]) {
			return nil, false
		}
		raw = v[0]
	}
	return raw, true
}

// members finds what an object has at keys, or null; null has nothing. It is false
// for other values, and where a key is spelt with escapes.
func members(raw []byte, keys []string, values [][]byte) bool {
	for k := range values {
		values[k] = []byte("null")
	}
	if raw[0] != '{' {
		return raw[0] == 'n'
	}
	left := len(keys)
	for i := 1; raw[i] != '}'; {
		start := i
		from := skipString(raw, i) + 1
		key := raw[start:from]
		if bytes.IndexByte(key, '\\') >= 0 {
			return false
		}
		i = skip(raw, from)
		for k := range keys {
			if keys[k] == string(key) {
				values[k] = raw[from:i]
				left--
			}
		}
		if left == 0 {
			if left--; !again(raw[i:], keys) {
				break
			}
		}
		if raw[i] == ',' {
			i++
		}
	}
	return true
}

// again reports whether the rest of an object may have one of keys again, which
// then counts.
func again(rest []byte, keys []string) bool {
	for _, key := range keys {
		tail := []byte(key[1:]) // what a search begins with has to be rare, and quotes are not
		for left := rest; ; {
			i := bytes.Index(left, tail)
			if i < 0 {
				break
			}
			if i > 0 && left[i-1] == '"' {
				return true
			}
			left = left[i+1:]
		}
	}
	return bytes.IndexByte(rest, '\\') >= 0
}
