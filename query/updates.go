package query

import (
	"errors"

	"baleen/query/text"
)

// put sets what paths lead to.
func (p *Program) put(v any, args []any) any {
	paths := args[0].([]any)
	var own map[identity]bool // what was copied before, and so may change
	if len(paths) > 1 {
		own = map[identity]bool{}
	}
	for _, path := range paths {
		keys, ok := path.([]any)
		if len(keys) > text.MaxDepth {
			return errors.New("path too deep")
		}
		if ok {
			var w any
			if w, ok = p.set(v, keys, args[1], own); ok {
				v = w
				continue
			}
		}
		w := p.compute("$x[0] | setpath($x[1]; $y)", []any{v, path}, args[1])
		if err, failed := w.(error); failed {
			return err
		}
		p.likeness(w, v, nil, 0)
		v = w
	}
	return v
}

// set is put for one path. It is not ok where gojq has to say what comes of it.
func (p *Program) set(v any, path []any, to any, own map[identity]bool) (w any, ok bool) {
	if len(path) == 0 {
		return to, true
	}
	switch key := path[0].(type) {
	case string:
		m, isObject := v.(map[string]any)
		if !isObject && v != nil {
			return nil, false
		}
		old, had := m[key]
		if old, ok = p.set(old, path[1:], to, own); !ok {
			return nil, false
		}
		from := m
		if !own[identify(m)] || m == nil {
			m = make(map[string]any, len(from)+1)
			for k, v := range from {
				m[k] = v
			}
		}
		if had {
			m[key] = old
			p.orders.Like(m, from)
		} else {
			m[key] = old
			p.orders.Add(m, from, key)
		}
		if own != nil {
			own[identify(m)] = true
		}
		return m, true
	case int:
		a, isArray := v.([]any)
		if !isArray && v != nil || key < 0 || key > len(a)+1<<10 {
			return nil, false
		}
		var old any
		if key < len(a) {
			old = a[key]
		}
		if old, ok = p.set(old, path[1:], to, own); !ok {
			return nil, false
		}
		if !own[identify(a)] || key >= len(a) {
			b := make([]any, max(len(a), key+1))
			copy(b, a)
			a = b
		}
		a[key] = old
		if own != nil {
			own[identify(a)] = true
		}
		return a, true
	}
	return nil, false
}

// like gives what an update made of a value the order that it had. Keys that are new
// come in the order of the names in the update.
func (p *Program) like(v any, args []any) any {
	p.likeness(v, args[0], args[1].([]any), 0)
	return v
}

func (p *Program) likeness(v, old any, names []any, depth int) {
	if depth > text.MaxDepth {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		from, ok := old.(map[string]any)
		if ok && identify(from) == identify(v) || p.orders.Has(v) {
			return // as it was, or as the update wrote it
		}
		if len(v) > 1 {
			p.orders.Set(v, p.alike(v, from, names))
		}
		for key, value := range v {
			switch value.(type) {
			case map[string]any, []any:
				if ok {
					p.likeness(value, from[key], names, depth+1)
				} else if len(names) > 1 {
					p.likeness(value, nil, names, depth+1)
				}
			}
		}
	case []any:
		from, ok := old.([]any)
		if ok && identify(from) == identify(v) {
			return
		}
		if len(v) < len(from) {
			from = remaining(v, from)
		}
		for i, value := range v {
			switch value.(type) {
			case map[string]any, []any:
				if i < len(from) {
					p.likeness(value, from[i], names, depth+1)
				}
			}
		}
	}
}

// remaining gives for each element of v what it was in from, of which some are deleted.
func remaining(v, from []any) []any {
	unchanged := make(map[identity]bool, len(v))
	for _, value := range v {
		unchanged[identify(value)] = true
	}
	delete(unchanged, identity{})
	all, j := make([]any, len(v)), 0
	for i, value := range v {
		if unchanged[identify(value)] {
			all[i] = value
			continue
		}
		for j < len(from) && (unchanged[identify(from[j])] || !within(value, from[j])) {
			j++
		}
		if j < len(from) {
			all[i] = from[j]
			j++
		}
	}
	return all
}

// within is whether an object may be another one of which keys are deleted.
func within(v, from any) bool {
	m, ok := v.(map[string]any)
	of, ok2 := from.(map[string]any)
	if !ok || !ok2 {
		return ok == ok2
	}
	for key := range m {
		if _, had := of[key]; !had {
			return false
		}
	}
	return true
}

// alike gives the keys of v: first those of from.
func (p *Program) alike(v, from map[string]any, names []any) []string {
	keys := make([]string, 0, len(v))
	for _, key := range p.orders.Keys(from) {
		if _, ok := v[key]; ok {
			keys = append(keys, key)
		}
	}
	if len(keys) == len(v) {
		return keys
	}
	for _, name := range names {
		key := name.(string)
		_, had := from[key]
		if _, ok := v[key]; ok && !had {
			keys = append(keys, key)
		}
	}
	for _, key := range p.orders.Keys(v) {
		if _, had := from[key]; !had {
			keys = append(keys, key)
		}
	}
	return keys
}
