package query

import (
	"baleen/source/record"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/itchyny/gojq"

	"baleen/query/text"
)

// A Function is one of baleen's own, as its comment in the prelude has it.
type Function struct {
	Topic   string // naming, time, …
	Name    string // with its parameters: label(KEY)
	Gives   string // what it gives, one line
	More    string // units, errors, where a formula is from; may be ""
	Example string // a command line to paste
}

// is reports whether that is its name, with parameters or without.
func (f Function) is(name string) bool {
	bare, _, _ := strings.Cut(name, "(")
	own, _, _ := strings.Cut(f.Name, "(")
	return own == bare
}

// Functions lists baleen's own functions in the order of their topics.
func Functions() (all []Function) {
	topic := ""
	for entry := range strings.SplitSeq(prelude, "\n\n") {
		if heading, ok := strings.CutPrefix(entry, "## "); ok {
			topic = heading
			continue
		}
		comment, _, _ := strings.Cut(entry, "\ndef ")
		about, example, ok := strings.Cut(comment, "\n# example: ")
		if !ok {
			continue // for the use of others only
		}
		about, more, _ := strings.Cut(strings.TrimPrefix(about, "# "), "\n# ")
		name, gives, _ := strings.Cut(about, ": ")
		all = append(all, Function{topic, name, gives, strings.ReplaceAll(more, "\n# ", " "), example})
	}
	return all
}

// FunctionNames lists baleen's own functions without their parameters.
func FunctionNames() (names []string) {
	for _, f := range Functions() {
		name, _, _ := strings.Cut(f.Name, "(")
		names = append(names, name)
	}
	return slices.Compact(names)
}

// WriteFunctions writes what there is to know about baleen's own functions as a
// table; names, without parameters, choose some of them.
func WriteFunctions(w io.Writer, names ...string) error {
	functions := Functions()
	for _, name := range names {
		if !slices.ContainsFunc(functions, func(f Function) bool { return f.is(name) }) {
			return &record.UsageError{Message: fmt.Sprintf("no such function: %q\nbaleen functions lists baleen's own, jq's manual the others", name)}
		}
	}
	functions = slices.DeleteFunc(functions, func(f Function) bool {
		return len(names) > 0 && !slices.ContainsFunc(names, f.is)
	})
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	topic := ""
	for _, f := range functions {
		if f.Topic != topic {
			fmt.Fprintf(t, "%s:\n", f.Topic)
			topic = f.Topic
		}
		for i, line := range []string{f.Gives, f.More, f.Example} {
			if name := f.Name; line != "" {
				if i > 0 {
					name = ""
				}
				fmt.Fprintf(t, "  %s\t%s\n", name, line)
			}
		}
	}
	return t.Flush()
}

// A native is a function of the prelude's that is written in Go. Its error fails
// the filter on the record.
type native struct {
	name  string // which the prelude knows it by: _repo
	arity int
	reads []string // the keys of its input that it looks at, if that is an object; nil: maybe all
	call  func(v any, args []any) any
	each  func(v any, args []any) gojq.Iter // in place of call: gives any number of values
}

// natives lists the functions in Go for the programs that call them.
func natives(p *Program) []native {
	none := []string{}
	return []native{
		{name: "_name", reads: record.NameKeys(), call: name},
		{name: "_short_id", reads: []string{"Id", "ID", "id", "Actor"}, call: shortID},
		{name: "_repo", reads: []string{"RepoTags", "RepoDigests", "Config", "Image"}, call: repo},
		{name: "_tag", reads: []string{"RepoTags", "RepoDigests", "Config", "Image"}, call: tag},
		{name: "_duration", arity: 1, reads: none, call: duration},
		{name: "_timestamp", call: timestamp},
		{name: "_never", call: never},
		{name: "_bytes", arity: 1, reads: none, call: byteCount},
		{name: "_human_size", call: humanSize},
		{name: "_human_duration", call: humanDuration},
		{name: "_human_memory", call: humanMemory},
		{name: "_is_string", reads: none, call: p.mustBe("string", false, isString)},
		{name: "_is_number", reads: none, call: p.mustBe("number", false, isNumber)},
		{name: "_is_boolean", reads: none, call: p.mustBe("boolean", false, isBoolean)},
		{name: "_is_scalar", reads: none, call: p.mustBe("string or number", false, isScalar)},
		{name: "_is_string_or_null", reads: none, call: p.mustBe("string", true, isString)},
		{name: "_is_number_or_null", reads: none, call: p.mustBe("number", true, isNumber)},
		{name: "_is_boolean_or_null", reads: none, call: p.mustBe("boolean", true, isBoolean)},
		{name: "_is_scalar_or_null", reads: none, call: p.mustBe("string or number", true, isScalar)},
		{name: "_engine", reads: none, call: p.engineInfo},
		{name: "_get", arity: 1, reads: none, each: p.get},
		{name: "_inspect", reads: record.IdentityKeys(), call: p.inspect},
		{name: "_in_use", reads: usageKeys(), call: p.inUse},
		{name: "_used_by", reads: usageKeys(), each: p.usedBy},
		{name: "_image", reads: append([]string{"Image"}, record.IdentityKeys()...), call: p.image},
		{name: "_lasting_at", arity: 3, reads: append([]string{"timeNano", "time"}, record.IdentityKeys()...), call: p.lasting},
		{name: "_burst_at", arity: 3, reads: append([]string{"timeNano", "time"}, record.IdentityKeys()...), call: p.burst},
		{name: "_disk", arity: 1, reads: none, call: p.disk},
	}
}

func usageKeys() []string {
	return append([]string{"Containers", "Ingress", "ConfigOnly", "ClusterVolume"}, record.IdentityKeys()...)
}

// reads gives the keys that a native looks at.
func (p *Program) reads(name string, arity int) (keys []string, known bool) {
	for _, n := range natives(p) {
		if n.name == name && n.arity == arity {
			return n.reads, n.reads != nil
		}
	}
	return nil, false
}

// unspelt is the name of a native that no filter can spell, and so none defines.
func unspelt(name string) string { return "%" + name[1:] }

// options makes the natives that a filter uses known to gojq.
func (l *library) options(p *Program) (options []gojq.CompilerOption) {
	for _, n := range append(natives(p), p.objects()...) {
		switch {
		case !l.used[n.name]:
		case n.each != nil:
			options = append(options, gojq.WithIterFunction(n.name, n.arity, n.arity, n.each), gojq.WithIterFunction(unspelt(n.name), n.arity, n.arity, n.each))
		default:
			options = append(options, gojq.WithFunction(n.name, n.arity, n.arity, n.call), gojq.WithFunction(unspelt(n.name), n.arity, n.arity, n.call))
		}
	}
	return options
}

// number gives a value of jq's as a float64, if it is a number.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v)
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, true
	case interface{ Float64() (float64, error) }: // json.Number
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

// value gives f as jq's kind of number, a whole one as an integer.
func value(f float64) any {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int(f)
	}
	return f
}

// cannot says that a function does not understand a value, which it shows if it is small.
func cannot(function, do string, v any) error {
	switch v.(type) {
	case map[string]any:
		return fmt.Errorf("%s: cannot %s this object", function, do)
	case []any:
		return fmt.Errorf("%s: cannot %s an array", function, do)
	}
	shown := []rune(string(text.Append(nil, v)))
	if len(shown) > 60 {
		shown = append(shown[:59], '…')
	}
	return fmt.Errorf("%s: cannot %s %s", function, do, string(shown))
}
