package query

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/itchyny/gojq"
)

// Unsafe says why a filter may select everything by mistake, such as one that an
// unset variable of the shell has left a hole in, or a condition that always
// holds; "" if it does not look so.
func (o *Options) Unsafe() (why string) {
	for i, v := range o.Vars.values {
		if v == "" {
			return fmt.Sprintf("--arg %s is empty; an unset variable?", o.Vars.names[i][1:])
		}
	}
	q, _, err := parse(o.Filter)
	if err != nil {
		return ""
	}
	why = alwaysHolds(q)
	walk(reflect.ValueOf(q), func(node any) {
		f, ok := node.(*gojq.Func)
		if !ok || len(f.Args) == 0 || why != "" {
			return
		}
		switch f.Name {
		case "test", "startswith", "endswith", "contains":
			if l, ok := literal(f.Args[0]).(string); ok && l == "" {
				why = f.Name + `("") is true of every string; an unset variable?`
			}
		}
	})
	return why
}

// literal is the string or number that q is, nil for any other filter.
func literal(q *gojq.Query) any {
	t := q.Term
	if t == nil || t.SuffixList != nil || q.FuncDefs != nil {
		return nil
	}
	switch {
	case t.Type == gojq.TermTypeString && t.Str.Queries == nil:
		return t.Str.Str
	case t.Type == gojq.TermTypeNumber:
		return t.Number
	case t.Type == gojq.TermTypeQuery:
		return literal(t.Query)
	}
	return nil
}

// guard has what a filter compares with a literal, or with what is reckoned, be of
// the same type: in jq's order of all values null is less than any number, and a
// number less than any string, so that such a comparison selects everything.
func guard(q *gojq.Query, vars types) {
	walk(reflect.ValueOf(q), func(node any) {
		q, ok := node.(*gojq.Query)
		if !ok || q.Left == nil || q.Right == nil {
			return
		}
		switch q.Op {
		case gojq.OpLt, gojq.OpGt, gojq.OpLe, gojq.OpGe:
			left, right := vars.of(q.Left), vars.of(q.Right)
			switch {
			case left == right:
			case right != "":
				q.Left = checked(q.Left, right)
			default:
				q.Right = checked(q.Right, left)
			}
		case gojq.OpEq, gojq.OpNe: // "0" != 0 is true; of what is missing it is meant to be
			left, right := vars.of(q.Left), vars.of(q.Right)
			switch {
			case left == right:
			case right != "" && isPath(q.Left):
				q.Left = piped(q.Left, right+"_or_null")
			case left != "" && isPath(q.Right):
				q.Right = piped(q.Right, left+"_or_null")
			case right != "" && q.Op == gojq.OpNe:
				q.Left = checked(q.Left, "_is_scalar")
			}
		}
	})
}

// types are those of variables, as the functions that check for them.
type types map[string]string

// of names the function that checks for the type of what q gives, "" where its
// text does not tell.
func (vars types) of(q *gojq.Query) string {
	if isReckoned(q) {
		return "_is_number"
	}
	if t := q.Term; t != nil && (t.Type == gojq.TermTypeTrue || t.Type == gojq.TermTypeFalse) {
		return "_is_boolean"
	}
	if t := q.Term; t != nil && t.Type == gojq.TermTypeFunc {
		switch {
		case t.SuffixList == nil:
			return vars[t.Func.Name]
		case t.Func.Name == "$ENV" || t.Func.Name == "env" && len(t.Func.Args) == 0:
			return "_is_string"
		}
	}
	if t := q.Term; t != nil && t.Type != gojq.TermTypeNumber {
		if _, ok := literal(q).(string); ok {
			return "_is_string"
		}
	}
	return ""
}

// isReckoned reports whether q is a number, or reckons with one.
func isReckoned(q *gojq.Query) bool {
	if t := q.Term; t != nil {
		switch {
		case t.SuffixList != nil:
		case t.Type == gojq.TermTypeQuery:
			return isReckoned(t.Query)
		case t.Type == gojq.TermTypeFunc:
			return slices.Contains([]string{"now", "duration", "timestamp", "age", "length"}, t.Func.Name)
		}
		return t.Type == gojq.TermTypeNumber && t.SuffixList == nil
	}
	switch q.Op {
	case gojq.OpPipe:
		return isReckoned(q.Right)
	case gojq.OpAdd, gojq.OpSub, gojq.OpMul, gojq.OpDiv, gojq.OpMod:
		return isReckoned(q.Left) || isReckoned(q.Right)
	}
	return false
}

// checked has by check the value of q. What a function says of a record may be
// null, which is not the record's mistake.
func checked(q *gojq.Query, by string) *gojq.Query {
	if t := q.Term; !isPath(q) && (t == nil || t.Type != gojq.TermTypeIdentity) {
		by += "_or_null"
	}
	return piped(q, by)
}

func piped(q *gojq.Query, by string) *gojq.Query {
	inner := &gojq.Query{Left: q, Op: gojq.OpPipe, Right: call(by)}
	return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeQuery, Query: inner}}
}

// isPath reports whether q is .a, or .b of what another filter gives, as in inspect.b.
func isPath(q *gojq.Query) bool {
	t := q.Term
	return t != nil && (t.Type == gojq.TermTypeIndex || slices.ContainsFunc(t.SuffixList, func(s *gojq.Suffix) bool { return s.Index != nil }))
}

// mustBe makes the function that guard checks a value with. On a list nothing is
// done when it fails; on a stream without an end that record is not acted on.
func (p *Program) mustBe(kind string, null bool, ok func(any) bool) func(any, []any) any {
	return func(v any, _ []any) any {
		if ok(v) || v == nil && null {
			return v
		}
		err := fmt.Errorf("the filter compares %s with a %s", gojq.TypeOf(v), kind)
		if p.options.Live {
			return err
		}
		return p.questions.fail(fmt.Errorf("%w; nothing is done", err))
	}
}

func isString(v any) bool { _, ok := v.(string); return ok }

func isBoolean(v any) bool { _, ok := v.(bool); return ok }

func isNumber(v any) bool { _, ok := number(v); return ok }

func isScalar(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return false
	}
	return true
}
