package query

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// alwaysHolds says why a condition of a filter holds whatever the record is, as
// that of select(.State = "exited") does; "" if it finds none. In jq all but null
// and false is true, also 0.
func alwaysHolds(q *gojq.Query) (why string) {
	a := always{defs: map[string]*gojq.FuncDef{}}
	walk(reflect.ValueOf(q), func(node any) {
		if def, ok := node.(*gojq.FuncDef); ok && len(def.Args) == 0 {
			a.defs[def.Name] = def
		}
	})
	check := func(condition *gojq.Query) {
		if why == "" && condition != nil {
			why = a.query(condition)
		}
	}
	walk(reflect.ValueOf(q), func(node any) {
		switch n := node.(type) {
		case *gojq.If:
			check(n.Cond)
		case *gojq.IfElif:
			check(n.Cond)
		case *gojq.Func:
			switch fmt.Sprintf("%s/%d", n.Name, len(n.Args)) {
			case "select/1", "any/1", "all/1":
				check(n.Args[0])
			case "any/2", "all/2", "lasting/2":
				check(n.Args[1])
			}
		}
	})
	return why
}

// always looks at conditions; its methods say why one always holds, or "".
type always struct {
	defs  map[string]*gojq.FuncDef // those without parameters
	depth int
}

func (a *always) query(q *gojq.Query) string {
	if q.Term != nil {
		return a.term(q.Term)
	}
	switch q.Op {
	case gojq.OpPipe:
		return a.query(q.Right)
	case gojq.OpAlt:
		if r := q.Right; r.Left != nil && literal(r.Left) != nil {
			return fmt.Sprintf("%s %s %s stands alone, as // binds less; write (… // %[1]s) %[2]s …", r.Left, r.Op, r.Right)
		}
		return a.query(q.Right)
	case gojq.OpComma, gojq.OpOr:
		l, r := q.Left, q.Right
		if q.Op == gojq.OpOr && l.Op == gojq.OpNe && r.Op == gojq.OpNe && l.Left.String() == r.Left.String() && literal(l.Right) != literal(r.Right) {
			return fmt.Sprintf("%s is always true, of one value or the other; and means neither", q)
		}
		if why := a.query(q.Left); why != "" {
			return why
		}
		return a.query(q.Right)
	case gojq.OpAnd:
		if a.query(q.Left) == "" {
			return ""
		}
		return a.query(q.Right)
	case gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
		return fmt.Sprintf("%s changes a value, which is always true; == compares", q)
	case gojq.OpSub, gojq.OpMul, gojq.OpDiv, gojq.OpMod:
		return fmt.Sprintf("%s is always true, also where it is 0; compare it", q)
	}
	return ""
}

func (a *always) term(t *gojq.Term) string {
	if t.SuffixList != nil {
		return ""
	}
	switch t.Type {
	case gojq.TermTypeQuery:
		return a.query(t.Query)
	case gojq.TermTypeString, gojq.TermTypeFormat, gojq.TermTypeNumber, gojq.TermTypeArray, gojq.TermTypeObject, gojq.TermTypeUnary:
		return fmt.Sprintf("%s by itself is always true; == compares", t)
	case gojq.TermTypeFunc:
		if def := a.defs[t.Func.Name]; def != nil && len(t.Func.Args) == 0 {
			if a.depth++; a.depth > 8 {
				return ""
			}
			defer func() { a.depth-- }()
			return a.query(def.Body)
		}
		if slices.Contains(strings.Fields(neverFalse), t.Func.Name) {
			return fmt.Sprintf("%s is always true, also where it is 0 or empty; compare it", t)
		}
	}
	return ""
}

// neverFalse lists functions that give neither null nor false.
const neverFalse = `length utf8bytelength tonumber tostring tojson keys keys_unsorted to_entries from_entries with_entries
	map sort sort_by group_by unique unique_by reverse flatten split join sub gsub ascii_downcase ascii_upcase
	ltrimstr rtrimstr explode floor ceil round now duration timestamp human_size human_duration`
