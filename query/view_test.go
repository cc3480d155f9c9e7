package query

import (
	"strings"
	"testing"
)

func TestColumns(t *testing.T) {
	for filter, want := range map[string]string{
		`{b: 1, a: .x, "c d": 2, $v, @base64 "e": 1}`:                   "",
		`{b: 1, a: .x, "c d": 2, z}`:                                    "b,a,c d,z",
		`select(.x) | {z, a} | select(.z > 1)`:                          "z,a",
		`.tags[] as $t | {z: $t, a}`:                                    "z,a",
		`{z}, {a}`:                                                      "z,a",
		`{z, y} + {a: 1, z: 2}`:                                         "z,y,a",
		`[.[] | {z, a}] | sort_by(.a)[]`:                                "z,a",
		`map({z, a})[]`:                                                 "z,a",
		`if .x then {z, a} else empty end`:                              "z,a",
		`if .x then {z} elif .y then {z, a} else {b} end`:               "z,a,b",
		`if .x then error("x") elif .y then empty else {z} end`:         "z",
		`[if .x then [{z}] elif .y then [{a}] else [] | [{b}] end[]][]`: "z,a,b",
		`if .x then {z} end`:                                            "",
		`if .x then {z} elif .y then . else {b} end`:                    "",
		`if .x then [{z}] else {b} end`:                                 "",
		`if .x then empty else error end`:                               "",
		`{z}, empty`:                                                    "z",
		`{z} as $x | .`:                                                 "",
		`{z} as $x | {a, x: $x}`:                                        "a,x",
		`def f: 1; ({z, a})`:                                            "z,a",
		`{z, a}.z`:                                                      "",
		`{(.k): 1, a}`:                                                  "",
		`{z}, 1`:                                                        "",
		`.a`:                                                            "",
		`[{z}]`:                                                         "",
		`{`:                                                             "",
	} {
		if got := strings.Join(Columns(filter), ","); got != want {
			t.Errorf("%s: %q, not %q", filter, got, want)
		}
	}
}

func TestPasses(t *testing.T) {
	for _, test := range []struct {
		filter string
		slurp  bool
		want   bool
	}{
		{"", false, true}, {".", false, true}, {"select(.a) | select(.b)", false, true}, {"(select(.a))", false, true},
		{".a", false, false}, {"{a}", false, false}, {".[]", false, false}, {"., 1", false, false}, {". as $x | $x", false, false},
		{"def select(f): 1; select(.a)", false, false}, {"select(", false, false},
		{"sort_by(.a)[]", true, true}, {"sort_by(.a) | .[:3] | .[]", true, true}, {"sort_by(.a) | reverse | first", true, true}, {".[0]", true, true},
		{"max_by(.a)", true, true}, {"sort_by(.a)", true, false}, {".[].a", true, false}, {".", true, false}, {"[.[] | select(.a)][]", true, true},
		{"[.[] | select(.a)] | beyond_newest(3; repo)[]", true, true}, {"[.[].a][]", true, false},
	} {
		o := Options{Filter: test.filter, Slurp: test.slurp}
		if got := o.Passes(); got != test.want {
			t.Errorf("%s, slurped %v: %v", test.filter, test.slurp, got)
		}
	}
	if o := (Options{Null: true}); o.Passes() {
		t.Error("-n: what is no record passes")
	}
}
