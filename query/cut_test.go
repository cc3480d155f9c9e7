package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sorted runs a filter; its values are spelt in one way, so that they can be
// compared.
func sorted(t *testing.T, filter string, in ...string) (all []string, p *Program) {
	p, err := Compile(Options{Filter: filter})
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	for b, err := range p.Run(records(in...)) {
		if err != nil {
			all = append(all, err.Error())
			continue
		}
		var v any
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s: %q: %v", filter, b, err)
		}
		text, _ := json.Marshal(v)
		all = append(all, string(text))
	}
	return all, p
}

// sameCut tests that a cut gives what gojq gives.
func sameCut(t *testing.T, left, path string, in ...string) {
	got, p := sorted(t, left+path, in...)
	if p.cut == nil {
		t.Errorf("%s is not cut", left+path)
	}
	if want, _ := sorted(t, left+"("+path+", empty)", in...); !slices.Equal(got, want) {
		t.Errorf("%s of\n    %s\ngot %s\nnot %s", left+path, strings.Join(in, "\n    "), strings.Join(got, "\n    "), strings.Join(want, "\n    "))
	}
}

func TestCut(t *testing.T) {
	in := append(slices.Clip(shapes), `{"a":{"b":18446744073709551615,"\"":[]},"b":{"a":"\"},{"}}`, `{"a":{"b":"\\","b\\":1},"b":-0}`, `{"a":{"b":null}}`)
	for _, left := range []string{``, `select(.a) | `, `select(.b != 1) | `, `select(true) | select(type == "object") | `} {
		for _, path := range []string{`.a`, `.b`, `.a.b`, `.a | .b`, `.b.a`, `."a"."b"`, `.a["b"]`, `.a."\""`, `.x`, `.a.a.a.a.b`, `{a}`, `{b, a}`, `{"x y": .a.b, "b", c: .a}`, `{z: .a["b"]}`} {
			sameCut(t, left, path, in...)
		}
	}
}

// TestCutFunctions: what a filter defines is what it calls, by whatever name.
func TestCutFunctions(t *testing.T) {
	for filter, want := range map[string]string{
		`select(.a) | def select(f): [f]; select(.x)`:                        `[3]`,
		`select(.a) | def select(f): [f]; select(.x) | .[0]`:                 `3`,
		`select(.a) | (def select(f): [f]; select(.x)) | .[0]`:               `3`,
		`(def select(f): {b: f}; select(.x)) | select(.b) | .b`:              `3`,
		`select(.a) | def not: .; select(.x | not) | .x`:                     `3`,
		`select(.a) | select(def not: .; .x | not) | .x`:                     `3`,
		`select(.a) | select(.x | def not: .; not) | .x`:                     `3`,
		`select((def not: .; (.x | not)) and .a) | .x`:                       `3`,
		`select(def test(f): true; .s | test("b")) | .x`:                     `3`,
		`select(.s | (def test(f): true; test("b"))) | .x`:                   `3`,
		`select(.a) | def f: 1; .x`:                                          `3`,
		`select(.a) | def f: .x; {x: f}`:                                     `{"x":3}`,
		`select(.a) | def f: 1; {x}`:                                         `{"x":3}`,
		`select(.a) | def f: 1; select(.x) | def g: 2; select(.s == "a")|.x`: `3`,
	} {
		if got := outputs(t, Options{Filter: filter}, `{"a":1,"s":"a","x":3}`); got != want {
			t.Errorf("%s: %s, not %s", filter, got, want)
		}
	}
}

// made makes up a condition.
func made(r *rand.Rand, depth int) string {
	pick := func(forms ...string) string { return forms[r.IntN(len(forms))] }
	path := pick(`.a`, `.b`, `.a.b`, `.c`, `.a["b"]`, `.x`)
	switch r.IntN(3 + 2*depth) {
	case 0:
		return path
	case 1:
		return path + pick(` == `, ` != `, ` < `, ` <= `, ` > `, ` >= `) + pick(`1`, `2.0`, `0`, `6e0`, `""`, `"a"`, `"\\"`, `"k"`, `true`, `false`, `null`)
	case 2:
		return path + ` | test(` + pick(`"a"`, `"^k?$"`, `"."`, `""`) + `)`
	case 3, 4:
		return `(` + made(r, depth-1) + `) ` + pick(`and`, `or`) + ` (` + made(r, depth-1) + `)`
	default:
		return `(` + made(r, depth-1) + `) | not`
	}
}

