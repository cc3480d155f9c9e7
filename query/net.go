package query

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/itchyny/gojq"

	"baleen/source/record"
)

// A net holds back actions that a filter selects by mistake: it reads a key that
// no record has, so that what it compares is always null.
type net struct {
	acts, live bool
	pending    map[string]bool // keys that the filter reads and no record has had
	has        []string        // keys of the first record
	count      int
}

func newNet(o *Options, q *gojq.Query) *net {
	r := &keyReader{keys: map[string]bool{}, vars: map[string]state{}, defs: map[string]*gojq.FuncDef{}}
	in := oneRecord
	switch {
	case o.Null:
		in, r.inputs = otherState, true
	case o.Slurp:
		in = manyRecords
	}
	r.query(q, in)
	return &net{acts: o.Whole, live: o.Live, pending: r.keys}
}

// watch passes records on and notes which keys they have. At the end of a list
// the keys that none had are an error: before an action a fatal one, so that
// nothing is done, else one to know of.
func (n *net) watch(in iter.Seq2[json.RawMessage, error]) iter.Seq2[json.RawMessage, error] {
	if len(n.pending) == 0 {
		return in
	}
	return func(yield func(json.RawMessage, error) bool) {
		for v, err := range in {
			if err == nil {
				n.note(v)
			}
			if !yield(v, err) {
				return
			}
		}
		if n.count > 0 && len(n.pending) > 0 && !n.live {
			yield(nil, n.missing())
		}
	}
}

func (n *net) note(v json.RawMessage) {
	if len(v) == 0 || v[0] != '{' {
		n.pending = nil // whatever else it is, it has no keys
		return
	}
	n.count++
	if len(n.pending) == 0 {
		return
	}
	for key := range record.Members(v) {
		delete(n.pending, key)
		if n.count == 1 {
			n.has = append(n.has, key)
		}
	}
}

func (n *net) missing() error {
	return &MissingKeyError{slices.Sorted(maps.Keys(n.pending)), n.has, n.acts}
}

// MissingKeyError reports keys that a filter reads and that no record has.
type MissingKeyError struct {
	keys, has []string
	acts      bool
}

func (e *MissingKeyError) Error() string {
	text := fmt.Sprintf("the filter reads .%s, which no record has", strings.Join(e.keys, ", ."))
	if e.acts {
		text += "; nothing is done"
	}
	functions := Functions()
	for _, key := range e.keys {
		for _, have := range e.has {
			if strings.EqualFold(key, have) || strings.EqualFold(key+"s", have) {
				text += fmt.Sprintf("\nrecords have .%s", have)
			}
		}
		if slices.ContainsFunc(functions, func(f Function) bool { return f.Name == key }) {
			text += fmt.Sprintf("\n%s, without the dot, is a function of baleen's", key)
		}
	}
	return text + fmt.Sprintf("\n.%s? says that it may be missing", e.keys[0])
}

// Fatal is true before an action.
func (e *MissingKeyError) Fatal() bool { return e.acts }

// ExitCode is 1 before an action.
func (e *MissingKeyError) ExitCode() int {
	if e.acts {
		return 1
	}
	return 0
}

// A state is what the input of a part of a filter is known to be.
type state int

const (
	otherState state = iota
	oneRecord
	manyRecords // an array of them
)

// A keyReader collects the keys of records that a filter reads and does not say
// may be missing, with ? or //, as far as its text tells.
type keyReader struct {
	keys   map[string]bool
	vars   map[string]state
	defs   map[string]*gojq.FuncDef
	inputs bool // input and inputs give records
	quiet  int
	depth  int
}

func (r *keyReader) read(key string) {
	if r.quiet == 0 {
		r.keys[key] = true
	}
}

func (r *keyReader) quietly(q *gojq.Query, in state) {
	r.quiet++
	r.query(q, in)
	r.quiet--
}

func (r *keyReader) query(q *gojq.Query, in state) state {
	if q == nil {
		return in
	}
	for _, def := range q.FuncDefs {
		r.defs[fmt.Sprintf("%s/%d", def.Name, len(def.Args))] = def
	}
	if q.Term != nil {
		return r.term(q.Term, in)
	}
	switch q.Op {
	case gojq.OpPipe:
		out := r.query(q.Left, in)
		if q.Patterns == nil {
			return r.query(q.Right, out)
		}
		r.patterns(q.Patterns, out)
		return r.query(q.Right, in)
	case gojq.OpAlt:
		r.quietly(q.Left, in)
		r.query(q.Right, in)
		return otherState
	case gojq.OpAssign:
		r.quietly(q.Left, in)
		r.query(q.Right, in)
		return otherState
	case gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
		r.quietly(q.Left, in)
		return in
	}
	left, right := r.query(q.Left, in), r.query(q.Right, in)
	if q.Op == gojq.OpComma && left == right || q.Op == gojq.OpAdd && left == manyRecords && right == manyRecords {
		return left
	}
	return otherState
}

func (r *keyReader) patterns(all []*gojq.Pattern, s state) {
	for _, p := range all {
		if p.Name != "" {
			r.vars[p.Name] = s
		}
		for _, o := range p.Object {
			if s == oneRecord && o.Key != "" {
				r.read(strings.TrimPrefix(o.Key, "$"))
			}
		}
	}
}

func (r *keyReader) term(t *gojq.Term, in state) state {
	optional := len(t.SuffixList) > 0 && t.SuffixList[0].Optional
	if optional {
		r.quiet++
	}
	out := r.base(t, in)
	if optional {
		r.quiet--
	}
	for i, s := range t.SuffixList {
		switch {
		case s.Iter && out == manyRecords:
			out = oneRecord
		case s.Optional:
		case s.Index != nil:
			optional := i+1 < len(t.SuffixList) && t.SuffixList[i+1].Optional
			out = r.index(s.Index, out, in, optional)
		default:
			out = otherState
		}
	}
	return out
}

