package query

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

//go:embed testdata/order.txt
var orderCases string

// TestOrder: objects keep the order of their keys, as in jq.
func TestOrder(t *testing.T) {
	cases := strings.Split(strings.TrimSuffix(orderCases, "\n"), "\n\n")
	_, record, _ := strings.Cut(cases[0], "\n")
	for _, test := range cases[1:] {
		filter, want, _ := strings.Cut(test, "\n")
		p, err := Compile(Options{Filter: filter})
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		for range 2 {
			all := slices.DeleteFunc(results(p.Run(records(record))), func(s string) bool { return strings.HasPrefix(s, "error: the filter reads ") })
			if got := strings.Join(all, "\n"); got != want {
				t.Errorf("%s\n got %s\nwant %s", filter, got, want)
			}
		}
	}
}

// orderFilter makes a filter of parts that move objects about.
func orderFilter(r *rand.Rand, depth int) string {
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	if depth == 0 {
		return pick(".", ".o", ".l", ".o.y", ".l[0]", "{z: 1, a: 2}", ".l[]", ".o[]?", ".s", "1", "[.l[].n]", "{n: .s, m: 1}", ".o.m", "null", ".x")
	}
	f := func() string { return orderFilter(r, depth-1) }
	path := pick(".z", ".o", ".o.z", ".l[0]", ".[]?", ".a", ".l[].n", ".o[]", "(.q, .b)", `.["x", "c"]`, "..|objects|.z?")
	switch r.IntN(16) {
	case 0:
		return "(" + f() + " | " + f() + ")"
	case 1:
		return "{" + pick("z", "b", "m") + ": (" + f() + "), " + pick("y", "a", `"k"`) + ": (" + f() + ")}"
	case 2:
		return "{(" + pick(`"q"`, `"b", "a"`, ".s?") + "): (" + f() + "), n: 1, (" + pick(`"c"`, `"0"`) + "): (" + f() + ")}"
	case 3:
		return "[" + f() + ", " + f() + "]"
	case 4:
		return "(" + f() + " + " + f() + ")"
	case 5:
		return "(" + f() + " * " + f() + ")"
	case 6:
		return "(" + f() + " | " + path + pick(" = ", " |= ", " += ", " *= ", " //= ") + "(" + f() + "))"
	case 7:
		return "(" + f() + " | del(" + path + "))"
	case 8:
		return "(" + f() + " | " + pick("to_entries", "with_entries(.value |= [.])", "keys_unsorted", "keys", "map_values([.])", "tojson", "[..]", "[tostream]", "[paths]", "add", "length", "tostring", "map(.)",
			"[.[]]", "walk(.)", "to_entries | from_entries", "fromstream(tostream)", "tojson | fromjson", "type", "first(.[])", "[limit(2; .[])]", "any", "@text", "[paths(scalars)]", "unique", "sort", "reverse", "group_by(.n)", "pick(.z, .a)") + ")"
	case 9:
		return "(reduce (" + f() + ") as $x ({}; . + {($x | tojson): $x}))"
	case 10:
		return "[foreach (" + f() + ") as $x ({b: 1}; .[$x | type] = $x; .)]"
	case 11:
		return "(" + f() + " as $x | " + f() + " as {$n, z: $q} | {$x, $n, $q})"
	case 12:
		return "(if " + f() + " then " + f() + " else " + f() + " end)"
	case 13:
		return "(try (" + f() + ") catch \"no\")"
	case 14:
		return "((" + f() + ") // (" + f() + "))"
	default:
		return "\"\\(" + f() + ")\""
	}
}

// jq18 is a jq whose output is to be the same.
func jq18(t *testing.T) string {
	for _, name := range []string{"jq", filepath.Join(os.Getenv("BALEEN_ENGINES"), "jq", "jq")} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if version, err := exec.Command(path, "--version").Output(); err == nil && strings.HasPrefix(string(version), "jq-1.8") {
			return path
		}
	}
	if os.Getenv("BALEEN_REQUIRE") != "" {
		t.Fatal("there is no jq 1.8 in PATH or BALEEN_ENGINES")
	}
	t.Skip("there is no jq 1.8 in PATH or BALEEN_ENGINES")
	return ""
}

// TestOrderJQ: what random filters give is what jq gives, byte for byte. They are
// the same at each run; a higher number looks further.
func TestOrderJQ(t *testing.T) {
	path := jq18(t)
	_, record, _ := strings.Cut(strings.Split(orderCases, "\n\n")[0], "\n")
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 0))
		filter := orderFilter(r, 1+r.IntN(4))
		c := exec.Command(path, "-c", filter)
		c.Stdin = strings.NewReader(record)
		out, err := c.Output()
		p, compileErr := Compile(Options{Filter: filter})
		if compileErr != nil {
			t.Fatalf("%s: %v", filter, compileErr)
		}
		got, failed := "", false
		for b, err := range p.Run(records(record)) {
			var e *RecordError
			failed = failed || errors.As(err, &e)
			if err == nil {
				got += string(b) + "\n"
			}
		}
		var jqError *exec.ExitError
		if errors.As(err, &jqError) && bytes.Contains(jqError.Stderr, []byte("as object key")) {
			continue // gojq looks at a key once all values are there, of which one may be empty
		}
		if got != string(out) || failed != (err != nil) {
			t.Errorf("seed %d: %s\n got %s\nwant %s", seed, filter, got, out)
		}
	}
}

