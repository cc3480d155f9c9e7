package print

import (
	"baleen/sink"
	"baleen/source/record"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
)

func ndjson() Output {
	return Output{Name: "ndjson", Usage: "one result a line", JSON: true, New: func(p Page, f record.Flags) (encoder, error) {
		indent := ""
		if p.Document && p.Size != nil {
			indent = "  "
		}
		l, err := newLines(p, f, indent)
		if f.Bool("raw-output") {
			l.raw = true
		}
		if f.Bool("join-output") {
			l.raw, l.end = true, ""
		}
		if f.Bool("raw-output0") {
			l.raw, l.end = true, "\x00"
		}
		through := func(result json.RawMessage) (before, after string, ok bool) {
			if l.seq {
				before = "\x1e"
			}
			plain := l.f.colors == nil && !l.f.lines && !l.terminal && !l.ascii && len(l.columns) == 0
			return before, l.end, plain && !(l.raw && result[0] == '"')
		}
		return encoder{add: l.add, through: through}, err
	}}
}

func jsonArray() Output {
	return Output{Name: "json", Usage: "one array", JSON: true, New: func(p Page, f record.Flags) (encoder, error) {
		if f.Bool("raw-output") || f.Bool("join-output") || f.Bool("raw-output0") {
			return encoder{}, &record.UsageError{Message: "-o json does not go with -r, -j or --raw-output0"}
		}
		a, err := newLines(p, f, "  ")
		return encoder{add: a.element, end: a.bracket}, err
	}}
}

// lines lays results out as JSON, or strings as they are.
type lines struct {
	f        formatter
	columns  []string
	terminal bool
	raw      bool   // strings without quotes
	seq      bool   // a record separator before each
	ascii    bool   // other characters as escapes
	end      string // of each result
	count    int    // of the elements so far
	picked   []byte
}

func newLines(p Page, f record.Flags, indent string) (*lines, error) {
	l := &lines{columns: p.Columns, terminal: p.Size != nil, end: "\n", seq: f.Bool("seq"), ascii: f.Bool("ascii-output"), f: formatter{indent: indent, lines: indent != ""}}
	if f.IsSet("indent") {
		n := f.Int("indent")
		if n < 0 || n > 7 {
			return nil, &record.UsageError{Message: "--indent takes 0 to 7"}
		}
		l.f.indent, l.f.lines = "       "[:n], true
	}
	if f.Bool("tab") {
		l.f.indent, l.f.lines = "\t", true
	}
	if f.Bool("compact-output") {
		l.f.lines = false
	}
	if colored(l.terminal, f) {
		l.f.colors = parseColors(os.Getenv("JQ_COLORS"))
	}
	return l, nil
}

func (l *lines) add(dst []byte, result json.RawMessage) ([]byte, error) {
	if l.seq {
		dst = append(dst, '\x1e')
	}
	if l.raw && !l.ascii && result[0] == '"' {
		s := record.Text(result)
		if l.end == "\x00" && strings.IndexByte(s, 0) >= 0 {
			return dst, errors.New("--raw-output0: a string holds a NUL")
		}
		if l.terminal {
			s = sink.Visible(s, "\n\t")
		}
		dst = append(dst, s...)
	} else {
		dst = l.f.append(dst, l.value(result), false)
	}
	return append(dst, l.end...), nil
}

func (l *lines) element(dst []byte, result json.RawMessage) ([]byte, error) {
	dst = append(dst, l.f.between(l.count)...)
	l.count++
	return l.f.append(dst, l.value(result), true), nil
}

func (l *lines) bracket(dst []byte) []byte {
	if l.count == 0 {
		return append(dst, "[]\n"...)
	}
	return append(dst, "\n]\n"...)
}

// value is the result, or of an object the columns that were asked for.
func (l *lines) value(result json.RawMessage) json.RawMessage {
	if len(l.columns) > 0 && result[0] == '{' {
		l.picked = pick(l.picked[:0], result, l.columns)
		result = l.picked
	}
	if l.ascii {
		return escape(result, func(r rune) bool { return r > '~' })
	}
	if l.terminal {
		result = escape(result, sink.Invisible)
	}
	return result
}

// pick adds an object of the values that columns lead to.
func pick(dst []byte, result json.RawMessage, columns []string) []byte {
	for i, c := range columns {
		dst = append(dst, "{,"[min(i, 1)])
		key, _ := record.Encode(c) // a string: cannot fail
		dst = append(append(dst, key...), ':')
		if v := record.At(result, c); v != nil {
			dst = append(dst, v...)
		} else {
			dst = append(dst, "null"...)
		}
	}
	return append(dst, '}')
}

// escape escapes characters of a JSON value beyond those that JSON has to.
func escape(v json.RawMessage, dangerous func(rune) bool) json.RawMessage {
	if !bytes.ContainsFunc(v, dangerous) {
		return v
	}
	var b []byte
	for _, r := range string(v) {
		if dangerous(r) {
			b = sink.AppendEscape(b, r)
		} else {
			b = append(b, string(r)...)
		}
	}
	return b
}
