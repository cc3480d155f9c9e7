package text

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/itchyny/gojq"
)

// Append appends v to b as compact JSON, byte for byte as gojq.Marshal
// spells it (object keys sorted), without its allocations.
func Append(b []byte, v any) []byte {
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
			b = Append(b, v)
		}
		return append(b, ']')
	case map[string]any:
		var few [16]string
		keys := few[:0]
		for key := range v {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		b = append(b, '{')
		for i, key := range keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, key), ':')
			b = Append(b, v[key])
		}
		return append(b, '}')
	default:
		return appendMarshaled(b, v)
	}
}

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
