package query

import (
	"errors"
	"fmt"
	"slices"

	"github.com/itchyny/gojq"

	"baleen/query/text"
)

// ordered are those of jq's functions that see or make objects, with their keys in
// order. Those that begin with _ in them are natives, or gojq's own under another name.
const ordered = `
def _gojq_add: add;

def add: _values as $all | $all | _gojq_add | _added($all);

def add(f): [f] | add;

def map(f): [.[] | f];

def map_values(f): .[] |= f;

def keys_unsorted: _keys;

def to_entries: [_keys[] as $k | {key: $k, value: .[$k]}];

def from_entries: _from_entries;

def with_entries(f): to_entries | map(f) | from_entries;

def recurse: def r: ., (.[]? | r); r;

def any: any(.[]; .);

def all: all(.[]; .);

def any(f): any(.[]; f);

def all(f): all(.[]; f);

def paths: path(..) | select(. != []);

def paths(f): path(.. | select(f)) | select(. != []);

def walk(f): def w: if type == "object" then map_values(w) elif type == "array" then map(w) else . end | f; w;

def tostring: _text;

def tojson: _json;

def fromjson: _fromjson;

def _gojq_tobase64: _tobase64;

def _tobase64: _text | _gojq_tobase64;

def _gojq_tohtml: _tohtml;

def _tohtml: _text | _gojq_tohtml;

def _gojq_touri: _touri;

def _touri: _text | _gojq_touri;

def _gojq_delpaths($paths): delpaths($paths);

def delpaths($paths): . as $old | _gojq_delpaths($paths) | _like($old; []);

def del(f): delpaths([path(f)]);

def setpath(path; value): _setpath(path; value);

def pick(f): . as $v | reduce path(f) as $p (null; setpath($p; $v | getpath($p)));

def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p) | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);

def fromstream(f): { x: null, e: false } as $init | foreach f as $i ($init;
  if .e then $init end | if $i | length == 2
    then setpath(["e"]; $i[0] | length == 0) | setpath(["x"] + $i[0]; $i[1])
    else setpath(["e"]; $i[0] | length == 1) end;
  if .e then .x else empty end);

def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] |= $row);

def INDEX(f): INDEX(.[]; f);

def _gojq_join($x): join($x);

def join($x): _values | _gojq_join($x);

def _gojq_flatten: flatten;

def _gojq_flatten($n): flatten($n);

def flatten: _values | _gojq_flatten;

def flatten($n): _values | _gojq_flatten($n);

`

// objects are the natives that keep the order of keys.
func (p *Program) objects() []native {
	o := p.orders
	return []native{
		{name: "_message", call: p.message},
		{name: "_bounded", call: p.bounded},
		{name: "_items", each: p.items},
		{name: "_each", each: p.places},
		{name: "_keys", call: p.keys},
		{name: "_values", call: func(v any, _ []any) any {
			if m, ok := v.(map[string]any); ok {
				return p.values(m)
			}
			return v
		}},
		{name: "_text", call: func(v any, _ []any) any {
			if s, ok := v.(string); ok {
				return s
			}
			return string(o.Append(nil, v))
		}},
		{name: "_json", call: func(v any, _ []any) any { return string(o.Append(nil, v)) }},
		{name: "_test", arity: 2, call: p.test},
		{name: "_matches", arity: 2, call: p.matches},
		{name: "_captured", call: p.captured},
		{name: "_replaced", arity: 1, call: p.replaced},
		{name: "_fromjson", call: p.fromJSON},
		{name: "_from_entries", call: p.fromEntries},
		{name: "_added", arity: 1, call: p.added},
		{name: "_sum", arity: 2, call: func(_ any, args []any) any { return p.sum(args[0], args[1]) }},
		{name: "_product", arity: 2, call: func(_ any, args []any) any { return p.product(args[0], args[1]) }},
		{name: "_put", arity: 2, call: p.put},
		{name: "_setpath", arity: 2, call: func(v any, args []any) any { return p.put(v, []any{[]any{args[0]}, args[1]}) }},
		{name: "_like", arity: 2, call: p.like},
		{name: "_ordered", arity: 1, call: func(v any, args []any) any {
			var keys []string
			for _, key := range args[0].([]any) {
				keys = append(keys, key.(string)) // or there would be no object
			}
			o.Set(v.(map[string]any), keys)
			return v
		}},
		{name: "_written", arity: 1, call: func(v any, args []any) any {
			o.Set(v.(map[string]any), p.ordering.written[args[0].(int)])
			return v
		}},
	}
}

