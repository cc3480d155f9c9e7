package text

import (
	"slices"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
)

// A reader follows records through a filter to find out what it can see of them.
// It runs the filter's syntax tree on places instead of values.
type reader struct {
	record *Need
	start  *Need // what the filter runs on and what input gives: a record, or the array of all
	reads  func(name string, arity int) (keys []string, known bool)
	steps  int
}

// A value is one that the filter may come across, as far as it is known.
type seen struct {
	places []*Need // where it may stand in a record, as it came; all of it is needed elsewhere
	text   string  // which string it is, "" if that is not known
}

// A scope is a name that a filter can use, and those that it could before.
type scope struct {
	outer  *scope
	name   string
	arity  int
	def    *gojq.FuncDef // a function
	query  *gojq.Query   // the argument of a call
	caller *scope        // where query stands
	value  seen          // a variable
}

// Options say how a filter is run.
type Options struct {
	Null     bool // on null
	Slurp    bool // on the array of all records
	SortKeys bool // a record that passes unchanged is spelt anew
	// Reads gives the keys of its input that a function from outside looks at, if that
	// is an object, and whether that is known.
	Reads func(name string, arity int) (keys []string, known bool)
}

// Needs finds out what a filter can see of each record. The filter may call the
// functions that init defines.
func Needs(o Options, init []*gojq.Query, q *gojq.Query) *Need {
	r := &reader{record: &Need{}, reads: o.Reads}
	r.start = r.record
	if o.Slurp {
		r.start = &Need{each: r.record}
	}
	var in seen
	if !o.Null {
		in.places = []*Need{r.start}
	}
	var s *scope
	for _, m := range append(slices.Clip(init), q) {
		r.record.All = r.record.All || len(m.Imports) > 0
		s = s.define(m.FuncDefs)
	}
	out := r.query(q, in, s)
	if !o.SortKeys { // a record that passes unchanged is spelt as it came
		out.places = slices.DeleteFunc(slices.Clone(out.places), func(n *Need) bool { return n == r.record })
	}
	r.use(out)
	return r.record
}

// use notes that all of the value is needed.
func (r *reader) use(v seen) {
	for _, n := range v.places {
		n.All = true
		if n == r.start {
			r.record.All = true
		}
	}
}

func (r *reader) member(v seen, key string) (m seen) {
	for _, n := range v.places {
		if n.each == r.record { // an array: its description in an error may show any part of it
			n.All, r.record.All = true, true
		}
		if n.All {
			continue
		}
		of := n.member([]byte(key))
		if of == nil {
			of = &Need{}
			n.keys = append(n.keys, member{key, of})
		}
		m.places = append(m.places, of)
	}
	return m
}

func (r *reader) element(v seen) (e seen) {
	for _, n := range v.places {
		if n.All {
			continue
		}
		if n.each == nil {
			n.each = &Need{}
		}
		e.places = append(e.places, n.each)
	}
	return e
}

func either(v seen, others ...seen) seen {
	v.places = slices.Clone(v.places)
	for _, o := range others {
		for _, n := range o.places {
			if !slices.Contains(v.places, n) {
				v.places = append(v.places, n)
			}
		}
		v.text = ""
	}
	return v
}

func (s *scope) define(defs []*gojq.FuncDef) *scope {
	for _, def := range defs {
		s = &scope{outer: s, name: def.Name, arity: len(def.Args), def: def}
	}
	return s
}

func (s *scope) lookup(name string, arity int) *scope {
	for s != nil && (s.name != name || s.arity != arity) {
		s = s.outer
	}
	return s
}

// query returns what q may give for in. Once all of the record is needed, or the
// filter turns out too long a story, nothing matters any more.
func (r *reader) query(q *gojq.Query, in seen, s *scope) seen {
	if r.steps++; r.steps > 10_000 {
		r.record.All = true
	}
	if q == nil || r.record.All {
		return seen{}
	}
	s = s.define(q.FuncDefs)
	if q.Term != nil {
		return r.term(q.Term, in, s)
	}
	left := r.query(q.Left, in, s)
	switch q.Op {
	case gojq.OpPipe:
		if q.Patterns != nil {
			s, left = r.bind(q.Patterns, left, in, s), in
		}
		return r.query(q.Right, left, s)
	case gojq.OpComma, gojq.OpAlt:
		return either(left, r.query(q.Right, in, s))
	case gojq.OpAnd, gojq.OpOr:
		r.query(q.Right, in, s)
		return seen{}
	case gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul,
		gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
		r.use(in)
	}
	r.use(left)
	r.use(r.query(q.Right, in, s))
	return seen{}
}

