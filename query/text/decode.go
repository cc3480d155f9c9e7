// Package text answers from the text of a JSON record what a filter asks of it, without gojq.
package text

import (
	"encoding/json"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A Decoder turns valid, compact JSON into the values that gojq works on.
// Its zero value is ready; one decoder serves many records in turn.
type Decoder struct {
	Orders *Orders // where the order of keys is noted; may be nil

	s    string
	i    int
	keys []string // of the objects under way
	vals []any    // of the objects and arrays under way
}

// Decode returns the value of s: map[string]any, []any, string, bool, nil, int
// for integers of up to 15 digits, json.Number for all other numbers (-0 included).
// Strings without escapes share the memory of s.
func (d *Decoder) Decode(s string) any {
	d.s, d.i = s, 0
	v := d.value()
	d.s = ""
	return v
}

func (d *Decoder) value() any {
	switch d.s[d.i] {
	case '{':
		return d.object()
	case '[':
		return d.array()
	case '"':
		return d.string()
	case 't':
		d.i += len("true")
		return true
	case 'f':
		d.i += len("false")
		return false
	case 'n':
		d.i += len("null")
		return nil
	default:
		return d.number()
	}
}

func (d *Decoder) object() any {
	keys, vals := len(d.keys), len(d.vals)
	d.i++
	for d.s[d.i] != '}' {
		if d.s[d.i] == ',' {
			d.i++
		}
		key := d.string()
		d.i++ // the colon
		v := d.value()
		d.keys = append(d.keys, key)
		d.vals = append(d.vals, v)
	}
	d.i++
	m := make(map[string]any, len(d.keys)-keys)
	if o := d.Orders; o != nil {
		s := o.root
		for i, key := range d.keys[keys:] {
			s = o.then(s, key)
			m[s.key] = d.vals[vals+i]
		}
		if (!s.rises || o.All) && len(m) > 1 {
			o.set(m, s)
		}
	} else {
		for i, key := range d.keys[keys:] {
			m[key] = d.vals[vals+i]
		}
	}
	clear(d.keys[keys:])
	clear(d.vals[vals:])
	d.keys, d.vals = d.keys[:keys], d.vals[:vals]
	return m
}

func (d *Decoder) array() any {
	vals := len(d.vals)
	d.i++
	for d.s[d.i] != ']' {
		if d.s[d.i] == ',' {
			d.i++
		}
		v := d.value()
		d.vals = append(d.vals, v)
	}
	d.i++
	a := make([]any, len(d.vals)-vals)
	copy(a, d.vals[vals:])
	clear(d.vals[vals:])
	d.vals = d.vals[:vals]
	return a
}

func (d *Decoder) number() any {
	start, n := d.i, 0
	if d.s[d.i] == '-' {
		d.i++
	}
	first := d.i
	for ; d.i < len(d.s); d.i++ {
		c := d.s[d.i] - '0'
		if c > 9 {
			break
		}
		n = n*10 + int(c)
	}
	digits, end := d.i-first, d.i
	for d.i < len(d.s) && strings.IndexByte("+-.0123456789Ee", d.s[d.i]) >= 0 {
		d.i++
	}
	negative := start < first
	if d.i > end || digits > 15 || negative && n == 0 {
		return json.Number(d.s[start:d.i])
	}
	if negative {
		n = -n
	}
	return n
}

func (d *Decoder) string() string {
	d.i++
	start := d.i
	n := strings.IndexByte(d.s[start:], '"')
	if strings.IndexByte(d.s[start:start+n], '\\') < 0 {
		d.i = start + n + 1
		return d.s[start : start+n]
	}
	var b []byte
	for {
		n := strings.IndexAny(d.s[d.i:], `"\`)
		b = append(b, d.s[d.i:d.i+n]...)
		d.i += n + 1
		if d.s[d.i-1] == '"' {
			return string(b)
		}
		b = d.escape(b)
	}
}

// escape appends the character whose escape stands, past its backslash, at d.i.
func (d *Decoder) escape(b []byte) []byte {
	c := d.s[d.i]
	d.i++
	switch c {
	case 'u':
		r := d.hex4()
		if utf16.IsSurrogate(r) {
			pair := utf8.RuneError
			if strings.HasPrefix(d.s[d.i:], `\u`) {
				d.i += 2
				if pair = utf16.DecodeRune(r, d.hex4()); pair == utf8.RuneError {
					d.i -= len(`\uXXXX`)
				}
			}
			r = pair
		}
		return utf8.AppendRune(b, r)
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	}
	return append(b, c)
}

func (d *Decoder) hex4() rune {
	var r rune
	for range 4 {
		c := rune(d.s[d.i]|0x20) - '0'
		if c > 9 {
			c -= 'a' - '0' - 10
		}
		r = r<<4 | c
		d.i++
	}
	return r
}
