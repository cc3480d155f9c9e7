package query

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

// Template compiles the path of a request, a jq string without its quotes whose
// interpolations are escaped as in a URI, and its body, a filter, which may be "".
// Both see the variables and the Engine of o. What it returns makes both of a
// record.
func Template(o Options, path, body string) (func(json.RawMessage) (uri string, payload json.RawMessage, err error), error) {
	one := Options{Filter: `@uri "` + path + `"`, Name: "--request", Vars: o.Vars, Library: o.Library, Engine: o.Engine, Kind: o.Kind}
	uri, err := Compile(one)
	if err != nil {
		return nil, err
	}
	var payload *Program
	if body != "" {
		one.Filter, one.Name = body, "--body"
		if payload, err = Compile(one); err != nil {
			return nil, err
		}
	}
	return func(v json.RawMessage) (string, json.RawMessage, error) {
		text, err := only(uri, v)
		var to string
		if err == nil {
			err = json.Unmarshal(text, &to)
		}
		if err != nil || payload == nil {
			return to, nil, err
		}
		b, err := only(payload, v)
		return to, b, err
	}, nil
}

// only is the one output that a program makes of a record.
func only(p *Program, v json.RawMessage) (out json.RawMessage, err error) {
	var one iter.Seq2[json.RawMessage, error] = func(yield func(json.RawMessage, error) bool) { yield(v, nil) }
	n := 0
	for result, err := range p.Run(one) {
		var missing *MissingKeyError
		if errors.As(err, &missing) {
			err = errors.New(missing.Error())
		}
		if err != nil {
			return nil, err
		}
		out = append(json.RawMessage(nil), result...)
		n++
	}
	if n != 1 {
		return nil, fmt.Errorf("%s: %d outputs, not one", p.options.Name, n)
	}
	return out, nil
}
