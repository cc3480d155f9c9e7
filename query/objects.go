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
