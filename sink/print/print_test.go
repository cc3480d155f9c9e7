package print

import (
	"baleen/sink"
	"baleen/source/record"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	yamlv3 "go.yaml.in/yaml/v3"
)

// flags are those of a command line.
type flags map[string]string

func (f flags) Bool(name string) bool         { return f[name] == "true" }
func (f flags) String(name string) string     { return f[name] }
func (f flags) StringSlice(string) []string   { return nil }
func (f flags) Duration(string) time.Duration { return 0 }
func (f flags) IsSet(name string) bool        { _, ok := f[name]; return ok }
func (f flags) Int(name string) int           { n, _ := strconv.Atoi(f[name]); return n }

// output is what results look like; width is that of a terminal, 0 for none.
func output(t testing.TB, f flags, width int, columns []string, results ...string) string {
	t.Helper()
	printed, _ := outputs(t, f, width, columns, results...)
	return printed
}

// printer prints results as the flags say, their columns without a look at the record.
func printer(page Page, f flags) (*Printer, error) {
	o, err := chooseOutput(f, false)
	if err != nil {
		return nil, err
	}
	columns, err := parseColumns(f)
	if err != nil {
		return nil, err
	}
	if columns.Names != nil {
		page.Columns = columns.Names
	}
	return newPrinter(o, page, f)
}

