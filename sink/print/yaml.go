package print

import (
	"baleen/sink"
	"baleen/source/record"
	"encoding/json"
	"regexp"
	"strings"
)

func yaml() Output {
	return Output{Name: "yaml", Usage: "one document a result", New: func(p Page, f record.Flags) (encoder, error) {
		y := &yamlWriter{plain: regexp.MustCompile(`^[A-Za-z_/][A-Za-z0-9_./@+-]*(?:[ :=][A-Za-z0-9_./@+-]+)*$`)}
		begun := false
		return encoder{add: func(dst []byte, result json.RawMessage) ([]byte, error) {
			if begun {
				dst = append(dst, "---\n"...)
			}
			begun = true
			if len(p.Columns) > 0 && result[0] == '{' {
				result = pick(nil, result, p.Columns)
			}
			return y.value(dst, result, "", false), nil
		}}, nil
	}}
}

// yamlWriter writes YAML. JSON is YAML, so that numbers stay digit for digit,
// and strings that YAML could take for something else stay in quotes.
type yamlWriter struct{ plain *regexp.Regexp }

// value adds v, where inline says that its first line has begun.
func (y *yamlWriter) value(dst []byte, v json.RawMessage, indent string, inline bool) []byte {
	first := inline
	lead := func() {
		if !first {
			dst = append(dst, indent...)
		}
		first = false
	}
	switch {
	case v[0] == '{' && v[1] != '}':
		for key, member := range record.Members(v) {
			lead()
			quoted, _ := record.Encode(key) // a string: cannot fail
			dst = append(append(dst, y.scalar(quoted)...), ':')
			if (member[0] == '{' || member[0] == '[') && member[1] != member[0]+2 {
				dst = y.value(append(dst, '\n'), member, indent+"  ", false)
			} else {
				dst = y.value(append(dst, ' '), member, "", true)
			}
		}
	case v[0] == '[' && v[1] != ']':
		for _, element := range record.Elements(v) {
			lead()
			dst = y.value(append(dst, "- "...), element, indent+"  ", true)
		}
	default:
		lead()
		dst = append(append(dst, y.scalar(v)...), '\n')
	}
	return dst
}

// scalar is a string without its quotes where no YAML reader could mistake it.
func (y *yamlWriter) scalar(v json.RawMessage) string {
	if v[0] != '"' {
		return string(v)
	}
	s := string(v[1 : len(v)-1])
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
	default:
		if y.plain.MatchString(s) {
			return s
		}
	}
	return string(escape(v, func(r rune) bool {
		return sink.Invisible(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r == '\ufffe' || r == '\uffff'
	}))
}
