package query

import (
	"fmt"

	"github.com/itchyny/gojq"

	"baleen/query/text"
)

// bounded are jq's loops over a value that each round may make deeper.
const bounded = `
def recurse(f): def r: ., (f | _bounded | r); r;

def recurse(f; condition): def r: ., (f | select(condition) | _bounded | r); r;

def while(condition; update): def r: if condition then ., (update | _bounded | r) else empty end; r;

def until(condition; update): def r: if condition then . else update | _bounded | r end; r;

`

const (
	firstRound = 1 << 13
	mostRounds = 1 << 20 // between two looks at how deep a value is
	mostNodes  = 1 << 23 // that a look takes in
)

// rounds counts those of a program's loops. What a loop makes deeper and deeper would
// run out of stack, which nothing can catch.
type rounds struct{ count, next int }

// bounded passes a value on, unless it is deeper than values may be. It looks at some.
func (p *Program) bounded(v any, _ []any) any {
	r := &p.rounds
	if r.count++; r.count < max(r.next, firstRound) {
		return v
	}
	r.next = r.count + min(r.count, mostRounds)
	nodes := mostNodes
	if deeper(v, text.MaxDepth, &nodes) {
		return tooDeep()
	}
	return v
}

func tooDeep() error { return fmt.Errorf("a value is deeper than %d", text.MaxDepth) }

// deeper reports whether a value goes deeper than depth, as far as nodes of it tell.
func deeper(v any, depth int, nodes *int) bool {
	if depth < 0 {
		return true
	}
	if *nodes--; *nodes < 0 {
		return false
	}
	switch v := v.(type) {
	case []any:
		for _, v := range v {
			if deeper(v, depth-1, nodes) {
				return true
			}
		}
	case map[string]any:
		for _, v := range v {
			if deeper(v, depth-1, nodes) {
				return true
			}
		}
	}
	return false
}

// mayDeepen is whether a round of a loop may put a value into another one.
func (w *ordering) mayDeepen(q *gojq.Query) (deepens bool) {
	visit(q, func(node any) {
		switch node := node.(type) {
		case *gojq.Query:
			deepens = deepens || node.Op == gojq.OpAssign || updates(node.Op)
		case *gojq.Term:
			deepens = deepens || node.Type == gojq.TermTypeArray || node.Type == gojq.TermTypeObject
		case *gojq.Func:
			deepens = deepens || node.Name == "setpath" || w.defined[node.Name]
		}
	})
	return deepens
}

// recursive is whether a function calls itself by name.
func recursive(def *gojq.FuncDef) (recurs bool) {
	visit(def.Body, func(node any) {
		f, ok := node.(*gojq.Func)
		recurs = recurs || ok && f.Name == def.Name && len(f.Args) == len(def.Args)
	})
	return recurs
}
