package query

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"baleen/query/text"
)

func TestNeeds(t *testing.T) {
	for _, test := range []struct{ filter, record, want string }{
		{`select(.Size > 1) | [.Id]`, `{"Id":"a","Names":["b"],"Size":2}`, `{"Id":"a","Size":2}`},
		{`[.a.b]`, `{"a":{"b":{"c":[1]},"c":2},"b":1}`, `{"a":{"b":{"c":[1]}}}`},
		{`.a[].b`, `{"a":[{"b":1,"c":2},{"c":[{"b":3}]},4]}`, `{"a":[{"b":1},{},4]}`},
		{`.a[].b`, `{"a":{"x":{"b":1,"c":2}}}`, `{"a":{"x":{"b":1,"c":2}}}`},
		{`.a.b?`, `{"a":[{"b":1}],"b":2}`, `{"a":[{"b":1}]}`},
		{`select(.a)?`, `{"b":1,"a":{"c":"}"}}`, `{"a":{}}`},
		{`select(.a)?`, `{"b":1}`, `{"b":1}`},
		{`select(.a | type == "array")`, `{"b":"\\","a":[1,2]}`, `{"a":[]}`},
		{`select(.Labels["x y"] == 1)?`, `{"Labels":{"x y":1,"z":2},"b":"\"],"}`, `{"Labels":{"x y":1}}`},
		{`select(label("k") == "v")`, `{"Labels":{"k":"v","z":2}}`, `{"Labels":{"k":"v"}}`},
		{`name`, `{"Id":"x","Names":["/web",{}],"Created":1}`, `{"Names":["/web",{}]}`},
		{`def f($k; g): .[$k] | g; f("a"; .b)`, `{"a":{"b":1,"c":2},"c":2}`, `{"a":{"b":1}}`},
		{`. as {a: {$b}} | $b`, `{"a":{"b":1,"c":2},"c":2}`, `{"a":{"b":1}}`},
		{`[.a]`, `{"\u0061":1,"b":2,"b\\":3,"\u0062":4}`, `{"\u0061":1,"b\\":3,"\u0062":4}`},
		{`[.a]`, `{"a":1,"b":2,"a":3}`, `{"a":1,"a":3}`},
		{`[.a]`, `[1]`, `[1]`},
		{`[.a]`, `1.50`, `1.50`},
		{`.b as $r | reduce 1 as $x (null; $r) | .c`, `{"a":1,"b":{"c":1},"c":2}`, `{"b":{"c":1}}`},
		{`.b as $r | "x" | sub("x"; $r)`, `{"a":1,"b":{"c":1},"c":2}`, `{"b":{"c":1}}`},
		{`.b as $k | .a as {($k): $v} | $v`, `{"a":{"b":{"c":1}},"b":{"c":1},"c":2}`, `{"a":{"b":{"c":1}},"b":{"c":1}}`},
		{`{"$x", n: (.a+1)}`, `{"a":1,"$x":2,"x":3}`, `{"a":1,"$x":2}`},
		{`. as {"$x": $y} | $y`, `{"a":1,"$x":{"b":1},"x":3}`, `{"$x":{"b":1}}`},
		{`. as {$x: {$y}} | $y`, `{"a":1,"$x":2,"x":{"y":3}}`, `{"x":{"y":3}}`},
		{`.b as $x | {$x: 1}`, `{"a":1,"b":{"c":1}}`, `{"b":{"c":1}}`},
		// Where the whole record is seen.
		{`.`, `{"a":1,"b":2}`, ``},
		{`.a, keys`, `{"a":1,"b":2}`, ``},
		{`{x: .}`, `{"a":1,"b":2}`, ``},
		{`.a |= 1`, `{"a":1,"b":2}`, ``},
		{`.[.a]`, `{"a":1,"b":2}`, ``},
		{`.a, ..`, `{"a":1,"b":2}`, ``},
		{`. as $x | .a | $x == .`, `{"a":1,"b":2}`, ``},
		{`def f: if .a then .b | f else . end; f`, `{"a":1,"b":2}`, ``},
		{`first(input) | length`, `{"a":1,"b":2}`, ``},
	} {
		p, err := Compile(Options{Filter: test.filter})
		if err != nil {
			t.Fatalf("%s: %v", test.filter, err)
		}
		got := ""
		if p.need != nil {
			_, text := p.need.Prune(nil, []byte(test.record))
			got = string(text)
		}
		if got != test.want {
			t.Errorf("%s needs of\n    %s\ngot %s\nnot %s", test.filter, test.record, got, test.want)
		}
	}
}