// TestConditions tests that a condition which a record's text answers has gojq's answer.
func TestConditions(t *testing.T) {
	in := append(slices.Clip(shapes), `{"a":{"b":18446744073709551615},"b":"\"},{"}`, `{"a":1.0,"b":-0,"c":"k"}`, `{"a":"a","b":6,"c":"é"}`, `{"a":-1,"b":1e0}`)
	for seed := range 2000 {
		filter := `select(` + made(rand.New(rand.NewPCG(uint64(seed), 1)), 3) + `)`
		got, p := sorted(t, filter, in...)
		if p.cut == nil || p.code != nil {
			t.Errorf("%s is not answered from the text", filter)
		}
		if want, _ := sorted(t, filter+` | (., empty)`, in...); !slices.Equal(got, want) {
			t.Errorf("%s\ngot %s\nnot %s", filter, strings.Join(got, "\n    "), strings.Join(want, "\n    "))
		}
		sameCut(t, filter+` | `, `{a, z: .b}`, in...)
	}
}

// TestCutOrder: what a path leads to comes out as it came in.
func TestCutOrder(t *testing.T) {
	for filter, want := range map[string]string{
		`.a`:                     `{"z":[{"y":1,"x":2.50}],"b":1}`,
		`.a.z`:                   `[{"y":1,"x":2.50}]`,
		`select(.a.b == 1) | .a`: `{"z":[{"y":1,"x":2.50}],"b":1}`,
		`select(.a.b == 2) | .a`: ``,
		`{x: .a, a: .b}`:         `{"x":{"z":[{"y":1,"x":2.50}],"b":1},"a":null}`,
	} {
		p, err := Compile(Options{Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for b, err := range p.Run(records(`{"a":{"z":[{"y":1,"x":2.50}],"b":1}}`)) {
			if err != nil && isFatal(err) {
				t.Fatal(err)
			}
			got += string(b)
		}
		if got != want {
			t.Errorf("%s: %s, not %s", filter, got, want)
		}
	}
}

// TestCutWhole: what acts gets the results that the text of records gives.
func TestCutWhole(t *testing.T) {
	for filter, want := range map[string]string{`.a`: `1|2`, `{a}`: `{"a":1}|{"a":2}`, `select(.a == 2)`: `{"a":2}`, `.a.b?`: ``} {
		p, err := Compile(Options{Filter: filter, Whole: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(results(p.Run(records(`{"a":1}`, `{"a":2}`))), "|"); got != want {
			t.Errorf("%s: %s, not %s", filter, got, want)
		}
	}
}

// TestCutErrors: a record on which a path fails is called by its name, and the
// others still come.
func TestCutErrors(t *testing.T) {
	p, err := Compile(Options{Filter: `.a.b`})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for b, err := range p.Run(records(`{"a":{"b":1}}`, `{"Id":"x","a":[]}`, `{"a":2}`, `{"a":{"b":2}}`)) {
		var failed *RecordError
		if errors.As(err, &failed) {
			b = []byte(failed.Record)
		}
		got = append(got, string(b))
	}
	if want := []string{"1", `"x"`, "record 3", "2"}; !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

func FuzzCut(f *testing.F) {
	f.Add("a", "b", `{"a":{"b":[{"c":"\\\"}"}],"c":1},"\u0061":{"b":2}}`)
	f.Fuzz(func(t *testing.T, first, second, record string) {
		if !json.Valid([]byte(record)) {
			t.Skip()
		}
		first, second = strings.ToValidUTF8(first, ""), strings.ToValidUTF8(second, "")
		quote := func(s string) string {
			return "." + strings.ReplaceAll(strconv.QuoteToASCII(s), `\x`, `\u00`)
		}
		if strings.ContainsAny(first+second, "\a\v") || strings.Contains(quote(first)+quote(second), `\U`) {
			t.Skip() // which jq spells in another way
		}
		record = string(compact(record))
		sameCut(t, "", quote(first), record)
		if second != "" && second != "x" {
			sameCut(t, "", "{x: "+quote(first)+", "+quote(second)[1:]+"}", record)
		}
		sameCut(t, "select(true) | ", quote(first)+" | "+quote(second), record, record)
	})
}
