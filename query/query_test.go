package query

import (
	"encoding/json"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// records gives each of lines as a record, in one buffer that is overwritten each
// time. A line that starts with ! is an error, and a fatal one with !!.
func records(lines ...string) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		var buf []byte
		for _, line := range lines {
			text, fails := strings.CutPrefix(line, "!")
			if fails && !yield(nil, inputError(text)) {
				return
			}
			buf = append(buf[:0], line...)
			if !fails && !yield(buf, nil) {
				return
			}
			clear(buf)
		}
	}
}

type inputError string

func (e inputError) Error() string { return string(e) }
func (e inputError) Fatal() bool   { return e[0] == '!' }

// results collects what a run gives, an error as its message after "error: ".
func results(seq iter.Seq2[json.RawMessage, error]) []string {
	var all []string
	for b, err := range seq {
		if err != nil {
			all = append(all, "error: "+err.Error())
		} else {
			all = append(all, string(b))
		}
	}
	return all
}

func TestFilter(t *testing.T) {
	t.Setenv("FISH", "whale")
	var vars Vars
	vars.Arg("a", "1")
	vars.Arg("a", "2")
	vars.ArgJSON("big", " { \"n\" : 18446744073709551615 } ")
	for _, test := range []struct {
		filter  string
		in, out string // separated by blanks
		options Options
	}{
		{filter: "", in: `1 "a"`, out: `1 "a"`},
		{filter: " . # all", in: `{"b":1.0,"a":2}`, out: `{"b":1.0,"a":2}`},
		{filter: "# nothing else", in: `{"b":1.0,"a":2}`, out: `{"b":1.0,"a":2}`},
		{filter: "def f: 1; # unused", in: `{"b":1.0,"a":2}`, out: `{"b":1.0,"a":2}`},
		{filter: ".a", in: `{"b":1,"a":2} {"a":3}`, out: `2 3`},
		{filter: ".[] # last | .x", in: `[1,2] {"a":3}`, out: `1 2 3`},
		{filter: "empty", in: `1 2`, out: ``},
		{filter: "., .", in: `1 2`, out: `1 1 2 2`},
		{filter: "def f: .+1; def g: f|f; g", in: `1 2`, out: `3 4`},
		{filter: "limit(1; .[])", in: `[1,2] [3]`, out: `1 3`},
		{filter: "label $out | .[] | if . > 1 then break $out end", in: `[1,2,3] [1]`, out: `1 1`},
		{filter: "try error catch .", in: `1 2`, out: `1 2`},
		{filter: "getpath([\"a\",\"b\"])", in: `{"a":{"b":1}} null`, out: `1 null`},
		{filter: "@base64d, ltrimstr(\"a\"), [splits(\"W\")]", in: `"aGk="`, out: `"hi" "Gk=" ["aGk="]`},
		{filter: "[.[]|ascii], keys_unsorted, toarray", in: `[65,66]`, out: `["A","B"] [0,1] [65,66]`},
		{filter: "env.FISH, $ENV.FISH", in: `1`, out: `"whale" "whale"`},
		{filter: "[., input_line_number, input_filename]", in: `"a" "b"`, out: `["a",1,null] ["b",2,null]`},
		{filter: "[$__loc__,\n{$__loc__}, \"$__loc__:\\($__loc__.line)\"] # $__loc__", in: `1`,
			out: `[{"file":"<top-level>","line":1},{"__loc__":{"file":"<top-level>","line":2}},"$__loc__:2"]`},

		// Numbers and spelling.
		{filter: ".n, {n}, [.n], (.n|tojson)", in: `{"n":18446744073709551615}`,
			out: `18446744073709551615 {"n":18446744073709551615} [18446744073709551615] "18446744073709551615"`},
		{filter: "[.[]]", in: `[1.10,1e1000,-0,1E2,0.1000,999999999999999,1234567890123456]`, out: `[1.10,1e1000,-0,1E2,0.1000,999999999999999,1234567890123456]`},
		{filter: ".a+.b", in: `{"a":9007199254740993,"b":1}`, out: `9007199254740994`},
		{filter: "{b,a}", in: `{"a":"<&\u007f\u0001é\"","b":[{},[],"\ud83d\ude00"]}`, out: `{"b":[{},[],"\ud83d\ude00"],"a":"<&\u007f\u0001é\""}`},

		// What passes unchanged keeps its text.
		{filter: "select(.b > 0)", in: `{"b":1.0,"a":"\u007f"} {"b":0} {"b":2,"a":1}`, out: `{"b":1.0,"a":"\u007f"} {"b":2,"a":1}`},
		{filter: "select(true)", in: `"\u007f" [1,{"b":1,"a":2}] [] {}`, out: `"\u007f" [1,{"b":1,"a":2}] [] {}`},
		{filter: "., {x: .}, .c", in: `{"c":{"b":1,"a":2}}`, out: `{"c":{"b":1,"a":2}} {"x":{"c":{"b":1,"a":2}}} {"b":1,"a":2}`},
		{filter: ".[:1], .[:2]", in: `[1,{"b":1,"a":2}]`, out: `[1] [1,{"b":1,"a":2}]`},
		{filter: ".c |= 1", in: `{"c":1,"b":1}`, out: `{"c":1,"b":1}`},
		{filter: ".", options: Options{SortKeys: true}, in: `{"b":1.0,"a":{"d":1,"c":2}}`, out: `{"a":{"c":2,"d":1},"b":1.0}`},

		// -n, -s, input and inputs.
		{filter: "1", options: Options{Null: true}, in: `!!never-asked-for`, out: `1`},
		{filter: ".", options: Options{Null: true}, in: `1 2`, out: `null`},
		{filter: "inputs | select(.b)", options: Options{Null: true}, in: `{"b":1,"a":2} {"a":1} {"b":2,"a":1}`, out: `{"b":1,"a":2} {"b":2,"a":1}`},
		{filter: "[inputs] | sort_by(.a)[]", options: Options{Null: true}, in: `{"b":1,"a":2} {"b":2,"a":1}`, out: `{"b":2,"a":1} {"b":1,"a":2}`},
		{filter: "reduce inputs as $x (0; .+$x)", options: Options{Null: true}, in: `1 2 3`, out: `6`},
		{filter: "first(inputs), [limit(2; inputs)], input", options: Options{Null: true}, in: `1 2 3 4 5`, out: `1 [2,3] 4`},
		{filter: "try input catch .", options: Options{Null: true}, in: ``, out: `"break"`},
		{filter: "., (try input catch \"end\")", in: `{"b":1,"a":2} {"b":3,"a":4} {"b":5,"a":6}`, out: `{"b":1,"a":2} {"b":3,"a":4} {"b":5,"a":6} "end"`},
		{filter: "[., inputs] | .[1:][]", in: `1 {"b":1,"a":2} {"b":3,"a":4}`, out: `{"b":1,"a":2} {"b":3,"a":4}`},
		{filter: "def input: 7; [., input]", in: `1 2`, out: `[1,7] [2,7]`},
		{filter: ".", options: Options{Slurp: true}, in: `{"b":1,"a":2} 1.0 []`, out: `[{"b":1,"a":2},1.0,[]]`},
		{filter: ".", options: Options{Slurp: true}, in: ``, out: `[]`},
		{filter: "sort_by(.n)[], length", options: Options{Slurp: true}, in: `{"n":2,"a":1} {"n":1,"a":1}`, out: `{"n":1,"a":1} {"n":2,"a":1} 2`},
		{filter: "[.[] | select(.n > 1)][]", options: Options{Slurp: true}, in: `{"n":2,"a":1} {"n":1,"a":1}`, out: `{"n":2,"a":1}`},
		{filter: "., input, [inputs]", options: Options{Slurp: true, Null: true}, in: `{"b":1,"a":2} 2`, out: `null [{"b":1,"a":2},2] []`},

		// Errors of the filter and of the input.
		{filter: ".a.b", in: `{"a":1,"Names":["/web"]} {"a":{"b":3}} {"a":1,"Id":"sha256:` + strings.Repeat("0123456789abcdef", 4) + `"} 5`,
			out: `error:_filter_failed_on_"web":_expected_an_object_but_got:_number_(1) 3 error:_filter_failed_on_2_other_records:_expected_an_object_but_got:_number`},
		{filter: ".a + 1", in: `{"a":"x","Id":"sha256:` + strings.Repeat("0123456789abcdef", 4) + `"} {"a":[]} {"a":"y"} 5`,
			out: `error:_filter_failed_on_"0123456789ab":_cannot_add:_string_("x")_and_number_(1) error:_filter_failed_on_record_2:_cannot_add:_array_([])_and_number_(1) error:_filter_failed_on_record_4:_expected_an_object_but_got:_number_(5) error:_filter_failed_on_another_record:_cannot_add:_string_and_number`},
		{filter: ".x, error(.Name)", in: `{"Name":"a\u001b[31m\n` + strings.Repeat("b", 50) + `","x":1}`,
			out: `1 error:_filter_failed_on_"a\x1b[31m\n` + strings.Repeat("b", 32) + `…":_a\x1b[31m\n` + strings.Repeat("b", 50)},
		{filter: "input", in: `1 2 3`, out: `2 error:_filter_failed_on_record_3:_break`},
		{filter: "[.,input]|error", in: `1 2 3 4 5`, out: `error:_filter_failed_on_record_1:_[1,2] error:_filter_failed_on_record_3:_[3,4] error:_filter_failed_on_record_5:_break`},
		{filter: "input, error(\"x\")", options: Options{Null: true}, in: `1 2`, out: `1 error:_filter_failed:_x`},
		{filter: ".[0].a", options: Options{Slurp: true}, in: `1 2`, out: `error:_filter_failed:_expected_an_object_but_got:_number_(1)`},
		{filter: ".+1", in: `1 !lost 2 !!cut`, out: `2 error:_lost 3 error:_!cut`},
		{filter: "[inputs]", options: Options{Null: true}, in: `1 !lost 2`, out: `error:_lost [1,2]`},
		{filter: "length", options: Options{Slurp: true}, in: `1 !lost 2`, out: `error:_lost 2`},
		{filter: "length", options: Options{Slurp: true}, in: `1 2 !!cut`, out: `error:_!cut`},
		{filter: "if . == 2 then halt end", in: `1 2 3`, out: `1 error:_filter_halted_with_exit_code_0`},

		// Variables.
		{filter: "$a, $big.n, $ARGS", options: Options{Vars: vars}, in: `1`,
			out: `"1" 18446744073709551615 {"positional":[],"named":{"a":"1","big":{"n":18446744073709551615}}}`},
		{filter: "$ARGS", options: Options{Null: true}, out: `{"positional":[],"named":{}}`},

		// baleen's own functions.
		{filter: "name", in: `{"Names":["/web","/db/web"]} {"Name":"/web"} {"RepoTags":["<none>:<none>"]} {"RepoTags":["a:1","a:2"]} {"RepoTags":null} {"Names":null,"Id":"1"}
			{"name":"/web"} {"container":"web"} {"Actor":{"ID":"1","Attributes":{"name":"web"}}} {"Actor":{"ID":"1","Attributes":{}}} "x" 1 [1] null`,
			out: `"web" "web" null "a:1" null null "web" "web" "web" "1" null null null null`},
		{filter: "[tags], dangling", in: `{"RepoTags":["a:1","a:2"]} {"RepoTags":["<none>:<none>"]} {"RepoTags":null} {"RepoTags":[]} {"Names":[]} 1`,
			out: `["a:1","a:2"] false [] true [] true [] true [] false [] false`},
		{filter: `label("k")`, in: `{"Labels":{"k":"1"}} {"Config":{"Labels":{"k":"2"}}} {"Spec":{"Labels":{"k":"3"}}} {"Actor":{"Attributes":{"k":"4"}}} {"Labels":{"K":""}} {"Labels":null} 1`,
			out: `"1" "2" "3" "4" null null null`},
		{filter: "short_id", in: `{"Id":"sha256:0123456789abcdef"} {"ID":"0123456789abcdef"} {"id":"0123456789abcdef"} {"Actor":{"ID":"0123456789abcdef"}} {} 1`,
			out: `"0123456789ab" "0123456789ab" "0123456789ab" "0123456789ab" null null`},
		{filter: `def name: "mine"; name, dangling`, in: `{"Name":"x"}`, out: `"mine" false`},
		{filter: `def label($a; $b): $a + $b; label("x" ; "label(") # label(`, in: `1`, out: `"xlabel("`},
	} {
		test.options.Filter = test.filter
		p, err := Compile(test.options)
		if err != nil {
			t.Errorf("%s: %v", test.filter, err)
			continue
		}
		for range 2 { // a program may be run again
			got := strings.ReplaceAll(strings.Join(results(p.Run(records(strings.Fields(test.in)...))), "|"), " ", "_")
			if want := strings.Join(strings.Fields(test.out), "|"); got != want {
				t.Errorf("%s over %s\n got %s\nwant %s", test.filter, test.in, got, want)
			}
		}
	}
}

