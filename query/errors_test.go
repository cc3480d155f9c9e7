package query

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompileError(t *testing.T) {
	dir := t.TempDir()
	for file, text := range map[string]string{
		"bad.jq":    "def a: 1;\ndef b: 1 +;\n",
		"data.json": `{"a":}`,
		"undef.jq":  "def a: nosuch;\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ filter, want string }{
		{`.Id | | x`, `<filter>: unexpected token "|"
    .Id | | x
          ^`},
		{`.a[ `, `<filter>: unexpected EOF
    .a[ 
       ^`},
		{`.foo | foo # foo`, `<filter>: function not defined: foo/0
    .foo | foo # foo
           ^`},
		{"# foo\n\"foo\" | {foo: 1} | foo(1) | foo", `<filter>:2: function not defined: foo/1
    2 | "foo" | {foo: 1} | foo(1) | foo
                           ^`},
		{`@json "x\(nosuch)"`, `<filter>: function not defined: nosuch/0
    @json "x\(nosuch)"
              ^`},
		{`.[] as [$a] | $b`, `<filter>: variable not defined: $b
    .[] as [$a] | $b
                  ^`},
		{`break $x`, `<filter>: label not defined: $x
    break $x
          ^`},
		{`import "nosuch" as x; .`, `<filter>: module not found: "nosuch"
    import "nosuch" as x; .
           ^`},
		{`import "bad" as b; .`, dir + `/bad.jq:2: unexpected token ";"
    2 | def b: 1 +;
                  ^`},
		{`import "data" as $d; .`, dir + `/data.json: invalid character '}' looking for beginning of value`},
		{`import "undef" as u; .`, `<filter>: function not defined: nosuch/0`},
		{"\tif .a\n\tthen 1\n  else 2\n", `<filter>:3: unexpected EOF
    3 |   else 2
                ^`},
		{"\r\n\r\n}", `<filter>:3: unexpected token "}"
    3 | }
        ^`},
		{`"日本語" | | 1`, `<filter>: unexpected token "|"
    "日本語" | | 1
               ^`},
		{"\"\x1b[31m\u202e\" | }", `<filter>: unexpected token "}"
    "\x1b[31m\u202e" | }
                       ^`},
		{`{` + strings.Repeat("a: 1, ", 30) + ` ] ` + strings.Repeat(", b: 2", 30) + `}`, `<filter>: unexpected token "]"
    …1, a: 1, a: 1, a: 1, a: 1, a: 1, a: 1,  ] , b: 2, b: 2, b: 2, b: 2, b:…
                                             ^`},
		{`label(1; 2)`, `<filter>: function not defined: label/2
    label(1; 2)
    ^`},
		{`label("x"`, `<filter>: unexpected EOF
    label("x"
             ^`},
		{`1 $__loc__`, `<filter>: unexpected token "$__loc__"
    1 $__loc__
      ^`},
	} {
		_, err := Compile(Options{Filter: test.filter, Library: []string{dir}})
		if err == nil || err.Error() != test.want {
			t.Errorf("%s\ngot\n%v\nwant\n%s", test.filter, err, test.want)
		}
	}
	if _, err := Compile(Options{Filter: ".a[", Name: "clean.jq"}); !strings.HasPrefix(err.Error(), "clean.jq: ") {
		t.Errorf("the message does not start with the filter's name: %v", err)
	}
}

func TestRecordErrorNames(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	for in, want := range map[string]string{
		`{"Names":["/web"],"Id":"` + id + `"}`:                                         `"web"`,
		`{"Id":"sha256:` + id + `","RepoTags":["app:1"]}`:                              `"app:1"`,
		`{"Id":"sha256:` + id + `","RepoTags":[]}`:                                     `"0123456789ab"`,
		`{"container":"web","line":"x"}`:                                               `"web"`,
		`{"id":"` + id + `","Actor":{"ID":"` + id + `","Attributes":{"name":"web"}}}`:  `"web"`,
		`{"Type":"network","Actor":{"ID":"` + id + `","Attributes":{"name":"front"}}}`: `"front"`,
		`{"Type":"volume","Actor":{"ID":"data","Attributes":{"driver":"local"}}}`:      `"data"`,
		`{"Type":"image","Actor":{"ID":"sha256:` + id + `","Attributes":{"x":"y"}}}`:   `"0123456789ab"`,
		`{"Name":"` + id + `"}`:                                                        `"0123456789ab"`,
		`{"Name":"` + strings.Repeat("n", 41) + `"}`:                                   `"` + strings.Repeat("n", 39) + `…"`,
		`{"Name":7}`: `record 1`,
		`"web"`:      `record 1`,
	} {
		if got := outputs(t, Options{Filter: `error("no")`}, in); got != "error: filter failed on "+want+": no" {
			t.Errorf("%s\n%s", in, got)
		}
	}
}
