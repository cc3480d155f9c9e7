package text

import (
	"bytes"
	"cmp"
	"math"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// A condition is the F of a select(F) that can be answered from a record's text.
// It is not ok where gojq has to say.
type condition func(raw []byte) (holds, ok bool)

// newCondition makes one of paths, such as .a.b, of how they compare with a number,
// a string, true, false or null, of test("…"), and, or, and not. It is nil for
// other filters.
func newCondition(q *gojq.Query) condition {
	if t := q.Term; t != nil && t.Type == gojq.TermTypeQuery && t.SuffixList == nil && q.FuncDefs == nil {
		return newCondition(t.Query)
	}
	if keys := pathKeys(q); keys != nil {
		return func(raw []byte) (holds, ok bool) {
			v, ok := follow(raw, keys)
			return ok && v[0] != 'n' && v[0] != 'f', ok
		}
	}
	if q.Left == nil || q.Right == nil || q.Patterns != nil || q.FuncDefs != nil {
		return nil
	}
	switch q.Op {
	case gojq.OpAnd, gojq.OpOr:
		left, right := newCondition(q.Left), newCondition(q.Right)
		if left == nil || right == nil {
			return nil
		}
		return func(raw []byte) (holds, ok bool) {
			if holds, ok = left(raw); !ok || holds == (q.Op == gojq.OpOr) {
				return holds, ok
			}
			return right(raw)
		}
	case gojq.OpPipe:
		return newPiped(q)
	}
	keys, than := pathKeys(q.Left), newLiteral(q.Right)
	if keys == nil || than == nil {
		return nil
	}
	var holds func(order int) bool
	switch q.Op {
	case gojq.OpEq:
		holds = func(order int) bool { return order == 0 }
	case gojq.OpNe:
		holds = func(order int) bool { return order != 0 }
	case gojq.OpLt:
		holds = func(order int) bool { return order < 0 }
	case gojq.OpLe:
		holds = func(order int) bool { return order <= 0 }
	case gojq.OpGt:
		holds = func(order int) bool { return order > 0 }
	case gojq.OpGe:
		holds = func(order int) bool { return order >= 0 }
	default:
		return nil
	}
	return func(raw []byte) (bool, bool) {
		v, ok := follow(raw, keys)
		if !ok {
			return false, false
		}
		order, ok := than.compare(v)
		return holds(order), ok
	}
}

// newPiped makes the condition of F | not, and of .a.b | test("…").
func newPiped(q *gojq.Query) condition {
	t := q.Right.Term
	if t == nil || t.Type != gojq.TermTypeFunc || t.SuffixList != nil || q.Right.FuncDefs != nil {
		return nil
	}
	if left := newCondition(q.Left); left != nil && t.Func.Name == "not" && len(t.Func.Args) == 0 {
		return func(raw []byte) (bool, bool) {
			holds, ok := left(raw)
			return !holds, ok
		}
	}
	keys := pathKeys(q.Left)
	if keys == nil || t.Func.Name != "test" || len(t.Func.Args) != 1 {
		return nil
	}
	pattern := newLiteral(t.Func.Args[0])
	if pattern == nil || pattern.kind != '"' {
		return nil
	}
	r, err := regexp.Compile(string(pattern.text))
	if err != nil {
		return nil
	}
	ascii := regexp.MustCompile(`\\[wdsbWDSB]|\[:`).Match(pattern.text) // RE2 takes letters to be those of ASCII
	return func(raw []byte) (bool, bool) {
		v, ok := follow(raw, keys)
		if !ok || v[0] != '"' || bytes.IndexByte(v, '\\') >= 0 || ascii && bytes.ContainsFunc(v, func(c rune) bool { return c >= utf8.RuneSelf }) {
			return false, false
		}
		return r.Match(v[1 : len(v)-1]), true
	}
}

// A literal is a number, a string, true, false or null.
type literal struct {
	kind   byte // what it begins with; 0 is a number
	number int
	text   []byte // of a string
}

func newLiteral(q *gojq.Query) *literal {
	t := q.Term
	if t == nil || t.SuffixList != nil || q.FuncDefs != nil {
		return nil
	}
	switch t.Type {
	case gojq.TermTypeNull:
		return &literal{kind: 'n'}
	case gojq.TermTypeTrue:
		return &literal{kind: 't'}
	case gojq.TermTypeFalse:
		return &literal{kind: 'f'}
	case gojq.TermTypeNumber:
		if f, err := strconv.ParseFloat(t.Number, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1e15 {
			return &literal{number: int(f)}
		}
	case gojq.TermTypeString:
		if t.Str.Queries == nil {
			return &literal{kind: '"', text: []byte(t.Str.Str)}
		}
	}
	return nil
}

// compare compares a value with the literal, in jq's order of all values.
func (l *literal) compare(raw []byte) (order int, ok bool) {
	kind := raw[0]
	if kind <= '9' && kind != '"' {
		kind = 0
	}
	if kind != l.kind {
		const kinds = "nft\x00\"[{"
		return cmp.Compare(bytes.IndexByte([]byte(kinds), kind), bytes.IndexByte([]byte(kinds), l.kind)), true
	}
	switch kind {
	case '"':
		return bytes.Compare(raw[1:len(raw)-1], l.text), bytes.IndexByte(raw, '\\') < 0
	case 0:
		n, err := strconv.Atoi(string(raw))
		return cmp.Compare(n, l.number), err == nil && len(raw) <= 15
	}
	return 0, true
}
