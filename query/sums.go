package query

import (
	"slices"

	"github.com/itchyny/gojq"
)

// sum is what + gives; that of two objects has the keys of the first one first.
func (p *Program) sum(l, r any) any {
	switch l := l.(type) {
	case nil:
		return r
	case map[string]any:
		if r, ok := r.(map[string]any); ok {
			return p.merge(l, r, false)
		}
	case int:
		if r, ok := r.(int); ok {
			if n := l + r; (n > l) == (r > 0) { // or it is too large
				return n
			}
		}
	case float64:
		switch r := r.(type) {
		case float64:
			return l + r
		case int:
			return l + float64(r)
		}
	case string:
		if r, ok := r.(string); ok {
			return l + r
		}
	case []any:
		if r, ok := r.([]any); ok {
			return append(slices.Clip(l), r...)
		}
	}
	if r == nil {
		return l
	}
	return p.compute("$x + $y", l, r)
}

func (p *Program) product(l, r any) any {
	switch l := l.(type) {
	case map[string]any:
		if r, ok := r.(map[string]any); ok {
			return p.merge(l, r, true)
		}
	case int:
		if r, ok := r.(int); ok && small(l) && small(r) {
			return l * r
		}
	case float64:
		switch r := r.(type) {
		case float64:
			return l * r
		case int:
			return l * float64(r)
		}
	}
	return p.compute("$x * $y", l, r)
}

func small(n int) bool { return -1<<31 < n && n < 1<<31 }

// compute runs a filter of gojq's with $x and $y.
func (p *Program) compute(filter string, x, y any) any {
	code := p.computes[filter]
	if code == nil {
		q, err := gojq.Parse(filter)
		if err != nil {
			return err
		}
		if code, err = gojq.Compile(q, gojq.WithVariables([]string{"$x", "$y"})); err != nil {
			return err
		}
		p.computes[filter] = code
	}
	v, _ := code.Run(x, x, y).Next()
	return v
}

func (p *Program) merge(l, r map[string]any, deep bool) map[string]any {
	m := make(map[string]any, len(l)+len(r))
	keys := slices.Clone(p.orders.Keys(l))
	for _, key := range keys {
		m[key] = l[key]
	}
	for _, key := range p.orders.Keys(r) {
		old, ok := m[key]
		if !ok {
			keys = append(keys, key)
		}
		a, ok1 := old.(map[string]any)
		b, ok2 := r[key].(map[string]any)
		if deep && ok1 && ok2 {
			m[key] = p.merge(a, b, true)
		} else {
			m[key] = r[key]
		}
	}
	p.orders.Set(m, keys)
	return m
}
