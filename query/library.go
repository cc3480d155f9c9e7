package query

import (
	_ "embed"
	"errors"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// prelude holds baleen's own functions, each after those that it calls, with a
// blank line between. The comments are what [Functions] tells of them; those with
// an underscore are not for filters.
//
//go:embed prelude.jq
var prelude string

// builtins are functions of jq that gojq lacks, or has in another form.
const builtins = `
def input: _input;

def inputs: _inputs;

def ascii: [.] | implode;

def have_decnum: true;

def have_literal_numbers: true;

def _gojq_reverse: reverse;

def reverse: if . == null then [] else _gojq_reverse end;

def _gojq_split($text): split($text);

def toarray: if type == "array" then . else [.] end;

`

// library serves gojq with modules from files, and with the functions above.
type library struct {
	loader
	paths    []string
	init     []*gojq.Query
	ordering *ordering       // what modules are rewritten by; may be nil
	own      bool            // the user has functions that may go by the names of jq's
	used     map[string]bool // the functions that are to be compiled, natives included
	asks     map[string]bool // those that the filter and the modules loaded so far call by name
}

// searched lists where modules are looked for.
func (l *library) searched() any {
	all := make([]any, len(l.paths))
	for i, path := range l.paths {
		all[i] = path
	}
	return all
}

type loader interface {
	LoadInitModules() ([]*gojq.Query, error)
	LoadModuleWithMeta(string, map[string]any) (*gojq.Query, error)
	LoadJSONWithMeta(string, map[string]any) (any, error)
}

// newLibrary makes the library for a filter: of the functions only those that it
// uses, since compiling all of them takes longer than many a run.
func newLibrary(paths []string, filter *gojq.Query) (*library, error) {
	if len(paths) == 0 {
		paths = []string{"~/.jq", "$ORIGIN/../lib/jq", "$ORIGIN/../lib"}
	}
	l := &library{paths: paths, loader: gojq.NewModuleLoader(paths).(loader)}
	own, err := l.loader.LoadInitModules() // ~/.jq, if it is a file
	if err != nil {
		return nil, err
	}
	l.own = len(own) > 0
	l.asks = map[string]bool{}
	all := false
	for _, q := range append(own, filter) {
		addCalls(l.asks, q)
		all = all || len(q.Imports) > 0 // modules may use any
	}
	used := maps.Clone(l.asks)
	l.used = used
	var defs []*gojq.FuncDef
	for _, text := range slices.Backward(strings.Split(builtins+regexes+bounded+ordered+prelude, "\n\n")) {
		_, def, ok := strings.Cut("\n"+text, "\ndef ")
		if !ok || !all && !used[def[:strings.IndexAny(def, ":(")]] {
			continue
		}
		q, _, err := parse(text)
		if err != nil {
			return nil, err
		}
		addCalls(used, q)
		defs = append(defs, q.FuncDefs...)
	}
	slices.Reverse(defs)
	l.init = append([]*gojq.Query{{FuncDefs: defs}}, own...)
	used["_engine"] = used["$engine"]
	return l, nil
}

func (l *library) LoadInitModules() ([]*gojq.Query, error) { return l.init, nil }

func (l *library) LoadModuleWithMeta(name string, meta map[string]any) (*gojq.Query, error) {
	q, err := l.loadModule(name, meta)
	if err == nil {
		addCalls(l.asks, q)
		if l.ordering != nil {
			q = l.ordering.rewrite(q)
		}
	}
	return q, err
}

// loadModule gives label(KEY) a second chance, which gojq's own loader cannot parse.
func (l *library) loadModule(name string, meta map[string]any) (*gojq.Query, error) {
	q, err := l.loader.LoadModuleWithMeta(name, meta)
	var syntax interface {
		QueryParseError() (file, text string, err error)
	}
	if !errors.As(err, &syntax) {
		return q, err
	}
	file, text, _ := syntax.QueryParseError()
	q, _, again := parse(text)
	if again != nil {
		return nil, err
	}
	for _, i := range q.Imports {
		search, _ := i.Meta.ToValue()["search"].(string)
		if search == "" || filepath.IsAbs(search) || strings.HasPrefix(search, "~/") || strings.HasPrefix(search, "$ORIGIN/") {
			continue
		}
		i.Meta.KeyVals = append(i.Meta.KeyVals, &gojq.ConstObjectKeyVal{
			Key: "search", Val: &gojq.ConstTerm{Str: filepath.Join(filepath.Dir(file), search)},
		})
	}
	return q, nil
}

// addCalls adds the names of the functions that a syntax tree calls, and of variables.
func addCalls(names map[string]bool, q *gojq.Query) {
	walk(reflect.ValueOf(q), func(node any) {
		switch node := node.(type) {
		case *gojq.Term:
			switch {
			case node.Type == gojq.TermTypeRecurse:
				names["recurse"] = true
			case node.Type == gojq.TermTypeFormat:
				for _, name := range []string{"tostring", "tojson", "_tobase64", "_tohtml", "_touri"} {
					names[name] = true
				}
			}
		case *gojq.String:
			names["tostring"] = names["tostring"] || node.Queries != nil
		case *gojq.Func:
			names[strings.ReplaceAll(node.Name, labelCall, "label")] = true
		case *gojq.ObjectKeyVal:
			if strings.HasPrefix(node.Key, "$") {
				names[node.Key] = true
			}
		}
	})
}