// TestOrderMemory: a long stream leaves nothing behind.
func TestOrderMemory(t *testing.T) {
	for filter, slurp := range map[string]bool{
		`reduce inputs as $x (0; . + ($x.o | to_entries | length))`: false,
		`[inputs | {z: .n, a: .o} | del(.z)] | length`:              false,
		`map({z: .n, a: 1}.z) | add`:                                true,
		`reduce range(60000) as $i ({}; {z: $i, a: 1})`:             false,
	} {
		p, err := Compile(Options{Filter: filter, Null: !slurp, Slurp: slurp})
		if err != nil {
			t.Fatal(err)
		}
		var in iter.Seq2[json.RawMessage, error] = func(yield func(json.RawMessage, error) bool) {
			for i := range 10_000 {
				if !yield(fmt.Appendf(nil, `{"n":%d,"b":1,"o":{"z":1,"k%d":2}}`, i, i), nil) {
					return
				}
			}
		}
		for range p.Run(in) {
		}
		for range 3 {
			runtime.GC()
		}
		p.orders.Age()
		if n := p.orders.Len(); n > 1000 {
			t.Errorf("%s: the order of %d objects is kept", filter, n)
		}
	}
}

// TestOrderNames: a filter's own functions and variables are its own.
func TestOrderNames(t *testing.T) {
	for filter, want := range map[string]string{
		`def _sum($a; $b): 1; def _items: 2; def _like($a; $b): 3; def _put($a; $b): 4; (.a + .a), .a[], (.a.z = 1 | .a)`: `{"z":2,"b":1}|2|1|{"z":1,"b":1}`,
		`.a as $_v1 | 5 as $_v2 | .n |= $_v1 | .n, $_v2`:                                                                  `{"z":2,"b":1}|5`,
		`{"\u006e": .a, a: .["n\u0020"]}`:                                                                                 `{"n":{"z":2,"b":1},"a":null}`,
		`{n: .m, a}`:                                                                                                      `{"n":3,"a":{"z":2,"b":1}}`,
		`label $out | .a[] | ., break $out`:                                                                               `2`,
		`def name: 1; def label($x): $x; name, label("x"), ({name: "y", tag: "z"} | {tag, name})`:                         `1|"x"|{"tag":"z","name":"y"}`,
	} {
		p, err := Compile(Options{Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		all := slices.DeleteFunc(results(p.Run(records(`{"a":{"z":2,"b":1},"\u006d":3}`))), func(s string) bool { return strings.HasPrefix(s, "error: the filter reads ") })
		if got := strings.Join(all, "|"); got != want {
			t.Errorf("%s\n got %s\nwant %s", filter, got, want)
		}
	}
}

// TestOrderModules: functions of modules keep the order, too.
func TestOrderModules(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "m.jq"), []byte(`def f: .a |= {b: 1, z: 2} | {o: .a, c: [.n[]]}; def g(p): [path(p)]; def h: .z += 1;`), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Compile(Options{Filter: `import "m" as m; m::f, m::g(.a[]), (.a | m::h), ({b: 1, z: 2} as $x | .a |= $x | .a)`, Library: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"o":{"b":1,"z":2},"c":[2,1]}|[["a","z"],["a","b"]]|{"z":2,"b":0}|{"b":1,"z":2}`
	if got := strings.Join(results(p.Run(records(`{"a":{"z":1,"b":0},"n":{"y":2,"x":1}}`))), "|"); got != want {
		t.Errorf("got %s, not %s", got, want)
	}
}

// TestOrderErrors: what fails is called as it is written.
func TestOrderErrors(t *testing.T) {
	for filter, want := range map[string]string{
		`.a + .b`: "cannot add: object ({\"x\":1}) and number (1)", `.a * .c`: "cannot multiply: object ({\"x\":1}) and array ([1])",
		`.b[]`: "cannot iterate over: number (1)", `.b | to_entries`: "keys cannot be applied to: number (1)",
		`.b.x = 1`: "expected an object but got: number (1)",
	} {
		p, err := Compile(Options{Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		got := results(p.Run(records(`{"a":{"x":1},"b":1,"c":[1]}`)))
		if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("%s: %s, not %s", filter, got, want)
		}
	}
	_, err := Compile(Options{Filter: `{b: 1, a: .x[]} | .z += nope(1)`})
	if err == nil || !strings.Contains(err.Error(), "nope/1") || strings.Contains(err.Error(), "_") {
		t.Error(err)
	}
}