func (r *reader) term(t *gojq.Term, in seen, s *scope) (v seen) {
	switch t.Type {
	case gojq.TermTypeIdentity:
		v = in
	case gojq.TermTypeRecurse:
		r.use(in)
	case gojq.TermTypeIndex:
		v = r.index(t.Index, in, in, s)
	case gojq.TermTypeFunc:
		v = r.call(t.Func, in, s)
	case gojq.TermTypeObject:
		r.object(t.Object, in, s)
	case gojq.TermTypeArray:
		r.use(r.query(t.Array.Query, in, s))
	case gojq.TermTypeUnary:
		r.use(r.term(t.Unary.Term, in, s))
	case gojq.TermTypeFormat:
		if t.Str == nil {
			r.use(in)
		} else {
			r.string(t.Str, in, s)
		}
	case gojq.TermTypeString:
		v.text = r.string(t.Str, in, s)
	case gojq.TermTypeIf:
		r.query(t.If.Cond, in, s)
		v = r.query(t.If.Then, in, s)
		for _, e := range t.If.Elif {
			r.query(e.Cond, in, s)
			v = either(v, r.query(e.Then, in, s))
		}
		if t.If.Else == nil {
			v = either(v, in)
		} else {
			v = either(v, r.query(t.If.Else, in, s))
		}
	case gojq.TermTypeTry:
		v = either(r.query(t.Try.Body, in, s), r.query(t.Try.Catch, seen{}, s))
	case gojq.TermTypeReduce:
		r.use(r.query(t.Reduce.Start, in, s))
		s := r.bind(t.Reduce.Patterns, r.query(t.Reduce.Query, in, s), in, s)
		r.use(r.query(t.Reduce.Update, seen{}, s))
	case gojq.TermTypeForeach:
		r.use(r.query(t.Foreach.Start, in, s))
		s := r.bind(t.Foreach.Patterns, r.query(t.Foreach.Query, in, s), in, s)
		r.use(r.query(t.Foreach.Update, seen{}, s))
		v = r.query(t.Foreach.Extract, seen{}, s)
	case gojq.TermTypeLabel:
		v = r.query(t.Label.Body, in, s)
	case gojq.TermTypeQuery:
		v = r.query(t.Query, in, s)
	}
	for _, suffix := range t.SuffixList {
		if suffix.Index != nil {
			v = r.index(suffix.Index, v, in, s)
		} else if suffix.Iter {
			v = r.element(v)
		}
	}
	return v
}

// index returns what i picks from v. What stands in i runs on in.
func (r *reader) index(i *gojq.Index, v, in seen, s *scope) seen {
	key := seen{text: i.Name}
	switch {
	case i.Str != nil:
		key.text = r.string(i.Str, in, s)
	case i.Start != nil && !i.IsSlice && i.End == nil:
		if t := i.Start.Term; t != nil && t.Type == gojq.TermTypeNumber && t.SuffixList == nil {
			return r.element(v)
		}
		key = r.query(i.Start, in, s)
	case i.IsSlice:
		r.use(r.query(i.Start, in, s))
		r.use(r.query(i.End, in, s))
	}
	if key.text == "" {
		r.use(v)
		r.use(key)
		return seen{}
	}
	return r.member(v, key.text)
}

// string returns the text of a string without interpolation, "" for others.
func (r *reader) string(text *gojq.String, in seen, s *scope) string {
	for _, q := range text.Queries {
		r.use(r.query(q, in, s))
	}
	return text.Str
}

func (r *reader) object(o *gojq.Object, in seen, s *scope) {
	for _, kv := range o.KeyVals {
		key := kv.Key
		if kv.KeyString != nil {
			key = r.string(kv.KeyString, in, s)
		}
		r.use(r.query(kv.KeyQuery, in, s))
		variable := strings.HasPrefix(kv.Key, "$") // no text that begins so
		if variable {
			r.use(r.call(&gojq.Func{Name: key}, in, s))
		}
		switch {
		case kv.Val != nil:
			r.use(r.query(kv.Val, in, s))
		case key == "":
			r.use(in)
		case !variable:
			r.use(r.member(in, key))
		}
	}
}

