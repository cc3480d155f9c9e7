package query

import (
	"fmt"
	"slices"

	"github.com/itchyny/gojq"
)

// An ordering rewrites filters so that objects keep the order of their keys, which
// gojq's own operations lose: the natives of objects.go take their places.
type ordering struct {
	written [][]string      // the keys of {b: …, a: …} as written; the n-th is noted by _written(n)
	defined map[string]bool // functions that the filter defines, by name
	vars    int
	updates bool // an update is in one
}

func newOrdering() *ordering { return &ordering{defined: map[string]bool{}} }

func call(name string, args ...*gojq.Query) *gojq.Query { return asQuery(callTerm(name, args...)) }

func callTerm(name string, args ...*gojq.Query) *gojq.Term {
	return &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: name, Args: args}}
}

func asQuery(t *gojq.Term) *gojq.Query { return &gojq.Query{Term: t} }

func paren(q *gojq.Query) *gojq.Term { return &gojq.Term{Type: gojq.TermTypeQuery, Query: q} }

func pipe(l, r *gojq.Query) *gojq.Query { return &gojq.Query{Left: l, Op: gojq.OpPipe, Right: r} }

// as is l as $name | r.
func as(l *gojq.Query, name string, r *gojq.Query) *gojq.Query {
	return &gojq.Query{Left: asQuery(paren(l)), Patterns: []*gojq.Pattern{{Name: name}}, Op: gojq.OpPipe, Right: r}
}

func dot() *gojq.Query { return asQuery(&gojq.Term{Type: gojq.TermTypeIdentity}) }

func quoted(text string) *gojq.Query {
	return asQuery(&gojq.Term{Type: gojq.TermTypeString, Str: &gojq.String{Str: text}})
}

func (w *ordering) variable() string {
	w.vars++
	return fmt.Sprintf("$%%%d", w.vars) // which no filter can spell
}

// rewrite rewrites a filter or module, which may use what it and those before define.
func (w *ordering) rewrite(q *gojq.Query) *gojq.Query {
	w.define(q, true)
	return w.query(q, false)
}

// define notes what a filter or module defines, if that is the user's, and does.
func (w *ordering) define(q *gojq.Query, own bool) {
	w.updates = w.updates || len(q.Imports) > 0 // what is in modules shows later
	visit(q, func(node any) {
		switch node := node.(type) {
		case *gojq.FuncDef:
			w.defined[node.Name] = w.defined[node.Name] || own
		case *gojq.Query:
			w.updates = w.updates || updates(node.Op)
		}
	})
}

// updates is whether an operator may change a part of an object that it keeps.
func updates(op gojq.Operator) bool {
	switch op {
	case gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
		return true
	}
	return false
}

// query rewrites q. Paths is whether what it gives may have to be paths.
func (w *ordering) query(q *gojq.Query, paths bool) *gojq.Query {
	if q == nil {
		return nil
	}
	for _, def := range q.FuncDefs {
		recurs := recursive(def) && w.mayDeepen(def.Body)
		if def.Body = w.query(def.Body, true); recurs {
			def.Body = pipe(call("%bounded"), asQuery(paren(def.Body)))
		}
	}
	if q.Term != nil {
		q.Term = w.term(q.Term, paths)
		return q
	}
	if q.Left == nil {
		return q
	}
	for _, p := range q.Patterns {
		w.pattern(p)
	}
	switch q.Op {
	case gojq.OpPipe:
		q.Left, q.Right = w.query(q.Left, paths && q.Patterns == nil), w.query(q.Right, paths)
		return q
	case gojq.OpComma, gojq.OpAlt:
		q.Left, q.Right = w.query(q.Left, paths), w.query(q.Right, paths)
		return q
	}
	if q.Op == gojq.OpAssign || updates(q.Op) {
		return replaced(q, w.update(q))
	}
	q.Left, q.Right = w.query(q.Left, false), w.query(q.Right, false)
	if name := map[gojq.Operator]string{gojq.OpAdd: "%sum", gojq.OpMul: "%product"}[q.Op]; name != "" && maybeObject(q.Left) && maybeObject(q.Right) {
		return replaced(q, call(name, q.Left, q.Right))
	}
	return q
}

// replaced is by with what stands before q.
func replaced(q, by *gojq.Query) *gojq.Query {
	by.Meta, by.Imports, by.FuncDefs = q.Meta, q.Imports, q.FuncDefs
	return by
}

