package query

import (
	"slices"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
)

// update rewrites l = r, l |= r and the like.
func (w *ordering) update(q *gojq.Query) *gojq.Query {
	l, r, op := w.query(q.Left, true), w.query(q.Right, false), q.Op
	if op == gojq.OpAssign { // r as $x | _put([path(l)]; $x)
		x := w.variable()
		all := &gojq.Term{Type: gojq.TermTypeArray, Array: &gojq.Array{Query: call("path", l)}}
		return as(r, x, call("%put", asQuery(all), call(x)))
	}
	// . as $old | (l |= r) | _like($old; [the keys that l names])
	old := w.variable()
	name := map[gojq.Operator]string{gojq.OpUpdateAdd: "%sum", gojq.OpUpdateMul: "%product"}[op]
	change := &gojq.Query{Left: l, Op: op, Right: r}
	var x string
	if name != "" && maybeObject(r) {
		x = w.variable()
		change.Op, change.Right = gojq.OpModify, call(name, dot(), call(x))
	}
	kept := as(dot(), old, pipe(asQuery(paren(change)), call("%like", call(old), named(l))))
	if x != "" {
		kept = as(r, x, kept)
	}
	return kept
}

// named is an array of the keys that stand in a filter.
func named(q *gojq.Query) *gojq.Query {
	var keys *gojq.Query
	add := func(key string) {
		if keys == nil {
			keys = quoted(key)
		} else {
			keys = &gojq.Query{Left: keys, Op: gojq.OpComma, Right: quoted(key)}
		}
	}
	visit(q, func(node any) {
		switch node := node.(type) {
		case *gojq.Index:
			if node.Name != "" {
				add(node.Name)
			}
		case *gojq.String:
			if node.Queries == nil {
				add(node.Str)
			}
		}
	})
	return asQuery(&gojq.Term{Type: gojq.TermTypeArray, Array: &gojq.Array{Query: keys}})
}

// object rewrites an object that is written out.
func (w *ordering) object(t *gojq.Term) *gojq.Term {
	var keys []string
	known := true
	for _, kv := range t.Object.KeyVals {
		kv.Val, kv.KeyQuery = w.query(kv.Val, false), w.query(kv.KeyQuery, false)
		w.string(kv.KeyString)
		switch {
		case kv.Key != "" && (kv.Key[0] != '$' || kv.Val == nil):
			keys = append(keys, strings.TrimPrefix(kv.Key, "$"))
		case kv.KeyString != nil && kv.KeyString.Queries == nil:
			keys = append(keys, kv.KeyString.Str)
		default:
			known = false
		}
	}
	switch {
	case len(t.Object.KeyVals) < 2, known && !w.updates && slices.IsSorted(keys):
		return t
	case known:
		w.written = append(w.written, keys)
		return paren(pipe(asQuery(t), call("%written", asQuery(&gojq.Term{Type: gojq.TermTypeNumber, Number: strconv.Itoa(len(w.written) - 1)}))))
	}
	// k1 as $k1 | v1 as $v1 | … | {($k1): $v1, …} | _ordered([$k1, …])
	type binding struct {
		value *gojq.Query
		name  string
	}
	var bindings []binding
	var list *gojq.Query
	made := &gojq.Object{}
	for _, kv := range t.Object.KeyVals {
		k, v := binding{name: w.variable()}, binding{kv.Val, w.variable()}
		switch {
		case kv.Key != "" && kv.Key[0] == '$' && kv.Val == nil:
			k.value, v.value = quoted(kv.Key[1:]), call(kv.Key)
		case kv.Key != "" && kv.Key[0] == '$': // {$x: 1} is {($x): 1}
			k.value = call(kv.Key)
		case kv.Key != "":
			k.value = quoted(kv.Key)
		case kv.KeyString != nil:
			k.value = asQuery(&gojq.Term{Type: gojq.TermTypeString, Str: kv.KeyString})
		default:
			k.value = kv.KeyQuery
		}
		if v.value == nil {
			v.value = asQuery(&gojq.Term{Type: gojq.TermTypeIndex, Index: &gojq.Index{Start: call(k.name)}})
		}
		bindings = append(bindings, k, v)
		made.KeyVals = append(made.KeyVals, &gojq.ObjectKeyVal{KeyQuery: call(k.name), Val: call(v.name)})
		if list == nil {
			list = call(k.name)
		} else {
			list = &gojq.Query{Left: list, Op: gojq.OpComma, Right: call(k.name)}
		}
	}
	q := pipe(asQuery(&gojq.Term{Type: gojq.TermTypeObject, Object: made}),
		call("%ordered", asQuery(&gojq.Term{Type: gojq.TermTypeArray, Array: &gojq.Array{Query: list}})))
	for _, b := range slices.Backward(bindings) {
		q = as(b.value, b.name, q)
	}
	return paren(q)
}