// run is p.Run with limits. It is false where they were reached.
func run(t *testing.T, p *Program, need *text.Need, in ...string) ([]string, bool) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	next, stop := iter.Pull2(records(in...))
	defer stop()
	var all []string
	p.stream = newStream(p, next, func(b json.RawMessage, err error) bool {
		if err != nil {
			b = []byte(err.Error())
		}
		all = append(all, string(b))
		return len(all) < 100
	})
	p.stream.need = need
	for p.stream.run(p.code.RunWithContext(ctx, nil, p.vars...)) && !p.options.Null && ctx.Err() == nil {
	}
	return all, ctx.Err() == nil
}

// samePruned tests that a filter gives the same whether it runs on all of its records
// or on what it needs of them. It reports whether there is a difference between these.
func samePruned(t *testing.T, o Options, in ...string) bool {
	p, err := Compile(o)
	if err != nil || p.need == nil {
		return false
	}
	want, ok := run(t, p, nil, in...)
	got, ok2 := run(t, p, p.need, in...)
	if ok && ok2 && !slices.Equal(got, want) {
		t.Errorf("%s (-n %v, -s %v, -S %v) of\n    %s\ngot %s\nnot %s", o.Filter, o.Null, o.Slurp, o.SortKeys,
			strings.Join(in, "\n    "), strings.Join(got, "\n    "), strings.Join(want, "\n    "))
	}
	return true
}

// variants calls do for the ways in which a filter may be run.
func variants(filter string, do func(Options)) {
	for i := range 8 {
		do(Options{Filter: filter, Null: i&1 > 0, Slurp: i&2 > 0, SortKeys: i&4 > 0})
	}
}

var shapes = []string{
	`{"a":1,"b":2,"c":3}`, `{"c":{"z":1},"a":{"b":1,"a":{"c":[],"a":"x"}},"b":[1,{"a":2,"b":3},null]}`, `{"b":null,"a":[{"b":1,"a":2},{"a":3},"x",[{"a":4}]]}`,
	`{}`, `{"x":1}`, `[]`, `[{"b":2,"a":1},{"a":{"b":5,"a":6}},7]`, `[1,"a",null]`, `"a"`, `1.50`, `null`, `true`, `{"a":{},"b":[],"c":""}`,
	`{"a":false,"b":{"z":[{"y":"\"}"}],"b":true},"c":"\\"}`, `{"b":"k","Names":["/n",1],"Labels":{"k":"v","a":"b"},"Id":"sha256:0123","k":0}`,
	`{"Name":"n","a":{"a":{"a":{"a":{"a":1,"b":2},"b":3},"b":4},"b":5},"RepoTags":["x:1","<none>:<none>"],"b":"a"}`,
	`{"a":"b","a":{"b":1,"x":2},"b":1,"\u0061\n":2}`,
	`{"a":1,"$v":{"a":2},"v":3,"b":{"$v":"x","b":[{"$a":1}]},"$":4}`,
}

// TestPruneGojq runs the filters of gojq's own tests.
func TestPruneGojq(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/itchyny/gojq").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "cli", "test.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile(`(?m)^(?:    - |  input: )'((?:[^']|'')*)'|^(?:    - |  input: )\|\n((?:(?:      |    |\n).*\n?)+)`)
	unsafe := regexp.MustCompile(`[0-9]{5}|now|localtime|\$ENV|env`)
	pruned := 0
	for test := range strings.SplitSeq(string(text), "\n- name:") {
		var found []string
		for _, m := range quoted.FindAllStringSubmatch(test, -1) {
			found = append(found, strings.ReplaceAll(m[1], "''", "'")+m[2])
		}
		in := shapes
		for _, s := range found {
			if json.Valid([]byte(s)) {
				in = append(slices.Clip(in), string(compact(s)))
			}
		}
		for _, filter := range found {
			if unsafe.MatchString(filter) {
				continue
			}
			variants(filter, func(o Options) {
				if samePruned(t, o, in...) {
					pruned++
				}
			})
		}
	}
	if pruned < 500 {
		t.Errorf("only %d runs were of pruned records", pruned)
	}
}

func compact(s string) []byte {
	raw, _ := json.Marshal(json.RawMessage(s))
	return raw
}