// maybeObject is false where the text shows that a value is no object.
func maybeObject(q *gojq.Query) bool {
	if q.Term == nil {
		switch q.Op {
		case gojq.OpSub, gojq.OpDiv, gojq.OpMod, gojq.OpEq, gojq.OpNe, gojq.OpLt, gojq.OpLe, gojq.OpGt, gojq.OpGe, gojq.OpAnd, gojq.OpOr:
			return false
		case gojq.OpPipe:
			return maybeObject(q.Right)
		case gojq.OpComma, gojq.OpAlt:
			return maybeObject(q.Left) || maybeObject(q.Right)
		case gojq.OpAdd:
			return maybeObject(q.Left) && maybeObject(q.Right)
		}
		return true
	}
	t := q.Term
	if len(t.SuffixList) > 0 {
		return true
	}
	switch t.Type {
	case gojq.TermTypeNumber, gojq.TermTypeString, gojq.TermTypeFormat, gojq.TermTypeArray, gojq.TermTypeUnary, gojq.TermTypeTrue, gojq.TermTypeFalse:
		return false
	case gojq.TermTypeQuery:
		return maybeObject(t.Query)
	case gojq.TermTypeFunc:
		return !slices.Contains([]string{"length", "tostring", "tonumber", "floor", "ascii_downcase", "ascii_upcase", "now", "join", "ltrimstr", "tojson"}, t.Func.Name)
	}
	return true
}

func (w *ordering) pattern(p *gojq.Pattern) {
	for _, element := range p.Array {
		w.pattern(element)
	}
	for _, kv := range p.Object {
		kv.KeyQuery = w.query(kv.KeyQuery, false)
		w.string(kv.KeyString)
		if kv.Val != nil {
			w.pattern(kv.Val)
		}
	}
}

func (w *ordering) string(s *gojq.String) {
	if s != nil {
		for i, q := range s.Queries {
			s.Queries[i] = w.query(q, false)
		}
	}
}

func (w *ordering) index(x *gojq.Index) {
	if x != nil {
		w.string(x.Str)
		x.Start, x.End = w.query(x.Start, false), w.query(x.End, false)
	}
}

func (w *ordering) term(t *gojq.Term, paths bool) *gojq.Term {
	for _, s := range t.SuffixList {
		w.index(s.Index)
	}
	suffixes := t.SuffixList
	t.SuffixList = nil
	t = w.base(t, paths)
	if len(suffixes) == 0 {
		return t
	}
	if len(t.SuffixList) > 0 {
		t = paren(asQuery(t))
	}
	t.SuffixList = suffixes
	for i, s := range suffixes[1:] {
		if s.Optional && suffixes[i].Index != nil { // gojq takes .a[.b]? to be .a | .[.b]?
			if in := w.input(suffixes); in != "" {
				return paren(as(dot(), in, asQuery(w.iterate(t, paths))))
			}
		}
	}
	return w.iterate(t, paths)
}

// input makes what stands in indices run on a variable, which is to have the input of
// the whole term. It is "" if there is nothing that matters.
func (w *ordering) input(suffixes []*gojq.Suffix) (in string) {
	on := func(q *gojq.Query) *gojq.Query {
		if q == nil || isConstant(q) {
			return q
		}
		if in == "" {
			in = w.variable()
		}
		return asQuery(paren(pipe(call(in), q)))
	}
	for i, s := range suffixes {
		if s.Index == nil {
			continue
		}
		x := *s.Index
		x.Start, x.End = on(x.Start), on(x.End)
		if x.Str != nil && x.Str.Queries != nil {
			x.Start, x.Str = on(asQuery(&gojq.Term{Type: gojq.TermTypeString, Str: x.Str})), nil
		}
		suffixes[i] = &gojq.Suffix{Index: &x}
	}
	return in
}

// iterate makes of .a[].b what goes through objects in order: .a | _items.b, or where
// paths are asked for .a | .[_each].b.
func (w *ordering) iterate(t *gojq.Term, paths bool) *gojq.Term {
	at := slices.IndexFunc(t.SuffixList, func(s *gojq.Suffix) bool { return s.Iter })
	if at == 0 && w.isArray(t) {
		at = slices.IndexFunc(t.SuffixList[1:], func(s *gojq.Suffix) bool { return s.Iter }) + 1
		if at == 0 {
			return t
		}
	}
	if at < 0 {
		return t
	}
	head := *t
	head.SuffixList = t.SuffixList[:at:at]
	each := callTerm("%items")
	if paths {
		each = &gojq.Term{Type: gojq.TermTypeIndex, Index: &gojq.Index{Start: call("%each")}}
	}
	each.SuffixList = slices.Clone(t.SuffixList[at+1:])
	in := w.input(each.SuffixList)
	q := pipe(asQuery(&head), asQuery(w.iterate(each, paths)))
	if in != "" {
		q = as(dot(), in, q)
	}
	return paren(q)
}