// outputs gives the messages as well.
func outputs(t testing.TB, f flags, width int, columns []string, results ...string) (printed, messages string) {
	t.Helper()
	var b, stderr bytes.Buffer
	page := Page{W: &b, Stderr: &stderr, Columns: columns}
	if width > 0 {
		page.Size = func() (int, int) { return width, 24 }
	}
	if f["output"] == "" {
		f["output"] = "ndjson"
	}
	p, err := printer(page, f)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if err := p.Print(json.RawMessage(r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), stderr.String()
}

func TestOutputs(t *testing.T) {
	objects := []string{`{"a":1.10,"b":{"c.d":"x\ty"},"s":"say \"hi\", you"}`, `{"b":null,"s":"no","z":0}`}
	for _, test := range []struct {
		name    string
		flags   flags
		results []string
		want    string
	}{
		{"ndjson", flags{}, objects, objects[0] + "\n" + objects[1] + "\n"},
		{"ndjson columns", flags{"columns": "s,b.c.d"}, objects, `{"s":"say \"hi\", you","b.c.d":"x\ty"}` + "\n" + `{"s":"no","b.c.d":null}` + "\n"},
		{"raw", flags{"raw-output": "true"}, []string{`"a\tb"`, `1`, `{"a":"b"}`}, "a\tb\n1\n{\"a\":\"b\"}\n"},
		{"json", flags{"output": "json"}, []string{`{"a":[1,{}]}`, `2`}, "[\n  {\n    \"a\": [\n      1,\n      {}\n    ]\n  },\n  2\n]\n"},
		{"json of nothing", flags{"output": "json"}, nil, "[]\n"},
		{"csv", flags{"output": "csv"}, objects, "a,b,s\n1.10,\"{\"\"c.d\"\":\"\"x\\ty\"\"}\",\"say \"\"hi\"\", you\"\n,,no\n"},
		{"csv columns", flags{"output": "csv", "columns": "z,b.c.d"}, objects, "z,b.c.d\n,x\ty\n0,\n"},
		{"csv of arrays", flags{"output": "csv"}, []string{`[1,"a,b",null]`, `[]`, `[[2]]`}, "1,\"a,b\",\n\n[2]\n"},
		{"csv of an array after an object", flags{"output": "csv"}, []string{`{"a":1,"b":2}`, `[3,null,"x"]`, `"y"`, `{"a":4,"b":5}`}, "a,b\n1,2\n3,,x\ny\n4,5\n"},
		{"csv of an object after an array", flags{"output": "csv"}, []string{`[1]`, `{"a":2}`}, "1\n\"{\"\"a\"\":2}\"\n"},
		{"csv of an array, columns", flags{"output": "csv", "columns": "1"}, []string{`{"1":1}`, `[2,3]`}, "1\n1\n3\n"},
		{"csv of nothing", flags{"output": "csv", "columns": "a,b"}, nil, "a,b\n"},
		{"tsv", flags{"output": "tsv", "columns": "s,b.c.d"}, objects, "s\tb.c.d\nsay \"hi\", you\tx\\ty\nno\t\n"},
		{"tsv of strings", flags{"output": "tsv"}, []string{`"a\\b\nc"`, `true`}, "a\\\\b\\nc\ntrue\n"},
		{"table", flags{"output": "table"}, objects, "A      B                S\n1.10   {\"c.d\":\"x\\ty\"}   say \"hi\", you\n                        no\n"},
		{"table of nothing", flags{"output": "table", "columns": "a"}, nil, "A\n"},
		{"table of arrays", flags{"output": "table"}, []string{`["a",1]`, `["bcd",22,"x"]`}, "a     1\nbcd   22   x\n"},
		{"table of strings", flags{"output": "table"}, []string{`"a\u001b[2J"`, `"b\nc"`}, "a^[[2J\nb\\nc\n"},
		{"table of wide characters", flags{"output": "table"}, []string{`{"a":"鯨","b":1}`, `{"a":"e\u0301","b":2}`, `{"a":"👩‍🚀!","b":3}`},
			"A     B\n鯨    1\ne\u0301     2\n👩‍🚀!   3\n"},
		{"yaml", flags{"output": "yaml"}, []string{`{"a":[1.10,[true,[]],{"b":"x","c":{}}],"d":{"e":null}}`, `"a\nb"`, `[]`},
			"a:\n  - 1.10\n  - - true\n    - []\n  - b: x\n    c: {}\nd:\n  e: null\n---\n\"a\\nb\"\n---\n[]\n"},
		{"yaml columns", flags{"output": "yaml", "columns": "s"}, objects[1:], "s: \"no\"\n"},
	} {
		if got := output(t, test.flags, 0, nil, test.results...); got != test.want {
			t.Errorf("%s:\n%s\nnot:\n%s", test.name, got, test.want)
		}
	}
}

func TestColumnsOfTheFilter(t *testing.T) {
	got := output(t, flags{"output": "table"}, 0, []string{"size", "id"}, `{"id":1,"size":2}`)
	if want := "SIZE   ID\n2      1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What the first result has no column for is said once, unless columns were asked for.
func TestKeysWithoutAColumn(t *testing.T) {
	for _, test := range []struct {
		results []string
		columns []string
		flags   flags
		want    string
	}{
		{[]string{`{"a":1}`, `{"a":2,"err":"disk full"}`, `{"other":1}`}, nil, flags{}, `baleen: no column shows "err" of a record; --columns picks columns` + "\n"},
		{[]string{`{"a":1}`, `{"b":1,"c":2,"d":3,"e\u001b":4}`}, nil, flags{}, `baleen: no column shows "b", "c", "d", "e\x1b" of a record; --columns picks columns` + "\n"},
		{[]string{`{"a":1,"b":2}`, `{"b":3}`, `{"a":4,"c":null,"d":""}`, `[1,2,3]`, `4`}, nil, flags{}, ""},
		{[]string{`{"a":1}`, `{"b":2}`}, nil, flags{"columns": "a"}, ""},
		{[]string{`{"a":1}`, `{"b":2}`}, []string{"a"}, flags{}, ""},
	} {
		for _, o := range []string{"csv", "tsv", "table"} {
			test.flags["output"] = o
			if _, got := outputs(t, test.flags, 0, test.columns, test.results...); got != test.want {
				t.Errorf("%s of %s: %q, not %q", o, test.results, got, test.want)
			}
		}
	}
}

// Of a reference to an image the tag is what tells it from others.
func TestTagsStay(t *testing.T) {
	const reference = `"registry.example.com/team/鯨/app:v1.2.3"`
	for _, test := range []struct{ result, want string }{
		{`{"image":` + reference + `}`, "IMAGE\n…m/鯨/app:v1.2.3\n"},
		{`{"Name":` + reference + `}`, "NAME\n…m/鯨/app:v1.2.3\n"},
		{`{"image":"registry.example.com:5000/app"}`, "IMAGE\n…le.com:5000/app\n"},
		{`{"image":"example.com/application:v1.2.3"}`, "IMAGE\n…application:v1…\n"},
		{`{"image":"application-server:v1.2.3"}`, "IMAGE\napplication-ser…\n"},
		{`{"image":"sha256:0123456789abcdef"}`, "IMAGE\nsha256:01234567…\n"},
		{`{"at":"2026-01-02T03:04:05Z"}`, "AT\n2026-01-02T03:0…\n"},
	} {
		if got := output(t, flags{"output": "table"}, 16, nil, test.result); got != test.want {
			t.Errorf("%s: %q, want %q", test.result, got, test.want)
		}
	}
}

func TestChartWithoutNumbers(t *testing.T) {
	const none = "no number to draw"
	for _, test := range []struct {
		results []string
		want    bool
	}{
		{[]string{`{"name":"a","x":"s"}`}, true},
		{[]string{`{"name":"a","x":"s"}`, `{"name":"a","y":1}`}, false},
		{[]string{`{"name":"a","x":"s"}`, `{"name":"b","x":1}`}, false},
		{nil, false},
	} {
		if got := output(t, flags{"output": "chart"}, 40, nil, test.results...); strings.Contains(got, none) != test.want {
			t.Errorf("%s: %q", test.results, got)
		}
	}
	if got := output(t, flags{"output": "chart"}, 40, nil, `{"x":"s"}`, `{"y":1}`); !strings.Contains(got, "y 1 (0–1)") {
		t.Errorf("a number that comes later: %q", got)
	}
}

// A row without a cell takes the place of another one such, as any row does.
func TestScreenOfEmptyRows(t *testing.T) {
	p, err := printer(Page{W: io.Discard, Renews: true, Size: func() (int, int) { return 40, 9 }}, flags{"output": "table"})
	if err == nil {
		err = p.Print(json.RawMessage(`[]`))
	}
	if err != nil || p.Close() != nil {
		t.Error(err)
	}
}

func TestUsage(t *testing.T) {
	for _, f := range []flags{
		{"output": "xml"}, {"output": "chart"}, {"output": "table", "raw-output": "true"}, {"output": "json", "join-output": "true"},
		{"output": "yaml", "indent": "2"}, {"output": "ndjson", "indent": "8"}, {"output": "csv", "columns": "a,,b"},
	} {
		_, err := printer(Page{W: &bytes.Buffer{}}, f)
		var usage *record.UsageError
		if !errors.As(err, &usage) {
			t.Errorf("%v: %v", f, err)
		}
	}
}

// A name that would steer the terminal is shown, not obeyed.
func TestNothingSteersATerminal(t *testing.T) {
	const nasty = `"a\u001b[2J\u0007\r` + "\x7f\u009b31m\u202e" + `b"`
	for _, o := range Outputs() {
		if o.Name == "chart" {
			continue
		}
		f := flags{"output": o.Name, "monochrome-output": "true"}
		for _, result := range []string{nasty, `{"k":` + nasty + `,` + nasty + `:1}`, `[` + nasty + `]`} {
			for _, raw := range []bool{false, true} {
				if raw && o.Name == "ndjson" {
					f["raw-output"] = "true"
				}
				got := output(t, f, 200, nil, result)
				if i := strings.IndexFunc(got, func(r rune) bool { return r != '\n' && sink.Invisible(r) && (r != '\t' || o.Name != "tsv") }); i >= 0 {
					t.Errorf("%s: %q", o.Name, got)
				}
			}
		}
	}
	if got := output(t, flags{"raw-output": "true"}, 80, nil, `"a\tb\nc\u001b"`); got != "a\tb\nc^[\n" {
		t.Errorf("-r: %q", got)
	}
	if got := output(t, flags{"raw-output": "true"}, 0, nil, `"\u001b[1m"`); got != "\x1b[1m\n" {
		t.Errorf("-r in a pipe: %q", got)
	}
}

func TestTableFits(t *testing.T) {
	long := strings.Repeat("鯨", 60)
	result := `{"short":"x","long":"` + long + `","other":"` + long + `","last":"y"}`
	for _, width := range []int{1, 5, 20, 40, 41, 80, 300} {
		got := output(t, flags{"output": "table"}, width, nil, result, result)
		for line := range strings.Lines(got) {
			if n := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns: a line of %d: %s", width, n, line)
			}
		}
		if width >= 80 && !strings.Contains(got, "   y\n") {
			t.Errorf("%d columns: the last column is missing:\n%s", width, got)
		}
	}
}

// A long list is not held until its end.
func TestTableStreams(t *testing.T) {
	var b bytes.Buffer
	p, err := printer(Page{W: &b}, flags{"output": "table"})
	if err != nil {
		t.Fatal(err)
	}
	for range 100_000 {
		if err := p.Print(json.RawMessage(`{"a":"0123456789"}`)); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.Len(); n < 1_000_000 {
		t.Errorf("of 100,000 rows %d bytes had left", n)
	}
}

func TestColors(t *testing.T) {
	const all = `{"k":[null,false,true,1,"s"]}`
	for _, test := range []struct{ jq, want string }{
		{"", "1;39{1;34\"k\"1;39:1;39[0;90null1;39,0;39false1;39,0;39true1;39,0;3911;39,0;32\"s\"1;39]1;39}"},
		{"4:5:6:7:8:9:10:11", "10{11\"k\"10:9[4null9,5false9,6true9,719,8\"s\"9]10}"},
		{"::31", "1;39{1;34\"k\"1;39:1;39[null1;39,false1;39,31true1;39,0;3911;39,0;32\"s\"1;39]1;39}"},
	} {
		t.Setenv("JQ_COLORS", test.jq)
		got := output(t, flags{"color-output": "true"}, 0, nil, all)
		got = strings.NewReplacer("\x1b[0m", "", "\x1b[", "", "m", "").Replace(got)
		if got != test.want+"\n" {
			t.Errorf("JQ_COLORS=%s:\n%s", test.jq, got)
		}
	}
	os.Unsetenv("JQ_COLORS")
	for _, test := range []struct {
		noColor string
		width   int
		flags   flags
		colour  bool
	}{
		{"", 80, flags{}, true}, {"", 0, flags{}, false}, {"1", 80, flags{}, false}, {"", 80, flags{"monochrome-output": "true"}, false},
		{"1", 0, flags{"color-output": "true"}, true},
	} {
		t.Setenv("NO_COLOR", test.noColor)
		if got := strings.Contains(output(t, test.flags, test.width, nil, `1`), "\x1b["); got != test.colour {
			t.Errorf("%+v: colour %v", test, got)
		}
	}
}

func FuzzYAML(f *testing.F) {
	for _, s := range []string{
		`{"a":"yes","b":"1e3","c":"null","d":"~","e":"a: b","f":"a #b","g":"- x","h":"","i":" x","j":"x:","k":"0x1f","l":"2020-01-01","m":"=","n":".inf"}`,
		`{"no":[[],{},[[1,[2]],{"a":[{"b":1}]}]],"a b":{"x:y":"c:d=e"},"":null,"<<":"&a","!t":"*b","?":"|","%":"@x"}`,
		`"\u0000\u0007\u001b\u007f` + "\u0085\u2028\ufeff\u202e😀" + `"`, `-1.5E+3`, `[0,-0,1e400,18446744073709551615]`, `"a\nb\n"`, `"N"`, `"sha256:0a"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var compact bytes.Buffer
		if !utf8.Valid(data) || json.Compact(&compact, data) != nil {
			t.Skip()
		}
		var want any
		if err := json.Unmarshal(data, &want); err != nil {
			t.Skip()
		}
		text := output(t, flags{"output": "yaml"}, 0, nil, compact.String())
		var got any
		if err := yamlv3.Unmarshal([]byte(text), &got); err != nil {
			if strings.Contains(err.Error(), "already defined") || strings.Contains(err.Error(), "could not find expected") {
				t.Skip() // a key that comes twice, or is longer than YAML lets it be
			}
			t.Fatalf("%s\n%v", text, err)
		}
		if got = plain(got); !reflect.DeepEqual(got, want) {
			t.Errorf("%s\nis read as %#v, not %#v", text, got, want)
		}
	})
}

// plain is a YAML value as JSON would have it.
func plain(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	}
	return v
}

func TestPlot(t *testing.T) {
	for _, test := range []struct {
		points []float64
		want   []string
	}{
		{[]float64{0, 1, 2, 3}, []string{"⡠⠊"}},
		{[]float64{5}, []string{"⠀⠈"}},
		{[]float64{0, 0, 0, 0}, []string{"⣀⣀"}},
		{[]float64{0, 7, 0, 7}, []string{"⢸⣾", "⡸⡿"}},
		{[]float64{-1, 1, math.MaxFloat32, 0}, []string{"⠀⣷", "⣀⢿"}},
	} {
		if got := plot(test.points, min(0, slices.Min(test.points)), slices.Max(test.points), 2, len(test.want)); !slices.Equal(got, test.want) {
			t.Errorf("%v:\n%s\nnot:\n%s", test.points, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
	}
}

// A container that ended leaves the table once the others have gone on without it.
func TestLatest(t *testing.T) {
	var l latest[string]
	for _, name := range []string{"ended", "a", "b", "a"} {
		*l.of(name) += name
	}
	l[0].at = l[0].at.Add(-2 * stale)
	var got []string
	for name, value := range l.all() {
		got = append(got, name+"="+*value)
	}
	if want := []string{"a=aa", "b=b"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestScreenHasRoom(t *testing.T) {
	for _, test := range []struct {
		lines []string
		note  string
		quits bool
		want  []string
	}{
		{nil, "", true, nil},
		{[]string{"a", "b", "c", "d"}, "", false, []string{"a", "b", "c", "d"}},
		{[]string{"a", "b", "c", "d", "e", "f"}, "", false, []string{"a", "b", "c", "… 3 more"}},
		{[]string{"a", "b", "c"}, "", true, []string{"a", "b", "c", "q quits"}},
		{[]string{"a", "b", "c", "d"}, "", true, []string{"a", "b", "c", "… 1 more; q quits"}},
		{[]string{"a", "b", "c", "d"}, "no room for G", true, []string{"a", "b", "c", "… 1 more; q quits; no r…"}},
		{[]string{"a"}, "no room for G", false, []string{"a", "no room for G"}},
	} {
		s := screen{quits: test.quits}
		want := ""
		for _, line := range test.want {
			want += "\x1b[K" + line + "\n"
		}
		if want != "" {
			want = "\x1b[2J\x1b[H" + want + "\x1b[J"
		}
		if got := string(s.draw(nil, test.lines, test.note, 24, 5)); got != want {
			t.Errorf("%q: got %q, want %q", test.lines, got, want)
		}
	}
}