func preview(v any) string {
	if v == nil {
		return "null"
	}
	return gojq.TypeOf(v) + " (" + gojq.Preview(v) + ")"
}

// object makes one of keys and values in turn.
func (p *Program) object(pairs ...any) map[string]any {
	m := map[string]any{}
	var keys []string
	for pair := range slices.Chunk(pairs, 2) {
		keys = append(keys, pair[0].(string))
		m[pair[0].(string)] = pair[1]
	}
	p.orders.Set(m, keys)
	return m
}

func (p *Program) values(m map[string]any) []any {
	keys := p.orders.Keys(m)
	all := make([]any, len(keys))
	for i, key := range keys {
		all[i] = m[key]
	}
	return all
}

// items is .[] where no path is asked for.
func (p *Program) items(v any, _ []any) gojq.Iter {
	all, ok := v.([]any)
	if m, object := v.(map[string]any); object {
		all, ok = p.values(m), true
	}
	if !ok {
		return gojq.NewIter[any](errors.New("cannot iterate over: " + preview(v)))
	}
	i := 0
	return iterator(func() (any, bool) {
		if i == len(all) {
			return nil, false
		}
		i++
		return all[i-1], true
	})
}

// places gives what .[_each] takes to be .[].
func (p *Program) places(v any, _ []any) gojq.Iter {
	i := 0
	switch v := v.(type) {
	case []any:
		return iterator(func() (any, bool) {
			i++
			return i - 1, i <= len(v)
		})
	case map[string]any:
		keys := p.orders.Keys(v)
		return iterator(func() (any, bool) {
			if i == len(keys) {
				return nil, false
			}
			i++
			return keys[i-1], true
		})
	}
	return gojq.NewIter[any](errors.New("cannot iterate over: " + preview(v)))
}

func (p *Program) keys(v any, _ []any) any {
	switch v := v.(type) {
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = i
		}
		return all
	case map[string]any:
		all := make([]any, 0, len(v))
		for _, key := range p.orders.Keys(v) {
			all = append(all, key)
		}
		return all
	}
	return errors.New("keys cannot be applied to: " + preview(v))
}

func (p *Program) fromJSON(v any, _ []any) any {
	s, ok := v.(string)
	if !ok {
		return errors.New("fromjson cannot be applied to: " + preview(v))
	}
	value, err := valueText([]byte(s))
	if err != nil {
		return fmt.Errorf("fromjson cannot be applied to %s: %w", gojq.Preview(v), err)
	}
	d := text.Decoder{Orders: p.orders}
	return d.Decode(string(value))
}

func (p *Program) fromEntries(v any, _ []any) any {
	entries, ok := v.([]any)
	if m, object := v.(map[string]any); object {
		entries, ok = p.values(m), true
	}
	if !ok {
		return errors.New("cannot iterate over: " + preview(v))
	}
	m := make(map[string]any, len(entries))
	keys := make([]string, 0, len(entries))
	for _, entry := range entries {
		of, ok := entry.(map[string]any)
		if !ok && entry != nil {
			return errors.New("expected an object but got: " + preview(entry))
		}
		var key any
		for _, name := range []string{"key", "Key", "name", "Name"} {
			if key = of[name]; key != nil && key != false {
				break
			}
		}
		name, ok := key.(string)
		if !ok {
			return errors.New("expected a string for object key but got: " + preview(key))
		}
		value, ok := of["value"]
		if !ok {
			value = of["Value"]
		}
		m[name] = value
		keys = append(keys, name)
	}
	p.orders.Set(m, keys)
	return m
}

// added notes the order of an object that objects were added up to.
func (p *Program) added(v any, args []any) any {
	m, ok := v.(map[string]any)
	all, isArray := args[0].([]any)
	if !ok || !isArray {
		return v
	}
	var keys []string
	for _, v := range all {
		if of, ok := v.(map[string]any); ok {
			keys = append(keys, p.orders.Keys(of)...)
		}
	}
	p.orders.Set(m, keys)
	return v
}

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