func isConstant(q *gojq.Query) bool {
	t := q.Term
	if t == nil || len(t.SuffixList) > 0 || len(q.FuncDefs) > 0 {
		return false
	}
	return t.Type == gojq.TermTypeNumber || t.Type == gojq.TermTypeString && t.Str.Queries == nil || t.Type == gojq.TermTypeFunc && t.Func.Name[0] == '$'
}

// isArray is true where the text shows that a term gives arrays only.
func (w *ordering) isArray(t *gojq.Term) bool {
	if t.Type == gojq.TermTypeArray {
		return true
	}
	return t.Type == gojq.TermTypeFunc && !w.defined[t.Func.Name] &&
		slices.Contains([]string{"keys", "keys_unsorted", "to_entries", "split", "map", "sort", "sort_by", "group_by", "unique", "unique_by", "explode", "reverse", "_matches", "_replaced"}, t.Func.Name)
}

// base rewrites a term without suffixes.
func (w *ordering) base(t *gojq.Term, paths bool) *gojq.Term {
	switch t.Type {
	case gojq.TermTypeIndex:
		w.index(t.Index)
	case gojq.TermTypeFunc:
		return w.function(t, paths)
	case gojq.TermTypeObject:
		return w.object(t)
	case gojq.TermTypeArray:
		t.Array.Query = w.query(t.Array.Query, false)
	case gojq.TermTypeUnary:
		t.Unary.Term = w.term(t.Unary.Term, false)
	case gojq.TermTypeFormat, gojq.TermTypeString:
		w.string(t.Str)
	case gojq.TermTypeIf:
		t.If.Cond, t.If.Then, t.If.Else = w.query(t.If.Cond, false), w.query(t.If.Then, paths), w.query(t.If.Else, paths)
		for _, e := range t.If.Elif {
			e.Cond, e.Then = w.query(e.Cond, false), w.query(e.Then, paths)
		}
	case gojq.TermTypeTry:
		t.Try.Body, t.Try.Catch = w.query(t.Try.Body, paths), w.query(t.Try.Catch, paths)
		if t.Try.Catch != nil {
			t.Try.Catch = pipe(call("%message"), asQuery(paren(t.Try.Catch)))
		}
	case gojq.TermTypeReduce:
		r := t.Reduce
		if w.mayDeepen(r.Update) {
			r.Update = pipe(asQuery(paren(r.Update)), call("%bounded"))
		}
		r.Query, r.Start, r.Update = w.query(r.Query, false), w.query(r.Start, paths), w.query(r.Update, paths)
		for _, p := range r.Patterns {
			w.pattern(p)
		}
	case gojq.TermTypeForeach:
		f := t.Foreach
		if w.mayDeepen(f.Update) {
			f.Update = pipe(asQuery(paren(f.Update)), call("%bounded"))
		}
		f.Query, f.Start, f.Update, f.Extract = w.query(f.Query, false), w.query(f.Start, paths), w.query(f.Update, paths), w.query(f.Extract, paths)
		for _, p := range f.Patterns {
			w.pattern(p)
		}
	case gojq.TermTypeLabel:
		t.Label.Body = w.query(t.Label.Body, paths)
	case gojq.TermTypeQuery:
		t.Query = w.query(t.Query, paths)
	}
	return t
}

func (w *ordering) function(t *gojq.Term, paths bool) *gojq.Term {
	f := t.Func
	switch {
	case w.defined[f.Name]:
		paths = true
	case slices.Contains([]string{"map", "select", "any", "all", "add", "sort_by", "group_by", "unique_by", "min_by", "max_by", "isempty", "with_entries", "has",
		"error", "test", "match", "capture", "sub", "gsub", "split", "join", "startswith", "endswith", "contains", "inside", "IN", "INDEX", "range", "walk", "label",
		"ltrimstr", "rtrimstr", "index", "strftime", "tojson", "debug", "input", "%sum", "%product"}, f.Name):
		paths = false
	case slices.Contains([]string{"first", "last", "limit", "skip", "nth", "until", "while", "repeat", "recurse"}, f.Name):
	default:
		paths = true
	}
	for i, arg := range f.Args {
		f.Args[i] = w.query(arg, paths)
	}
	return t
}
