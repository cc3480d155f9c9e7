// Package query makes one program from one jq filter and runs it over a stream
// of JSON records.
package query

import (
	"encoding/json"
	"errors"
	"io"
	"iter"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/itchyny/gojq"

	"baleen/query/text"
)

// Options say what to compile. The zero value is the filter ".".
type Options struct {
	Filter   string    // jq source; "" means "."
	Given    bool      // a flag has Filter, which may be blank all the same
	Name     string    // what messages call the filter; "" means "<filter>"
	Null     bool      // jq's -n: run once, on null
	Slurp    bool      // jq's -s: run once, on an array of all records
	Whole    bool      // a record that the filter fails on gives nothing, not even what came before
	Stream   bool      // jq's --stream: run on the leaves of records
	SortKeys bool      // jq's -S: sort the keys of records that pass unchanged, too
	Library  []string  // jq's -L: where modules are looked for; none means jq's own default
	Vars     Vars      // --arg and its kin
	Stderr   io.Writer // where debug and stderr write; nil means nowhere
	Engine   Engine    // what the filter may ask; without it such a filter fails
	Kind     string    // what strings that are inspected name: image, container, …; "" if that is not known
	Live     bool      // the records have no end: what the Engine said is asked again after a second
}

// A Program is a compiled filter. It runs over one stream at a time.
type Program struct {
	options     Options
	code        *gojq.Code // of the filter but for its cut; nil if that is no more than "."
	cut         *text.Cut  // nil if the filter has none
	orders      *text.Orders
	ordering    *ordering
	computes    map[string]*gojq.Code
	regexes     map[[2]string]*regex // by pattern and flags
	vars        []any                // the values of the variables that code was compiled with
	need        *text.Need           // what it can see of a record; nil for all
	inspects    bool                 // it may ask for the full records of what it reads
	seesAnswers bool                 // it may get the records that it asks for, not only what they say together
	stream      *stream              // the one that is being run over
	questions   *questions           // of that run
	rounds      rounds
	wordings    []*regexp.Regexp // of wordings
	hint        string           // what else to say when it fails
	net         *net             // nil for "."
	moments     moments          // of lasting and burst
}

// Compile makes a program from a filter. Its error is a *CompileError.
func Compile(o Options) (*Program, error) {
	if o.Name == "" {
		o.Name = "<filter>"
	}
	if o.Stderr == nil {
		o.Stderr = io.Discard
	}
	p := &Program{options: o, orders: text.NewOrders(), moments: moments{}, ordering: newOrdering(), computes: map[string]*gojq.Code{}, regexes: map[[2]string]*regex{}}
	q, src, err := parse(o.Filter)
	if err != nil {
		return nil, newCompileError(o.Name, o.Filter, src, err)
	}
	defined := newOrdering()
	defined.define(q, true)
	if function, pattern, err := badRegex(q, defined.defined); err != nil {
		at := strings.Index(src, `"`+pattern+`"`)
		if at < 0 {
			at = nextWord(src, function, nil)
		}
		return nil, &CompileError{o.Name, o.Filter, at, err}
	}
	if err := badKey(q); err != nil {
		return nil, &CompileError{o.Name, o.Filter, -1, err}
	}
	if !o.Null && !o.Slurp {
		p.hint = arrayHint(q)
	}
	each := !o.Null && !o.Slurp && !o.SortKeys
	if each && isIdentity(q) {
		return p, nil
	}
	p.net = newNet(&o, q)
	numberCalls(q)
	if o.Whole {
		guard(q, o.Vars.types(q))
	}
	lib, err := newLibrary(o.Library, q)
	if err != nil {
		return nil, newCompileError(o.Name, o.Filter, src, err)
	}
	if each && !lib.own {
		if q, p.cut = text.NewCut(q); p.cut != nil && isIdentity(q) {
			return p, nil
		}
	}
	if n := text.Needs(text.Options{Null: o.Null, Slurp: o.Slurp, SortKeys: o.SortKeys, Reads: p.reads}, lib.init, q); !n.All {
		p.need = n
	}
	names, values := o.Vars.bind(p.orders)
	p.orders.Age()
	if lib.used["$engine"] && !slices.Contains(names, "$engine") {
		q = before(call("_engine"), []*gojq.Pattern{{Name: "$engine"}}, q)
	}
	if !o.Null {
		// One run of gojq serves the whole stream: a run for each record costs several times more.
		q = before(call("_records"), nil, q)
	}
	for i, m := range append(slices.Clip(lib.init), q) {
		p.ordering.define(m, i > 0) // jq's and baleen's own come first
	}
	for i := range lib.init {
		lib.init[i] = p.ordering.query(lib.init[i], false)
	}
	q = p.ordering.query(q, false)
	lib.ordering = p.ordering
	for _, n := range p.objects() {
		lib.used[n.name] = true
	}
	p.orders.All = p.ordering.updates
	p.vars = values
	p.code, err = gojq.Compile(q, append(lib.options(p),
		gojq.WithModuleLoader(lib),
		gojq.WithEnvironLoader(os.Environ),
		gojq.WithVariables(names),
		gojq.WithIterFunction("_records", 0, 0, func(any, []any) gojq.Iter { return iterator(p.stream.record) }),
		gojq.WithIterFunction("_inputs", 0, 0, func(any, []any) gojq.Iter { return iterator(p.stream.input) }),
		gojq.WithFunction("_input", 0, 0, p.input),
		gojq.WithFunction("get_search_list", 0, 0, func(any, []any) any { return lib.searched() }),
		gojq.WithFunction("input_line_number", 0, 0, func(any, []any) any { return p.stream.count }),
		gojq.WithFunction("input_filename", 0, 0, func(any, []any) any { return nil }),
		gojq.WithFunction("debug", 0, 0, func(v any, _ []any) any {
			line := p.orders.Append(nil, []any{"DEBUG:", v})
			o.Stderr.Write(append(line, '\n'))
			return v
		}),
		gojq.WithFunction("stderr", 0, 0, func(v any, _ []any) any {
			if s, ok := v.(string); ok {
				io.WriteString(o.Stderr, s)
			} else {
				o.Stderr.Write(p.orders.Append(nil, v))
			}
			return v
		}),
	)...)
	if err != nil {
		return nil, newCompileError(o.Name, o.Filter, src, err)
	}
	p.inspects = lib.asks["inspect"]
	for _, name := range []string{"_get", "_used_by", "_image"} {
		p.seesAnswers = p.seesAnswers || lib.used[name]
	}
	return p, nil
}