// filter makes up a filter. Its vocabulary is small, so that parts of it meet.
func filter(r *rand.Rand, depth int) string {
	pick := func(forms ...string) string { return forms[r.IntN(len(forms))] }
	if depth == 0 {
		if r.IntN(3) > 0 {
			return pick(`.a`, `.b`, `.a.b`, `.b.a?`, `.["a"]`, `.a[0]`, `.a[]?`, `$v`, `.`)
		}
		return pick(`.[]?`, `.[0]?`, `.[1:]?`, `.`, `..`, `1`, `"a"`, `null`, `false`, `empty`, `type`, `has("a")?`,
			`keys?`, `length?`, `not`, `name`, `tags`, `label("k")`, `short_id`, `dangling`, `input?`, `f`, `g("a")`, `.[$v]?`, `{a}`, `{$v, "b"}`, `{"$v", "$"}?`, `error`, `objects`, `values`, `first?`, `$__loc__`)
	}
	form := pick(`%s | %s`, `%s | %s`, `%s | %s`, `%s, %s`, `select(%s) | %s`, `select(%s)`, `{a: %s, b: %s}`, `{(%s | strings): %s}`, `[%s, %s]`, `%s // %s`, `if %s then %s end`, `if %s then %s else %s end`,
		`try (%s) catch (., %s)`, `(%s)?`, `(%s) as $v | %s`, `(%s) as {a: $v} | %s`, `(%s) as {$a, b: {$v}} | %s, $a`, `(%s) as [$v, {a: $w}] | %s, $w`, `(%s) as [$v] ?// {a: $v} ?// $v | %s`, `(%s) as {(%s): $v} | %s`, `(%s) as {"$v": $v} | %s`, `(%s) as $v | {$v: %s}`,
		`reduce (%s) as $v (%s; %s)`, `foreach (%s) as $v (%s; %s)`, `foreach (%s) as {a: $v} (0; %s; %s)`, `label $l | %s, break $l, %s`, `def f: %s; %s`, `def g($v): %s; %s`, `def h(f): %s; h(%s)`,
		`(%s) == (%s)`, `(%s) + (%s)`, `%s and %s`, `"x\(%s)"`, `@json "\(%s)"`, `(%s) |= %s`, `(%s) = %s`, `del(%s)`, `[path(%s)]`, `[.[]? | %s]`, `map(%s)?`, `map(select(%s) | %s)`, `first(%s)`, `[limit(2; %s)]`, `isempty(%s)`,
		`any(%s; %s)`, `all(.[]?; %s)`, `any(%s)?`, `IN(%s)`, `IN(%s; %s)`, `.[%s]?`, `(%s)[%s]?`, `(%s).a?`, `(%s)[]?`, `error(%s)`, `sort_by(%s)?`, `to_entries? | %s`, `with_entries(%s)?`, `-(%s)`, `[..|%s]`, `recurse(%s; . != 1)`,
		`add(%s)`, `has(%s)?`, `getpath([%s])?`, `(%s) as $x | $x | %s`, `(%s | tojson) | %s`, `.a[1:%s]?`)
	for strings.Contains(form, "%s") {
		form = strings.Replace(form, "%s", "("+filter(r, r.IntN(depth))+")", 1)
	}
	return form
}

func TestPrune(t *testing.T) {
	n, pruned := 3000, 0
	if testing.Short() {
		n = 300
	}
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 0))
		text := `0 as $v | def f: .a; def g($v): .[$v]?; ` + filter(r, 3)
		o := Options{Filter: text, Null: r.IntN(8) == 0, Slurp: r.IntN(8) == 0, SortKeys: r.IntN(8) == 0}
		in := slices.Clone(shapes)
		r.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
		if samePruned(t, o, in...) {
			pruned++
		}
	}
	if pruned < n/5 {
		t.Errorf("only %d of %d filters prune", pruned, n)
	}
}

func FuzzPrune(f *testing.F) {
	for i, shape := range shapes {
		f.Add(uint64(i), "", shape)
		f.Add(uint64(i), "select(.a.b) | .b[].a", shape)
		f.Add(uint64(i), `{"$v", n: .a}, (. as {"$v": $w} | $w), (.b as $v | {$v: 1})`, shape)
	}
	f.Fuzz(func(t *testing.T, seed uint64, text, record string) {
		if !json.Valid([]byte(record)) || regexp.MustCompile(`[0-9]{4}|[0-9][eE]|infinite|now|time|\*`).MatchString(text) {
			t.Skip()
		}
		r := rand.New(rand.NewPCG(seed, 0))
		if text == "" {
			text = fmt.Sprintf(`0 as $v | def f: .a; def g($v): .[$v]?; %s`, filter(r, 3))
		}
		record = string(compact(record))
		variants(text, func(o Options) { samePruned(t, o, record, shapes[r.IntN(len(shapes))], record) })
	})
}
