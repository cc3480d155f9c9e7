package record

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// Members gives the keys and values of a compact object, and nothing of any other
// value.
func Members(v json.RawMessage) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		if len(v) == 0 || v[0] != '{' {
			return
		}
		for i := 1; v[i] != '}'; {
			n := Token(v[i:])
			key := Text(v[i : i+n])
			i += n + 1
			n = length(v[i:])
			if !yield(key, v[i:i+n]) {
				return
			}
			if i += n; v[i] == ',' {
				i++
			}
		}
	}
}

// Member gives the last value that a compact object has under a key, nil if it has
// none or is no object. Keys are matched byte for byte.
func Member(v json.RawMessage, key string) (found json.RawMessage) {
	for k, value := range Members(v) {
		if k == key {
			found = value
		}
	}
	return found
}

// Keys adds those of a compact object to the ones that there are.
func Keys(v json.RawMessage, all []string) []string {
	for key := range Members(v) {
		if !slices.Contains(all, key) {
			all = append(all, key)
		}
	}
	return all
}

// Elements gives the indices and values of a compact array, and nothing of any
// other value.
func Elements(v json.RawMessage) iter.Seq2[int, json.RawMessage] {
	return func(yield func(int, json.RawMessage) bool) {
		if len(v) == 0 || v[0] != '[' {
			return
		}
		for i, count := 1, 0; v[i] != ']'; count++ {
			n := length(v[i:])
			if !yield(count, v[i:i+n]) {
				return
			}
			if i += n; v[i] == ',' {
				i++
			}
		}
	}
}

// length is that of the compact value that v begins with.
func length(v []byte) int {
	for i, depth := 0, 0; ; {
		switch v[i] {
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':':
			i++
		default:
			i += Token(v[i:])
		}
		if depth == 0 {
			return i
		}
	}
}

// At finds what a dotted path leads to, nil if there is nothing. Keys may have
// dots themselves, as labels do: the longest one that fits is taken.
func At(v json.RawMessage, path string) (found json.RawMessage) {
	rest := ""
	switch v[0] {
	case '{':
		for key, value := range Members(v) {
			if after, ok := strings.CutPrefix(path, key); ok && (after == "" || after[0] == '.') && (found == nil || len(after) <= len(rest)) {
				found, rest = value, after
			}
		}
	case '[':
		index, after, _ := strings.Cut(path, ".")
		n, err := strconv.Atoi(index)
		for i, value := range Elements(v) {
			if err == nil && i == n {
				found = value
				if after != "" {
					rest = "." + after
				}
			}
		}
	}
	if found == nil || rest == "" {
		return found
	}
	return At(found, rest[1:])
}

// Token is the length of the string, number or literal that v begins with.
func Token(v []byte) int {
	if v[0] == '"' {
		for i := 1; ; i++ {
			switch v[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
	}
	for i, c := range v {
		if c == ',' || c == ']' || c == '}' {
			return i
		}
	}
	return len(v)
}

// Text is what a string says, nothing for null, and any other value as JSON.
func Text(v json.RawMessage) string {
	switch {
	case len(v) == 0 || v[0] == 'n':
		return ""
	case v[0] != '"':
		return string(v)
	}
	s := string(v[1 : len(v)-1])
	if strings.IndexByte(s, '\\') >= 0 {
		json.Unmarshal(v, &s) // valid as it is: cannot fail
	}
	return s
}

// Encode is v as JSON with the shortest escapes.
func Encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
