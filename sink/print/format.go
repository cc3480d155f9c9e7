package print

import (
	"baleen/source/record"
	"strings"
)

// formatter lays compact JSON out over lines and in colour, byte for byte the
// same tokens.
type formatter struct {
	indent string  // of one level
	lines  bool    // a value takes several, even if nothing is indented
	colors *colors // nil for none
}

// colors are jq's: SGR parameters by kind of token.
type colors struct{ null, false, true, number, string, array, object, key string }

// parseColors reads jq's JQ_COLORS over jq 1.8's defaults:
// null:false:true:numbers:strings:arrays:objects:object keys.
func parseColors(s string) *colors {
	c := &colors{"0;90", "0;39", "0;39", "0;39", "0;32", "1;39", "1;39", "1;34"}
	fields := []*string{&c.null, &c.false, &c.true, &c.number, &c.string, &c.array, &c.object, &c.key}
	if s == "" {
		return c
	}
	for i, f := range strings.Split(s, ":") {
		if i == len(fields) || strings.Trim(f, "0123456789;") != "" {
			break
		}
		*fields[i] = f
	}
	return c
}

// between stands before the result that has count others before it in an array.
func (f *formatter) between(count int) string {
	switch {
	case count == 0 && !f.lines:
		return "["
	case count == 0:
		return "[\n" + f.indent
	case !f.lines:
		return ","
	default:
		return ",\n" + f.indent
	}
}

// append adds one value, an element of an array or on its own.
func (f *formatter) append(dst, v []byte, element bool) []byte {
	if !f.lines && f.colors == nil {
		return append(dst, v...)
	}
	var open []byte // the brackets that v is inside of
	depth := 0
	if element {
		depth = 1
	}
	line := func() {
		if !f.lines {
			return
		}
		dst = append(dst, '\n')
		for range depth + len(open) {
			dst = append(dst, f.indent...)
		}
	}
	key := false
	for i := 0; i < len(v); {
		switch c := v[i]; c {
		case '{', '[':
			i++
			if v[i] == c+2 { // an empty one stays on its line
				dst = f.paint(dst, f.bracket(c), string([]byte{c, v[i]}))
				i++
				continue
			}
			dst = f.paint(dst, f.bracket(c), string(c))
			open = append(open, c)
			line()
			key = c == '{'
		case '}', ']':
			i++
			c0 := open[len(open)-1]
			open = open[:len(open)-1]
			line()
			dst = f.paint(dst, f.bracket(c0), string(c))
		case ',':
			i++
			c0 := open[len(open)-1]
			dst = f.paint(dst, f.bracket(c0), ",")
			line()
			key = c0 == '{'
		case ':':
			i++
			dst = f.paint(dst, f.bracket('{'), ":")
			if f.lines {
				dst = append(dst, ' ')
			}
			key = false
		default:
			n := record.Token(v[i:])
			dst = f.paint(dst, f.scalar(c, key), string(v[i:i+n]))
			i += n
		}
	}
	return dst
}

func (f *formatter) bracket(c byte) string {
	if f.colors == nil {
		return ""
	}
	if c == '[' {
		return f.colors.array
	}
	return f.colors.object
}

func (f *formatter) scalar(c byte, key bool) string {
	switch {
	case f.colors == nil:
		return ""
	case key:
		return f.colors.key
	case c == '"':
		return f.colors.string
	case c == 'n':
		return f.colors.null
	case c == 't':
		return f.colors.true
	case c == 'f':
		return f.colors.false
	default:
		return f.colors.number
	}
}

func (f *formatter) paint(dst []byte, color, text string) []byte {
	if color == "" {
		return append(dst, text...)
	}
	dst = append(dst, "\x1b["...)
	dst = append(dst, color...)
	dst = append(dst, 'm')
	dst = append(dst, text...)
	return append(dst, "\x1b[0m"...)
}
