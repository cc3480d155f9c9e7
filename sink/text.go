package sink

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// members gives the keys and values of a compact object.
func members(v json.RawMessage) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		for i := 1; v[i] != '}'; {
			n := token(v[i:])
			key := text(v[i : i+n])
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

// keys adds those of a compact object to the ones that there are.
func keys(v json.RawMessage, all []string) []string {
	for key := range members(v) {
		if !slices.Contains(all, key) {
			all = append(all, key)
		}
	}
	return all
}

// elements gives the indices and values of a compact array.
func elements(v json.RawMessage) iter.Seq2[int, json.RawMessage] {
	return func(yield func(int, json.RawMessage) bool) {
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
			i += token(v[i:])
		}
		if depth == 0 {
			return i
		}
	}
}

// at finds what a dotted path leads to, nil if there is nothing. Keys may have
// dots themselves, as labels do: the longest one that fits is taken.
func at(v json.RawMessage, path string) (found json.RawMessage) {
	rest := ""
	switch v[0] {
	case '{':
		for key, value := range members(v) {
			if after, ok := strings.CutPrefix(path, key); ok && (after == "" || after[0] == '.') && (found == nil || len(after) <= len(rest)) {
				found, rest = value, after
			}
		}
	case '[':
		index, after, _ := strings.Cut(path, ".")
		n, err := strconv.Atoi(index)
		for i, value := range elements(v) {
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
	return at(found, rest[1:])
}

// encode is v as JSON with the shortest escapes.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// text is what a string says, nothing for null, and any other value as JSON.
func text(v json.RawMessage) string {
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

// invisible are the characters that could steer a terminal.
func invisible(r rune) bool {
	return r < ' ' || r == '\x7f' || r >= '\u0080' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r))
}

// visible writes out the characters that could steer a terminal, but for those
// in except: ^[ for an escape character, \u009b for its like beyond ASCII.
func visible(s, except string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, invisible) < 0 {
		return s
	}
	var b []byte
	for _, r := range s {
		switch {
		case !invisible(r) || strings.ContainsRune(except, r):
			b = utf8.AppendRune(b, r)
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r <= '\x7f':
			b = append(b, '^', byte(r)^'@')
		default:
			b = appendEscape(b, r)
		}
	}
	return string(b)
}

// appendEscape adds r as JSON escapes it. All that is invisible is below U+10000.
func appendEscape(b []byte, r rune) []byte { return fmt.Appendf(b, `\u%04x`, r) }

// grid makes rows of results. If the first one is an object, its keys are the
// columns, unless those were given. Without any, and for an array that they were
// not given for, each element is a cell, and any other value the only one.
type grid struct {
	columns []string
	stderr  io.Writer // nil once it was told of lost keys, or if they are not wanted
	given   bool
	begun   bool
}

func newGrid(p Page) grid {
	if p.Columns != nil {
		return grid{columns: p.Columns, given: true}
	}
	return grid{stderr: p.Stderr}
}

func (g *grid) row(result json.RawMessage) (cells []json.RawMessage) {
	if result[0] == '{' && !g.begun && !g.given {
		g.columns = keys(result, nil)
	}
	g.begun = true
	switch {
	case len(g.columns) > 0 && (result[0] == '{' || result[0] == '[' && g.given):
		g.tell(result)
		for _, c := range g.columns {
			cells = append(cells, at(result, c))
		}
	case result[0] == '[':
		for _, v := range elements(result) {
			cells = append(cells, v)
		}
	default:
		cells = append(cells, result)
	}
	return cells
}

// tell says, once, which keys of an object are lost.
func (g *grid) tell(result json.RawMessage) {
	if g.stderr == nil {
		return
	}
	var lost []string
	for key, value := range members(result) {
		if !slices.Contains(g.columns, key) && text(value) != "" {
			lost = append(lost, strconv.Quote(key))
		}
	}
	if lost != nil {
		fmt.Fprintf(g.stderr, "baleen: no column shows %s of a record; --columns picks columns\n", strings.Join(lost, ", "))
		g.stderr = nil
	}
}
