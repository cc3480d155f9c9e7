package query

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/itchyny/gojq"

	"baleen/query/text"
)

// Vars are the variables that a filter is given, in the order of the command line.
// As in jq, the first one of a name is the one that counts.
type Vars struct {
	names      []string
	values     []any
	positional []any
}

// written is JSON text, of which each program makes values of its own.
type written []byte

// types gives those of the variables that q does not bind itself.
func (v *Vars) types(q *gojq.Query) types {
	of := types{}
	for i, value := range v.values {
		switch value := value.(type) {
		case string:
			of[v.names[i]] = "_is_string"
		case written:
			if value[0] == '"' {
				of[v.names[i]] = "_is_string"
			} else if value[0] == '-' || '0' <= value[0] && value[0] <= '9' {
				of[v.names[i]] = "_is_number"
			}
		}
	}
	walk(reflect.ValueOf(q), func(node any) {
		switch n := node.(type) {
		case *gojq.Pattern:
			delete(of, n.Name)
		case *gojq.PatternObject:
			delete(of, n.Key)
		case *gojq.FuncDef:
			for _, name := range n.Args {
				delete(of, name)
			}
		}
	})
	return of
}

// Arg adds the string value as $name.
func (v *Vars) Arg(name, value string) error {
	return v.add("--arg", name, value)
}

// ArgJSON adds the one JSON value that text holds as $name.
func (v *Vars) ArgJSON(name, text string) error {
	value, err := valueText([]byte(text))
	if err != nil {
		return fmt.Errorf("--argjson %s: %w", printable(name), err)
	}
	return v.add("--argjson", name, value)
}

// SlurpFile adds an array of the JSON values in a file as $name.
func (v *Vars) SlurpFile(name, file string) error {
	values, err := slurp(file)
	if err != nil {
		return fmt.Errorf("--slurpfile %s: %w", printable(name), err)
	}
	return v.add("--slurpfile", name, values)
}

// RawFile adds the text of a file as $name.
func (v *Vars) RawFile(name, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("--rawfile %s: %w", printable(name), err)
	}
	return v.add("--rawfile", name, strings.ToValidUTF8(string(text), "\ufffd"))
}

func (v *Vars) add(flag, name string, value any) error {
	if !isName(name) {
		return fmt.Errorf("%s %s: a variable's name has letters, digits and _ only, and no digit first", flag, printable(name))
	}
	if !slices.Contains(v.names, "$"+name) {
		v.names = append(v.names, "$"+name)
		v.values = append(v.values, value)
	}
	return nil
}

// Positional adds a word to $ARGS.positional.
func (v *Vars) Positional(word string) { v.positional = append(v.positional, word) }

// PositionalJSON adds the JSON value that a word holds.
func (v *Vars) PositionalJSON(word string) error {
	value, err := valueText([]byte(word))
	if err != nil {
		return fmt.Errorf("--jsonargs: %s: %w", printable(word), err)
	}
	v.positional = append(v.positional, value)
	return nil
}

// bind gives the names and values of all variables, $ARGS among them, and notes the
// order of keys.
func (v *Vars) bind(o *text.Orders) (names []string, values []any) {
	d := text.Decoder{Orders: o}
	read := func(all []any) []any {
		values := make([]any, len(all))
		for i, value := range all {
			if text, ok := value.(written); ok {
				value = d.Decode(string(text))
			}
			values[i] = value
		}
		return values
	}
	values = read(v.values)
	named := map[string]any{}
	var order []string
	for i, name := range v.names {
		named[name[1:]] = values[i]
		order = append(order, name[1:])
	}
	args := map[string]any{"named": named, "positional": read(v.positional)}
	o.Set(named, order)
	o.Set(args, []string{"positional", "named"})
	return append(slices.Clip(v.names), "$ARGS"), append(values, args)
}

func isName(name string) bool {
	for i := range len(name) {
		if !isWord(name[i]) {
			return false
		}
	}
	return name != "" && (name[0] < '0' || name[0] > '9')
}

// isWord reports whether c may be part of a jq name.
func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

func slurp(file string) (written, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all := written{'['}
	for dec := json.NewDecoder(f); ; {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err == io.EOF {
			return append(all, ']'), nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		value, err := valueText(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if len(all) > 1 {
			all = append(all, ',')
		}
		all = append(all, value...)
	}
}

// valueText checks that a text is one JSON value.
func valueText(value []byte) (written, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, bytes.ToValidUTF8(value, []byte("\ufffd"))); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
