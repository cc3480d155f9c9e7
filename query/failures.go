package query

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/itchyny/gojq"
)

// failures are those of the records of one run: of each kind the first is told at
// once, and how many others there were at the end.
type failures struct {
	others map[string]int // by kind
	kinds  []string       // in the order of their first ones
	shown  *regexp.Regexp // a value in a message of gojq's: number (1)
	hint   string         // what the filter expects, perhaps, that records are not; told once
}

// first reports whether an error is the first of its kind. It gives that the hint.
func (f *failures) first(e *RecordError) bool {
	if f.shown == nil {
		f.shown = regexp.MustCompile(`\b(boolean|number|string|array|object) \((?s:.*?)\)( and |$)`)
	}
	kind := f.shown.ReplaceAllString(e.Err.Error(), "$1$2")
	if _, ok := f.others[kind]; ok {
		f.others[kind]++
		return false
	}
	if f.others == nil {
		f.others = map[string]int{}
	}
	f.others[kind] = 0
	f.kinds = append(f.kinds, kind)
	e.hint, f.hint = f.hint, ""
	return true
}

// rest gives an error for each kind that came again.
func (f *failures) rest() (all []*RecordError) {
	for _, kind := range f.kinds {
		switch n := f.others[kind]; n {
		case 0:
		case 1:
			all = append(all, &RecordError{Record: "another record", Err: fmt.Errorf("%s", kind)})
		default:
			all = append(all, &RecordError{Record: fmt.Sprintf("%d other records", n), Err: fmt.Errorf("%s", kind)})
		}
	}
	return all
}

// arrayHint is what to tell whoever pastes a filter for the array that the Engine
// sends: .[] | …, .[0], map(…), [.[] | …], .Volumes[]. It is "" for other filters.
func arrayHint(q *gojq.Query) string {
	for q.Op == gojq.OpPipe {
		q = q.Left
	}
	t := q.Term
	if t == nil {
		return ""
	}
	begins := ""
	suffix := &gojq.Suffix{}
	if len(t.SuffixList) > 0 {
		suffix = t.SuffixList[0]
	}
	switch {
	case t.Type == gojq.TermTypeArray && t.Array.Query != nil && len(t.SuffixList) == 0:
		return arrayHint(t.Array.Query)
	case t.Type == gojq.TermTypeQuery:
		return arrayHint(t.Query)
	case t.Type == gojq.TermTypeIdentity && suffix.Iter:
		begins = ".[] |"
	case t.Type == gojq.TermTypeIndex && t.Index.Name == "Volumes" && suffix.Iter:
		begins = ".Volumes[] |"
	case t.Type == gojq.TermTypeIndex && t.Index.Start != nil && !t.Index.IsSlice && strings.TrimLeft(t.Index.Start.String(), "-0123456789") == "":
		begins = t.String()[:strings.IndexByte(t.String(), ']')+1]
	case t.Type == gojq.TermTypeFunc && t.Func.Name == "map" && len(t.Func.Args) == 1:
		begins = "map(…)"
	default:
		return ""
	}
	return "records come one by one: leave `" + begins + "` out, or use -s"
}
