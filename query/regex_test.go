package query

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestRegex: what jq 1.8.2 makes of patterns and flags, those that RE2 refuses too.
func TestRegex(t *testing.T) {
	for filter, want := range map[string]string{
		`"k8s_x", "web" | test("^(?!k8s_)")`:                                                 `false true`,
		`"abab" | test("^(ab)\\1$")`:                                                         `true`,
		`"quu" | gsub("(?=u)"; "u")`:                                                         `"quuuu"`,
		`"aab" | [match("a*"; "g") | [.offset, .length]]`:                                    `[[0,2],[2,0],[3,0]]`,
		`"a\n" | test("a$")`:                                                                 `true`,
		`"a\nb" | test("^b"), test("a.b"), test("a.b"; "p")`:                                 `false false true`,
		`"aé1" | [match("\\w+"; "g").string]`:                                                `["aé1"]`,
		`"ab" | [match("x*?|."; "gn").string]`:                                               `["a","b"]`,
		`"ab" | test("a b # c"; "x"), test("A B"; "xi")`:                                     `true true`,
		`"aXbxc" | match("(x)(?<n>.)?"; "i")`:                                                `{"offset":1,"length":2,"string":"Xb","captures":[{"offset":1,"length":1,"string":"X","name":null},{"offset":2,"length":1,"string":"b","name":"n"}]}`,
		`"éab" | match("(?<z>b)(?=$)(y)?")`:                                                  `{"offset":2,"length":1,"string":"b","captures":[{"offset":2,"length":1,"string":"b","name":"z"},{"offset":-1,"string":null,"length":0,"name":null}]}`,
		`"za" | capture("(?<z>z)(?<b>a)")`:                                                   `{"z":"z","b":"a"}`,
		`"foo bar" | [splits("o")], sub("(?<x>o+)"; "<\(.x)>"), [gsub("(?<a>o)"; "1", "2")]`: `["f","","_bar"] "f<oo>_bar" ["f11_bar","f22_bar"]`,
		`"foo bar" | gsub(""; "-"), gsub("^"; ">")`:                                          `"-f-o-o-_-b-a-r-" ">foo_bar"`,
		`"a,b" | split(","), split(", *"; null), [scan("[a-z]")]`:                            `["a","b"] ["a","b"] ["a","b"]`,
		`"abc" | test(["B", "i"])`:                                                           `true`,
		`"aaa" | [match("a|aa"; "gl").string]`:                                               `["aa","a"]`,
		`"a" | try test("a"; "q", "i") catch .`:                                              `"q_is_not_a_valid_modifier_string"`,
		`. as $re | "a" | try test("(" + $re) catch "no"`:                                    `"no"`,
	} {
		p, err := Compile(Options{Filter: filter})
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		got := strings.ReplaceAll(strings.Join(results(p.Run(records(`"x"`))), "|"), " ", "_")
		if got != strings.ReplaceAll(want, " ", "|") {
			t.Errorf("%s\n got %s\nwant %s", filter, got, want)
		}
	}
}

// TestRegexTime: a search that explodes ends after a second, as an error.
func TestRegexTime(t *testing.T) {
	p, err := Compile(Options{Filter: `test("^(a+)+(?!x)$")`})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	got := results(p.Run(records(`"` + strings.Repeat("a", 60) + `b"`)))
	if len(got) != 1 || !strings.Contains(got[0], "takes more than 1s") || strings.Contains(got[0], "aaaa") || time.Since(start) > 20*time.Second {
		t.Errorf("after %v: %s", time.Since(start), got)
	}
}

// TestRegexConstant: a pattern that no engine accepts does not compile.
func TestRegexConstant(t *testing.T) {
	for _, filter := range []string{`select(.a | test("("))`, `.a | test("a"; "q")`, `sub("[z-a]"; "b")`, `[scan("a{2,1}")]`} {
		_, err := Compile(Options{Filter: filter})
		var e *CompileError
		if !errors.As(err, &e) || e.Offset < 0 {
			t.Errorf("%s: %v", filter, err)
		}
	}
	if _, err := Compile(Options{Filter: `def test(f): 1; test("(")`}); err != nil {
		t.Error(err)
	}
}