// bind gives s the variables of patterns that v is taken apart by.
func (r *reader) bind(patterns []*gojq.Pattern, v, in seen, s *scope) *scope {
	if len(patterns) > 1 { // any of them may be the one
		r.use(v)
	}
	for _, p := range patterns {
		if p.Name != "" {
			s = &scope{outer: s, name: p.Name, value: v}
		}
		for _, element := range p.Array {
			s = r.bind([]*gojq.Pattern{element}, r.element(v), in, s)
		}
		for _, kv := range p.Object {
			key := kv.Key
			if kv.KeyString != nil {
				key = r.string(kv.KeyString, v, s)
			}
			r.use(r.query(kv.KeyQuery, either(in, v), s))
			var m seen
			switch {
			case key == "":
				r.use(v)
			case key[0] == '$' && kv.KeyString == nil:
				m = r.member(v, key[1:])
				s = &scope{outer: s, name: key, value: m}
			default:
				m = r.member(v, key)
			}
			if kv.Val != nil {
				s = r.bind([]*gojq.Pattern{kv.Val}, m, in, s)
			}
		}
	}
	return s
}

func (r *reader) call(f *gojq.Func, in seen, s *scope) seen {
	switch at := s.lookup(f.Name, len(f.Args)); {
	case at == nil:
	case at.def != nil:
		return r.query(at.def.Body, in, r.arguments(at, at.def.Args, f, in, s))
	case at.query != nil:
		return r.query(at.query, in, at.caller)
	default:
		return at.value
	}
	if f.Name == "_input" || f.Name == "_inputs" {
		return seen{places: []*Need{r.start}}
	}
	if body := flow(f.Name, len(f.Args)); body != "" {
		q, _ := gojq.Parse(body)
		return r.query(q, in, r.arguments(nil, []string{"f", "g", "h"}[:len(f.Args)], f, in, s))
	}
	if r.reads != nil {
		if keys, known := r.reads(f.Name, len(f.Args)); known {
			for _, key := range keys {
				r.use(r.member(in, key))
			}
			for _, arg := range f.Args {
				r.use(r.query(arg, in, s))
			}
			return seen{}
		}
	}
	r.use(in)
	for _, arg := range f.Args { // what it runs on is in, or comes from another argument
		r.use(r.query(arg, seen{}, s))
	}
	return seen{}
}

// arguments gives the scope of a function's body those of a call.
func (r *reader) arguments(body *scope, names []string, f *gojq.Func, in seen, s *scope) *scope {
	for i, name := range names {
		body = &scope{outer: body, name: strings.TrimPrefix(name, "$"), query: f.Args[i], caller: s}
		if name[0] == '$' {
			body = &scope{outer: body, name: name, value: r.query(f.Args[i], in, s)}
		}
	}
	return body
}

// flow tells how values go through a function of jq, as the body of one with the
// parameters f, g and h that sees no less of them. Of other functions, those with
// the text "", nothing is known.
func flow(name string, arity int) string {
	if name[0] == '$' { // not defined in the filter
		return "null"
	}
	switch name + "/" + strconv.Itoa(arity) {
	case "type/0", "not/0", "empty/0", "halt/0", "now/0", "env/0", "input_line_number/0", "input_filename/0", "infinite/0", "nan/0":
		return "null"
	case "arrays/0", "objects/0", "iterables/0", "booleans/0", "numbers/0", "strings/0", "nulls/0", "values/0", "scalars/0":
		return "."
	case "select/1":
		return "if f then . else null end"
	case "map/1":
		return "[.[] | f]"
	case "first/0", "last/0":
		return ".[0]"
	case "first/1", "last/1":
		return "f"
	case "limit/2", "skip/2", "nth/2":
		return "[f] as $n | g"
	case "isempty/1":
		return "f | null"
	case "any/0", "all/0":
		return ".[] | null"
	case "any/1", "all/1":
		return ".[] | f | null"
	case "any/2", "all/2":
		return "f | g | null"
	case "has/1":
		return ".[f] | null"
	case "add/1", "error/1", "range/1":
		return "[f]"
	case "IN/1":
		return "[., f]"
	case "IN/2", "range/2":
		return "[f, g]"
	case "range/3":
		return "[f, g, h]"
	}
	return ""
}