// input is jq's function of that name.
func (p *Program) input(any, []any) any {
	v, ok := p.stream.input()
	switch {
	case ok:
		return v
	case p.stream.stopped:
		return &gojq.HaltError{} // which no filter can catch
	default:
		return errors.New("break") // as jq says it, for filters that catch it
	}
}

// Run gives what the filter makes of records, each a line of compact JSON that is
// valid until the next one is asked for. The records have to be valid and
// compact, and may be overwritten when the next one is asked for.
//
// The errors of records are passed on in their places. If one that is fatal (it
// has no method Fatal() bool, or that says true) stands among records that are to
// be slurped, the filter does not run. The filter's own errors are a *RecordError,
// after which the run goes on with the next record, and a *HaltError, which ends it.
func (p *Program) Run(records iter.Seq2[json.RawMessage, error]) iter.Seq2[json.RawMessage, error] {
	if p.options.Stream {
		records = leaves(records)
	}
	if p.code == nil && p.cut == nil {
		return records
	}
	records = p.net.watch(records)
	if p.code == nil {
		return p.pick(records)
	}
	return func(yield func(json.RawMessage, error) bool) {
		questions := newQuestions(p)
		defer questions.close()
		p.questions = questions
		in := records
		if p.inspects && p.options.Engine.Get != nil {
			in = questions.ahead.records(questions, in)
		}
		next, stop := iter.Pull2(in)
		defer stop()
		deliver := yield
		yield = func(b json.RawMessage, err error) bool {
			if questions.failure != nil {
				b, err = nil, questions.failure
			}
			return deliver(b, err)
		}
		s := newStream(p, next, yield)
		p.stream, p.rounds = s, rounds{}
		for s.run(p.code.Run(nil, p.vars...)) && !p.options.Null {
		}
		s.end()
		if p.options.Whole && !p.options.Live && s.count > 0 { // that the list was cut short may show only after what was read
			for ok := true; ok; _, ok = s.readOne() {
			}
		}
	}
}

// pick runs a program that is no more than a cut.
func (p *Program) pick(records iter.Seq2[json.RawMessage, error]) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		s := newStream(p, nil, yield)
		for raw, err := range records {
			if err != nil {
				s.emit(nil, err)
			} else {
				s.count++
				s.current, s.number = item{raw: raw}, s.count
				s.pick(raw, nil)
				s.release()
				s.orders.Forget()
			}
			if s.stopped {
				return
			}
		}
		s.end()
	}
}

func isIdentity(q *gojq.Query) bool {
	return q.Meta == nil && q.Imports == nil && q.FuncDefs == nil &&
		q.Term != nil && q.Term.Type == gojq.TermTypeIdentity && q.Term.SuffixList == nil
}

// before puts "first |", or "first as patterns |", before a filter.
func before(first *gojq.Query, patterns []*gojq.Pattern, q *gojq.Query) *gojq.Query {
	body := *q
	body.Meta, body.Imports = nil, nil
	return &gojq.Query{Meta: q.Meta, Imports: q.Imports, Left: first, Patterns: patterns, Op: gojq.OpPipe, Right: &body}
}

// An iterator is a function that serves as a gojq.Iter.
type iterator func() (any, bool)

func (next iterator) Next() (any, bool) { return next() }
