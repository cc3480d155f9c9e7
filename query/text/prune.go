package text

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
)

// A Need is what a filter can see of a value. The zero Need is its kind only.
type Need struct {
	All  bool     // all there is to it
	keys []member // these members, if it is an object
	each *Need    // every element, if it is an array
}

type member struct {
	key string
	*Need
}

// Only needs what stands at some paths: a, a.b, or a[].b of each element of a.
func Only(paths ...string) *Need {
	top := &Need{}
	for _, path := range paths {
		n := top
		for step := range strings.SplitSeq(path, ".") {
			key, elements := strings.CutSuffix(step, "[]")
			next := n.member([]byte(key))
			if next == nil {
				next = &Need{}
				n.keys = append(n.keys, member{key, next})
			}
			if n = next; elements {
				if n.each == nil {
					n.each = &Need{}
				}
				n = n.each
			}
		}
		n.All = true
	}
	return top
}

// member returns what is needed of the members called key, nil for nothing.
func (n *Need) member(key []byte) *Need {
	for _, m := range n.keys {
		if m.key == string(key) {
			return m.Need
		}
	}
	return nil
}

// Prune returns the text of the value of raw without what is not needed, which
// may be raw itself, and buf, which it may have used for it, for the next time.
func (n *Need) Prune(buf, raw []byte) (again, text []byte) {
	if n.wants(raw[0]) {
		return buf, raw
	}
	if buf, _ = n.copy(buf[:0], raw, 0); len(buf) == len("{}") {
		return buf, raw // an empty value cannot be told from others
	}
	return buf, buf
}

// wants reports whether a value that begins with c is needed as it is. One that is
// not what the filter takes it for is: the message of the error shows it.
func (n *Need) wants(c byte) bool {
	return n.All || c != '{' && c != '[' || c == '{' && n.each != nil || c == '[' && n.keys != nil
}

// copy appends to dst what is needed of the value at raw[i:], and returns where that ends.
func (n *Need) copy(dst, raw []byte, i int) ([]byte, int) {
	if n.wants(raw[i]) {
		end := skip(raw, i)
		return append(dst, raw[i:end]...), end
	}
	if raw[i] == '[' && n.each == nil || raw[i] == '{' && n.keys == nil {
		return append(dst, raw[i], raw[i]+2), skip(raw, i) // in ASCII, ] is two after [ and } two after {
	}
	object := raw[i] == '{'
	dst = append(dst, raw[i])
	for i++; raw[i] != '}' && raw[i] != ']'; {
		start, of := i, n.each
		if object {
			i = skipString(raw, i)
			key := raw[start+1 : i-1]
			i++ // the colon
			if of = n.member(key); of == nil && bytes.IndexByte(key, '\\') >= 0 {
				of = &Need{All: true} // it may be spelt in another way
			}
		}
		if of == nil {
			i = skip(raw, i)
		} else {
			dst, i = of.copy(append(dst, raw[start:i]...), raw, i)
			dst = append(dst, ',')
		}
		if raw[i] == ',' {
			i++
		}
	}
	return append(bytes.TrimSuffix(dst, []byte(",")), raw[i]), i + 1
}

// skip returns where the value at raw[i:] ends.
func skip(raw []byte, i int) int {
	for depth := 0; ; {
		switch raw[i] {
		case '"':
			i = skipString(raw, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		default: // of a number or a literal, or what stands between values
			if depth > 0 {
				i = nextBracket(raw, i)
				continue
			}
			for i++; i < len(raw) && raw[i] != ',' && raw[i] != '}' && raw[i] != ']'; i++ {
			}
		}
		if depth == 0 {
			return i
		}
	}
}

func skipString(raw []byte, i int) int {
	for i++; ; i++ {
		i = nextQuote(raw, i)
		backslashes := 0
		for raw[i-1-backslashes] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return i + 1
		}
	}
}

const (
	ones = 0x0101010101010101
	high = 0x80 * ones
)

// nextQuote returns where the next quote is. Most strings are short: eight bytes
// at a time find their ends before bytes.IndexByte has begun.
func nextQuote(raw []byte, i int) int {
	for range 4 {
		if i+8 > len(raw) {
			break
		}
		x := binary.LittleEndian.Uint64(raw[i:]) ^ '"'*ones
		if m := (x - ones) &^ x & high; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
		i += 8
	}
	return i + bytes.IndexByte(raw[i:], '"')
}

// nextBracket returns where the next quote or bracket outside of strings may be,
// past i.
func nextBracket(raw []byte, i int) int {
	for i++; i+8 <= len(raw); i += 8 {
		x := binary.LittleEndian.Uint64(raw[i:])
		q := x ^ '"'*ones
		b := (x | 0x20*ones ^ '{'*ones) &^ (6 * ones) // 0 for { } [ ], for y and _, too, which stand in strings only
		if m := ((q-ones)&^q | (b-ones)&^b) & high; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	return i
}
