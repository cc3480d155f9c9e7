package query

import (
	_ "embed"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// prelude holds baleen's own functions, each after those that it calls, with a
// blank line between.
//
//go:embed prelude.jq
var prelude string

// builtins are functions of jq that gojq lacks, or has in another form.
const builtins = `
def input: _input;

def inputs: _inputs;

def ascii: [.] | implode;

def keys_unsorted: keys;

def toarray: if type == "array" then . else [.] end;

`

// library serves gojq with modules from files, and with the functions above.
type library struct {
	loader
	init []*gojq.Query
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
	l := &library{loader: gojq.NewModuleLoader(paths).(loader)}
	own, err := l.loader.LoadInitModules() // ~/.jq, if it is a file
	if err != nil {
		return nil, err
	}
	used, all := map[string]bool{}, false
	for _, q := range append(own, filter) {
		addCalls(used, q)
		all = all || len(q.Imports) > 0 // modules may use any
	}
	var defs []*gojq.FuncDef
	for _, text := range slices.Backward(strings.Split(builtins+prelude, "\n\n")) {
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
	return l, nil
}

func (l *library) LoadInitModules() ([]*gojq.Query, error) { return l.init, nil }

// LoadModuleWithMeta gives label(KEY) a second chance, which gojq's own loader cannot parse.
func (l *library) LoadModuleWithMeta(name string, meta map[string]any) (*gojq.Query, error) {
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

// addCalls adds the names of the functions that a syntax tree calls.
func addCalls(names map[string]bool, q *gojq.Query) {
	walk(reflect.ValueOf(q), func(node any) {
		if f, ok := node.(*gojq.Func); ok {
			names[strings.ReplaceAll(f.Name, labelCall, "label")] = true
		}
	})
}
