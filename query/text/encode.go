package text

import (
	"encoding/json"
	"strconv"

	"github.com/itchyny/gojq"
)

// MaxDepth is how deep values may be, as in jq.
const MaxDepth = 10000

// Append appends v to b as compact JSON, as gojq.Marshal spells it but for the
// order of keys, without its allocations.
//
// What lies deeper than MaxDepth is left out.
func (o *Orders) Append(b []byte, v any) []byte { return o.append(b, v, 0) }

// AppendSorted is Append with all keys in ascending order.
func (o *Orders) AppendSorted(b []byte, v any) []byte {
	o.sort = true
	b = o.append(b, v, 0)
	o.sort = false
	return b
}

func (o *Orders) append(b []byte, v any, depth int) []byte {
	if depth > MaxDepth {
		if o != nil {
			o.cutShort = true
		}
		return append(b, `"<skipped: too deep>"`...)
	}
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case json.Number:
		return append(b, v...)
	case string:
		return appendString(b, v)
	case []any:
		b = append(b, '[')
		for i, v := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = o.append(b, v, depth+1)
		}
		return append(b, ']')
	case map[string]any:
		var few [16]string
		b = append(b, '{')
		for i, key := range o.keys(v, few[:0]) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, key), ':')
			b = o.append(b, v[key], depth+1)
		}
		return append(b, '}')
	default:
		return appendMarshaled(b, v)
	}
}

// Append is Orders.Append where no order is known.
func Append(b []byte, v any) []byte { return (*Orders)(nil).Append(b, v) }

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendMarshaled(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendMarshaled(b []byte, v any) []byte {
	text, _ := gojq.Marshal(v) // its error is always nil
	return append(b, text...)
}
