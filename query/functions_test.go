package query

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of functions into docs/functions.md")

// TestTable: the table of functions in docs/functions.md says what the prelude says.
func TestTable(t *testing.T) {
	const file, begin, end = "../docs/functions.md", "<!-- functions -->\n", "<!-- end of functions -->\n"
	readme, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := bytes.Cut(readme, []byte(begin))
	table, after, ended := bytes.Cut(rest, []byte(end))
	if !found || !ended {
		t.Fatal("docs/functions.md has no " + begin)
	}
	var b strings.Builder
	b.WriteString("| function | gives | for example |\n|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`)
	for _, f := range Functions() {
		fmt.Fprintf(&b, "| `%s` | %s | `%s` |\n", f.Name, cell.Replace(f.Gives), cell.Replace(f.Example))
	}
	switch {
	case b.String() == string(table):
	case *update:
		readme = fmt.Appendf(nil, "%s%s%s%s%s", before, begin, b.String(), end, after)
		if err := os.WriteFile(file, readme, 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("docs/functions.md has another table of functions; go test ./query -run TestTable -update")
	}
}

// TestFunctions: each function says what it gives, with an example that compiles.
func TestFunctions(t *testing.T) {
	listed := map[string]int{}
	filter := regexp.MustCompile(`^baleen \w+ .*-q '(.+)'( -r| --\w+( \d\w+)?| --dry-run)*$`)
	for _, f := range Functions() {
		name, _, _ := strings.Cut(f.Name, "(")
		listed[name]++
		if f.Topic == "" || f.Gives == "" || strings.Contains(f.Gives+f.More, "\n") {
			t.Errorf("%+v", f)
		}
		m := filter.FindStringSubmatch(f.Example)
		if m == nil {
			m = regexp.MustCompile(`-q (\w+) -r$`).FindStringSubmatch(f.Example)
		}
		if m == nil || !strings.Contains(m[1], name) {
			t.Errorf("%s: %s: no filter that uses it", f.Name, f.Example)
			continue
		}
		if _, err := Compile(Options{Filter: m[1]}); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	defined := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^def ([a-z]\w*)`).FindAllStringSubmatch(prelude, -1) {
		defined[m[1]]++
	}
	for name, n := range defined {
		if listed[name] != n {
			t.Errorf("%s is defined %d times and listed %d times", name, n, listed[name])
		}
	}
}

// outputs gives the results of a filter over records, one line each.
func outputs(t *testing.T, o Options, in ...string) string {
	t.Helper()
	p, err := Compile(o)
	if err != nil {
		t.Errorf("%s: %v", o.Filter, err)
		return ""
	}
	return strings.Join(results(p.Run(records(in...))), "\n")
}

func TestTextFunctions(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	for _, test := range []struct{ filter, in, want string }{
		{"[repo, tag]", `"node"`, `["node","latest"]`},
		{"[repo, tag]", `"docker.io/library/node:20"`, `["node","20"]`},
		{"[repo, tag]", `"docker.io/team/node:20"`, `["team/node","20"]`},
		{"[repo, tag]", `"localhost:5000/team/app"`, `["localhost:5000/team/app","latest"]`},
		{"[repo, tag]", `"reg.example.com:5000/app:1@sha256:` + id + `"`, `["reg.example.com:5000/app","1"]`},
		{"[repo, tag]", `"app@sha256:` + id + `"`, `["app",null]`},
		{"[repo, tag]", `"app:<none>"`, `["app",null]`},
		{"[repo, tag]", `"<none>:<none>"`, `[null,null]`},
		{"[repo, tag]", `"<none>"`, `[null,null]`},
		{"[repo, tag]", `"sha256:` + id + `"`, `[null,null]`},
		{"[repo, tag]", `"` + id + `"`, `[null,null]`},
		{"[repo, tag]", `null`, `[null,null]`},
		{"[repo, tag]", `{"RepoTags":["a:1","b:2"],"RepoDigests":[]}`, `["a","1"]`},
		{"[name, repo, tag]", `{"Id":"` + id + `","RepoTags":["web@sha256:` + id + `","web:2","app:1"],"RepoDigests":[]}`, `["app:1","app","1"]`},
		{"[repo, tag]", `{"RepoTags":["<none>:<none>"],"RepoDigests":["a@sha256:` + id + `"]}`, `["a",null]`},
		{"[repo, tag]", `{"RepoTags":null,"RepoDigests":["<none>@<none>"]}`, `[null,null]`},
		{"[repo, tag]", `{"RepoTags":[],"Config":{"Image":"sha256:` + id + `"}}`, `[null,null]`},
		{"[repo, tag]", `{"Names":["/x"],"Image":"a:1","ImageID":"sha256:` + id + `"}`, `["a","1"]`},
		{"[repo, tag]", `{"Name":"/x","Image":"sha256:` + id + `","Config":{"Image":"a:1"}}`, `["a","1"]`},
		{"[repo, tag]", `{"Name":"volume"}`, `[null,null]`},
		{"repo", `"A B"`, `error: filter failed on record 1: repo: cannot read the reference "A B"`},
		{"tag", `7`, `error: filter failed on record 1: tag: cannot find a reference in 7`},

		{`[duration("90s", "36h", "7d", "2w", "1h30m", "1.5d", "250ms", "1d1ns")]`, `0`, `[90,129600,604800,1209600,5400,129600,0.25,86400.000000001]`},
		{`[.[] | timestamp]`, `["2024-05-01T10:00:00Z","2024-05-01T12:00:00+02:00","2024-05-01T10:00:00.25Z",1714557600,1714557600000000000,1714557600250000000,0]`,
			`[1714557600,1714557600,1714557600.25,1714557600,1714557600,1714557600.25,0]`},
		{"age > 1e7, older_than(\"1w\"), newer_than(\"1w\")", `{"Created":1714557600}`, "true\ntrue\nfalse"},
		{"age < 1e8", `{"Created":"2124-05-01T10:00:00Z"}`, "true"},
		{"older_than(\"1w\"), newer_than(\"1w\")", `{"CreatedAt":"2024-05-01T10:00:00+02:00"}`, "true\nfalse"},
		{"now - age | floor", `{"time":1714557600,"timeNano":1714557600250000000}`, "1714557600"},
		{"now - age | round", `{"container":"x","time":"2024-05-01T10:00:00.1Z"}`, "1714557600"},
		{"age", `{"Name":"x"}`, `error: filter failed on "x": the record does not say when it was created`},
		{"timestamp", `"0001-01-01T00:00:00Z"`, `error: filter failed on record 1: timestamp: cannot compare with never, which is "0001-01-01T00:00:00Z"`},
		{"timestamp", `""`, `error: filter failed on record 1: timestamp: cannot compare with never, which is ""`},
		{"timestamp | floor", `"2026-11-25 22:46:19.774525824 +0000 UTC"`, "1795646779"},
		{"older_than(\"1d\")", `{"RepoTags":["x:1"],"Created":-62135596800}`, "true"},
		{"older_than(\"1d\")", `{"RepoTags":["x:1"],"Created":""}`, "true"},
		{"older_than(\"1d\")", `{"Name":"x","CreatedAt":""}`, `error: filter failed on "x": timestamp: cannot compare with never, which is ""`},
		{"age", `{"RepoTags":["x:1"],"Created":-62135596800}`, `error: filter failed on "x:1": timestamp: cannot compare with never, which is -62135596800`},
		{"map(select(.Id != \"b\")) == beyond_newest(1; repo), beyond_budget(1)[0].Id, beyond_budget(1; .Created)[1:] == []", `[{"Id":"a","RepoTags":["x:1"],"Size":1,"Created":-62135596800},{"Id":"b","RepoTags":["x:2"],"Size":1,"Created":1714557600}]`, "true\n\"a\"\ntrue"},
		{"timestamp", `1714557600000`, `error: filter failed on record 1: timestamp: cannot read the time 1714557600000`},

		{`[bytes("1.5GB", "1GiB", "512kB", "512KB", "42", "1.5 gb", "1tib", "0.1kB", "7B", 9, 1e3)]`, `0`,
			`[1500000000,1073741824,512000,512000,42,1500000000,1099511627776,100,7,9,1000]`},
		{`.[] | human_size`, `[0,999,1530000000,48600000,13300]`, "\"0B\"\n\"999B\"\n\"1.53GB\"\n\"48.6MB\"\n\"13.3kB\""},
		{`.[] | human_duration`, `[0,59.9,60,3700,172800,1814400,1e300]`,
			"\"Less than a second\"\n\"59 seconds\"\n\"About a minute\"\n\"About an hour\"\n\"2 days\"\n\"3 weeks\"\n\"285 years\""},
		{`human_size`, `"7"`, `error: filter failed on record 1: human_size: cannot take for bytes "7"`},
		{`human_duration`, `{}`, `error: filter failed on record 1: human_duration: cannot take for seconds this object`},
		{`def bytes(x): "mine"; bytes(1), human_size`, `1`, "\"mine\"\n\"1B\""},
	} {
		if got := outputs(t, Options{Filter: test.filter}, test.in); got != test.want {
			t.Errorf("%s over %s\n got %s\nwant %s", test.filter, test.in, got, test.want)
		}
	}
}

// TestRefusals: a text that may mean something else is an error that shows it.
func TestRefusals(t *testing.T) {
	for function, texts := range map[string][]string{
		"duration":  {`""`, `"7dd"`, `"7"`, `"d"`, `"1..5h"`, `"-1h"`, `"7 d"`, `"1y"`, `"1h30"`, `90`, `null`},
		"timestamp": {`"yesterday"`, `"2024-05-01"`, `"1714557600"`, `null`, `true`},
		"bytes":     {`""`, `"1.5.GB"`, `"1G"`, `"512m"`, `"GB"`, `"1.5GBs"`, `"1KBi"`, `"1iB"`, `"-1GB"`, `"1  GB"`, `"1mgB"`, `null`},
	} {
		for _, text := range texts {
			filter := function + "(.)"
			if function == "timestamp" {
				filter = function
			}
			got := outputs(t, Options{Filter: filter}, text)
			if !strings.HasPrefix(got, "error: filter failed on record 1: "+function+": cannot read ") || !strings.HasSuffix(got, text) {
				t.Errorf("%s of %s: %s", function, text, got)
			}
		}
	}
}