func TestHalt(t *testing.T) {
	for _, test := range []struct {
		filter, stderr string
		code           int
	}{
		{"halt", "", 0},
		{`"bye\u001b" | halt_error`, "bye\x1b", 5},
		{`{b: 1, a: [.]} | halt_error(7)`, `{"b":1,"a":[null]}` + "\n", 7},
		{`null | halt_error(1)`, "", 1},
		{`try halt_error(3) catch .`, "", 3},
	} {
		p, err := Compile(Options{Filter: test.filter, Null: true})
		if err != nil {
			t.Fatal(err)
		}
		for b, err := range p.Run(records()) {
			var halt *HaltError
			if !errors.As(err, &halt) || halt.Code != test.code || halt.Stderr != test.stderr {
				t.Errorf("%s: %s, %#v", test.filter, b, err)
			}
		}
	}
}

func TestStderr(t *testing.T) {
	var b strings.Builder
	p, err := Compile(Options{Filter: `debug, debug("x\(.a)"), stderr, (.a|tostring|stderr)`, Stderr: &b})
	if err != nil {
		t.Fatal(err)
	}
	if got := len(results(p.Run(records(`{"b":1,"a":2}`)))); got != 4 {
		t.Errorf("%d results, want 4", got)
	}
	const want = "[\"DEBUG:\",{\"b\":1,\"a\":2}]\n[\"DEBUG:\",\"x2\"]\n{\"b\":1,\"a\":2}2"
	if b.String() != want {
		t.Errorf("stderr is %q, want %q", b.String(), want)
	}
}