func (r *keyReader) index(x *gojq.Index, of, in state, optional bool) state {
	key := x.Name
	if x.Str != nil && x.Str.Queries == nil {
		key = x.Str.Str
	}
	if s := x.Start; s != nil && s.Term != nil && s.Term.Type == gojq.TermTypeString && s.Term.Str.Queries == nil && !x.IsSlice {
		key = s.Term.Str.Str
	}
	switch {
	case key != "" && of == oneRecord && !optional:
		r.read(key)
	case key == "" && of == manyRecords && x.IsSlice:
		return manyRecords
	case key == "" && of == manyRecords:
		r.query(x.Start, in)
		return oneRecord
	}
	return otherState
}

func (r *keyReader) base(t *gojq.Term, in state) state {
	switch t.Type {
	case gojq.TermTypeIdentity:
		return in
	case gojq.TermTypeIndex:
		optional := len(t.SuffixList) > 0 && t.SuffixList[0].Optional
		return r.index(t.Index, in, in, optional)
	case gojq.TermTypeFunc:
		return r.call(t.Func, in)
	case gojq.TermTypeQuery:
		return r.query(t.Query, in)
	case gojq.TermTypeArray:
		if t.Array.Query != nil && r.query(t.Array.Query, in) == oneRecord {
			return manyRecords
		}
	case gojq.TermTypeObject:
		for _, kv := range t.Object.KeyVals {
			r.member(kv, in)
		}
	case gojq.TermTypeUnary:
		r.term(t.Unary.Term, in)
	case gojq.TermTypeString, gojq.TermTypeFormat:
		if t.Str != nil {
			for _, q := range t.Str.Queries {
				r.query(q, in)
			}
		}
	case gojq.TermTypeIf:
		r.query(t.If.Cond, in)
		out := r.query(t.If.Then, in)
		for _, e := range t.If.Elif {
			r.query(e.Cond, in)
			if r.query(e.Then, in) != out {
				out = otherState
			}
		}
		if r.query(t.If.Else, in) == out {
			return out
		}
	case gojq.TermTypeTry:
		r.quietly(t.Try.Body, in)
	case gojq.TermTypeReduce:
		r.patterns(t.Reduce.Patterns, r.query(t.Reduce.Query, in))
		r.query(t.Reduce.Start, in)
		r.query(t.Reduce.Update, otherState)
	case gojq.TermTypeForeach:
		r.patterns(t.Foreach.Patterns, r.query(t.Foreach.Query, in))
		r.query(t.Foreach.Start, in)
		r.query(t.Foreach.Update, otherState)
		r.query(t.Foreach.Extract, otherState)
	case gojq.TermTypeLabel:
		return r.query(t.Label.Body, in)
	}
	return otherState
}

func (r *keyReader) member(kv *gojq.ObjectKeyVal, in state) {
	switch {
	case kv.KeyQuery != nil:
		r.query(kv.KeyQuery, in)
		r.query(kv.Val, in)
	case kv.Val != nil:
		r.query(kv.Val, in)
	case in != oneRecord:
	case kv.KeyString != nil && kv.KeyString.Queries == nil:
		r.read(kv.KeyString.Str)
	case kv.Key != "" && kv.Key[0] != '$':
		r.read(kv.Key)
	}
}

// call is what a function makes of its input.
func (r *keyReader) call(f *gojq.Func, in state) state {
	if strings.HasPrefix(f.Name, "$") {
		return r.vars[f.Name]
	}
	key := fmt.Sprintf("%s/%d", f.Name, len(f.Args))
	if def := r.defs[key]; def != nil {
		if len(def.Args) > 0 || r.depth > 8 {
			return otherState
		}
		r.depth++
		defer func() { r.depth-- }()
		return r.query(def.Body, in)
	}
	elements := otherState // of an array of records
	if in == manyRecords {
		elements = oneRecord
	}
	switch key {
	case "select/1":
		r.query(f.Args[0], in)
		return in
	case "map/1":
		if r.query(f.Args[0], elements) == oneRecord {
			return manyRecords
		}
		return otherState
	case "sort_by/1", "unique_by/1":
		r.query(f.Args[0], elements)
		return in
	case "group_by/1", "any/1", "all/1":
		r.query(f.Args[0], elements)
		return otherState
	case "min_by/1", "max_by/1":
		r.query(f.Args[0], elements)
		return elements
	case "beyond_newest/2", "beyond_budget/2":
		r.query(f.Args[1], elements)
		return in
	case "beyond_budget/1", "sort/0", "reverse/0", "unique/0":
		return in
	case "first/0", "last/0", "nth/1":
		return elements
	case "first/1", "last/1":
		return r.query(f.Args[0], in)
	case "limit/2":
		return r.query(f.Args[1], in)
	case "any/2", "all/2":
		r.query(f.Args[1], r.query(f.Args[0], in))
		return otherState
	case "input/0", "inputs/0":
		if r.inputs {
			return oneRecord
		}
		return otherState
	case "getpath/1":
		if a := f.Args[0].Term; in == oneRecord && a != nil && a.Type == gojq.TermTypeArray && a.Array.Query != nil {
			first := a.Array.Query
			for first.Op == gojq.OpComma {
				first = first.Left
			}
			if key, ok := constant(first); ok {
				r.read(key)
			}
		}
		return otherState
	case "has/1", "del/1", "pick/1", "path/1", "paths/1", "with_entries/1", "walk/1", "map_values/1", "recurse/1", "recurse/2", "to_entries/0":
		return otherState
	}
	for _, arg := range f.Args {
		r.query(arg, in)
	}
	return otherState
}
