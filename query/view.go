package query

import (
	"encoding/json"
	"iter"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// Show gives what a view, which is a filter, makes of each result.
func Show(view string, results iter.Seq2[json.RawMessage, error]) iter.Seq2[json.RawMessage, error] {
	p, err := Compile(Options{Filter: view})
	if err != nil {
		return func(yield func(json.RawMessage, error) bool) { yield(nil, err) }
	}
	p.net = &net{} // a view's keys may be missing
	return p.Run(results)
}

// Paired gives for each row of a view {"own", "raw", "record"}: the view's columns as
// text for people and as values, and the record.
func Paired(view string, results iter.Seq2[json.RawMessage, error]) iter.Seq2[json.RawMessage, error] {
	const values = `def human_size: .; def _human_memory: .; def human_duration: .; def _ago: _created? // null; `
	return Show(`. as $record | [`+view+`] as $own | [`+values+view+`] as $raw | range($own | length) as $i | {own: $own[$i], raw: $raw[$i], record: $record}`, results)
}

// Columns gives the keys of the objects that a filter makes in the order in which
// they are written. It is nil if the filter's text does not tell.
func Columns(filter string) []string {
	q, _, err := parse(filter)
	if err != nil {
		return nil
	}
	if keys, depth := columns(q); depth == 0 {
		return keys
	}
	return nil
}

// columns gives the keys of the objects that q makes, and how deep in arrays those are.
func columns(q *gojq.Query) (keys []string, depth int) {
	switch {
	case q.Term != nil:
		if keys, depth = termColumns(q.Term); keys != nil {
			var ok bool
			if depth, ok = suffixes(q.Term.SuffixList, depth); ok {
				return keys, depth
			}
		}
	case q.Op == gojq.OpPipe:
		if keys, depth = columns(q.Left); keys != nil && q.Patterns == nil {
			var ok bool
			if depth, ok = passes(q.Right, depth); ok {
				return keys, depth
			}
		}
		return columns(q.Right)
	case q.Op == gojq.OpComma, q.Op == gojq.OpAdd, q.Op == gojq.OpAlt:
		return unite(q.Left, q.Right)
	}
	return nil, 0
}

// unite gives the keys of all that several filters make, if each one's text tells.
func unite(all ...*gojq.Query) (keys []string, depth int) {
	for _, q := range all {
		if t := q.Term; t != nil && t.Type == gojq.TermTypeFunc && (t.Func.Name == "empty" || t.Func.Name == "error") {
			continue // makes nothing
		}
		more, n := columns(q)
		if more == nil || keys != nil && n != depth {
			return nil, 0
		}
		more = slices.DeleteFunc(more, func(key string) bool { return slices.Contains(keys, key) })
		keys, depth = append(keys, more...), n
	}
	return keys, depth
}

func termColumns(t *gojq.Term) (keys []string, depth int) {
	switch {
	case t.Type == gojq.TermTypeQuery:
		return columns(t.Query)
	case t.Type == gojq.TermTypeArray && t.Array.Query != nil:
		keys, depth = columns(t.Array.Query)
		return keys, depth + 1
	case t.Type == gojq.TermTypeFunc && t.Func.Name == "map" && len(t.Func.Args) == 1:
		keys, depth = columns(t.Func.Args[0])
		return keys, depth + 1
	case t.Type == gojq.TermTypeIf && t.If.Else != nil: // without one, its input may pass
		branches := []*gojq.Query{t.If.Then, t.If.Else}
		for _, elif := range t.If.Elif {
			branches = slices.Insert(branches, len(branches)-1, elif.Then)
		}
		return unite(branches...)
	case t.Type != gojq.TermTypeObject:
		return nil, 0
	}
	for _, kv := range t.Object.KeyVals {
		switch {
		case kv.Key != "":
			keys = append(keys, strings.TrimPrefix(kv.Key, "$"))
		case kv.KeyString != nil && kv.KeyString.Queries == nil:
			keys = append(keys, kv.KeyString.Str)
		default:
			return nil, 0
		}
	}
	return keys, 0
}

// Passes reports whether the filter's text shows that every result is a record,
// unchanged: it selects and sorts, and makes nothing.
func (o *Options) Passes() bool {
	if o.Null {
		return false
	}
	q, _, err := parse(o.Filter)
	if err != nil || q.Imports != nil || q.FuncDefs != nil {
		return false
	}
	depth := 0
	if o.Slurp {
		depth = 1
	}
	depth, ok := passes(q, depth)
	return ok && depth == 0
}

// passes reports whether q gives records, unchanged, where it is given records that
// are depth arrays deep, and how deep they are then.
func passes(q *gojq.Query, depth int) (int, bool) {
	if q.Op == gojq.OpPipe && q.Patterns == nil {
		depth, ok := passes(q.Left, depth)
		if !ok {
			return 0, false
		}
		return passes(q.Right, depth)
	}
	t := q.Term
	switch {
	case t == nil:
		return 0, false
	case t.Type == gojq.TermTypeIdentity:
	case t.Type == gojq.TermTypeIndex && t.Index.IsSlice:
	case t.Type == gojq.TermTypeIndex && t.Index.Name == "" && t.Index.Str == nil:
		depth--
	case t.Type == gojq.TermTypeQuery:
		var ok bool
		if depth, ok = passes(t.Query, depth); !ok {
			return 0, false
		}
	case t.Type == gojq.TermTypeArray && t.Array.Query != nil:
		var ok bool
		if depth, ok = passes(t.Array.Query, depth); !ok {
			return 0, false
		}
		depth++
	case t.Type == gojq.TermTypeFunc:
		switch t.Func.Name {
		case "select", "sort", "sort_by", "reverse", "unique_by", "beyond_newest", "beyond_budget":
		case "first", "last", "min_by", "max_by":
			if t.Func.Name[0] != 'm' && len(t.Func.Args) > 0 {
				return 0, false
			}
			depth--
		default:
			return 0, false
		}
	default:
		return 0, false
	}
	return suffixes(t.SuffixList, depth)
}

// suffixes is how deep in arrays what follows a term leaves its value; ok is
// false if it leads into an object.
func suffixes(list []*gojq.Suffix, depth int) (int, bool) {
	for _, s := range list {
		switch {
		case s.Iter:
			depth--
		case s.Optional:
		case s.Index == nil || s.Index.Name != "" || s.Index.Str != nil:
			return 0, false
		case !s.Index.IsSlice:
			depth--
		}
	}
	return depth, true
}