func TestModules(t *testing.T) {
	home, dir := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	for file, text := range map[string]string{
		filepath.Join(home, ".jq"):         `def short_id: "mine"; def own: name + "!";`,
		filepath.Join(dir, "a.jq"):         `module {v: 1}; import "sub/b" as b; def f: [name, b::g]; def team: label("team");`,
		filepath.Join(dir, "sub", "b.jq"):  `import "c" as c {search: "./"}; def g: label("k") | c::h;`,
		filepath.Join(dir, "sub", "c.jq"):  `def h: "c" + .;`,
		filepath.Join(dir, "numbers.json"): `1.10 {"big":18446744073709551615}`,
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	const record = `{"Name":"/web","Id":"0123456789abcdef","Labels":{"k":"v","team":"t"}}`
	for _, test := range []struct {
		filter, want string
		library      []string
	}{
		{`import "a" as a; a::f, a::team`, `["web","cv"] "t"`, []string{dir}},
		{`module {name: "x"}; include "a"; # f
			def g: f; g # end`, `["web","cv"]`, []string{dir}},
		{`import "numbers" as $n; $n, $n::n[0]`, `[1.10,{"big":18446744073709551615}] 1.10`, []string{dir}},
		{`short_id, own`, `"mine" "web!"`, nil},
		{`short_id`, `"0123456789ab"`, []string{dir}},
	} {
		p, err := Compile(Options{Filter: test.filter, Library: test.library})
		if err != nil {
			t.Errorf("%s: %v", test.filter, err)
			continue
		}
		if got := strings.Join(results(p.Run(records(record))), " "); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.filter, got, test.want)
		}
	}
}

func TestVarsErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "values")
	if err := os.WriteFile(file, []byte("1 {\"a\": 1.10}\n[] \xff"), 0o666); err != nil {
		t.Fatal(err)
	}
	var v Vars
	if err := v.RawFile("raw", file); err != nil {
		t.Fatal(err)
	}
	for got, want := range map[error]string{
		v.Arg("1a", ""):              "--arg 1a: a variable's name has letters, digits and _ only, and no digit first",
		v.Arg("", ""):                "--arg : a variable's name has letters, digits and _ only, and no digit first",
		v.ArgJSON("x", ""):           "--argjson x: unexpected end of JSON input",
		v.ArgJSON("x", "1 2"):        "--argjson x: invalid character '2' after top-level value",
		v.SlurpFile("x", file):       "--slurpfile x: " + file + ": invalid character 'ÿ' looking for beginning of value",
		v.SlurpFile("x", file+"s"):   "--slurpfile x: open " + file + "s: no such file or directory",
		v.RawFile("x\x1b", file+"s"): "--rawfile x\\x1b: open " + file + "s: no such file or directory",
	} {
		if got == nil || got.Error() != want {
			t.Errorf("got  %v\nwant %s", got, want)
		}
	}
	if err := os.WriteFile(file, []byte("1 {\"a\": 1.10}\n[]"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := v.SlurpFile("all", file); err != nil {
		t.Fatal(err)
	}
	p, err := Compile(Options{Filter: "$raw, $all", Null: true, Vars: v})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`"1 {\"a\": 1.10}\n[] ` + "\ufffd" + `"`, `[1,{"a":1.10},[]]`}
	if got := results(p.Run(records())); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestBreak: a consumer that has enough ends the input, wherever the run stands.
func TestBreak(t *testing.T) {
	for _, test := range []struct {
		filter  string
		options Options
		in      []string
	}{
		{".", Options{}, []string{"1", "2"}},
		{".+1", Options{}, []string{"1", "2"}},
		{"error", Options{}, []string{"1", "2"}},
		{"., halt", Options{}, []string{"1", "2"}},
		{"inputs", Options{Null: true}, []string{"1", "2"}},
		{"repeat(try input catch 1)", Options{Null: true}, []string{"!lost", "2"}},
		{"until(false; try input catch 1)", Options{Null: true}, []string{"!lost", "2"}},
		{"[inputs]", Options{}, []string{"1", "!lost", "2"}},
		{".[]", Options{Slurp: true}, []string{"1", "!lost", "2"}},
	} {
		test.options.Filter = test.filter
		p, err := Compile(test.options)
		if err != nil {
			t.Fatal(err)
		}
		ended := 0
		input := func(yield func(json.RawMessage, error) bool) {
			defer func() { ended++ }()
			records(test.in...)(yield)
		}
		seen := 0
		for range p.Run(input) {
			seen++
			break
		}
		if seen != 1 || ended != 1 {
			t.Errorf("%s: saw %d results, input ended %d times, want 1 and 1", test.filter, seen, ended)
		}
	}
}

func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads millions of records")
	}
	record := []byte(`{"Id":"sha256:0123456789abcdef","Names":["/web"],"Size":1}`)
	text := []byte(`"0123456789abcdef0123456789abcdef"`)
	for _, test := range []struct {
		filter string
		null   bool
		record []byte
	}{
		{"select(.Size > 0)", false, record},
		{"try error catch .", false, record},
		{"error", false, record},
		{"reduce inputs as $x (0; .+1)", true, record},
		{"reduce inputs as $x (0; .+1)", false, record},
		{"reduce inputs as $x (0; .+1)", true, text},
		{"inputs | name", true, record},
	} {
		p, err := Compile(Options{Filter: test.filter, Null: test.null})
		if err != nil {
			t.Fatal(err)
		}
		var most uint64
		input := func(yield func(json.RawMessage, error) bool) {
			var m runtime.MemStats
			for i := range 300_000 {
				if i%50_000 == 0 {
					runtime.GC()
					runtime.ReadMemStats(&m)
					most = max(most, m.HeapAlloc)
				}
				if !yield(test.record, nil) {
					return
				}
			}
		}
		for range p.Run(input) {
		}
		if most > 16<<20 {
			t.Errorf("%s holds %d MB", test.filter, most>>20)
		}
	}
}

// TestManyInputs: records that input read keep their text for as long as they are held.
func TestManyInputs(t *testing.T) {
	var in []string
	for i := range 2000 {
		in = append(in, `{"n":`+strconv.Itoa(i)+`,"a":0}`)
	}
	for _, o := range []Options{
		{Filter: "[inputs][]", Null: true},
		{Filter: "reduce inputs as $x ([.]; . + [$x]) | .[]"},
		{Filter: ".[]", Slurp: true},
	} {
		p, err := Compile(o)
		if err != nil {
			t.Fatal(err)
		}
		if got := results(p.Run(records(in...))); !slices.Equal(got, in) {
			t.Errorf("%s: %d results, the last %q", o.Filter, len(got), got[len(got)-1])
		}
	}
}
