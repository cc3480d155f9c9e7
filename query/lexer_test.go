package query

import (
	"strings"
	"testing"
	"time"
)

func TestTokens(t *testing.T) {
	src := "a .b \"c \\(d | \"e\\(f)\") \\\" g\" # h \\\n i\nj as $k | .l@m::n 1e5 (o) \"\\\\\" p"
	var got []string
	tokens(src, func(from, to int) bool {
		got = append(got, src[from:to])
		return true
	})
	if want := "a d f j as $k 1e5 o p"; strings.Join(got, " ") != want {
		t.Errorf("%s: %s, not %s", src, got, want)
	}
}

// TestTokensLinear: a filter of any length is read in one pass.
func TestTokensLinear(t *testing.T) {
	start := time.Now()
	if _, _, err := parseText(strings.Repeat("label(\"x\"), $__loc__, \"label(\",\n", 50_000) + "1"); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("150,000 terms took %v", d)
	}
}

// TestConstantKeys: a key that can be no string does not compile, as in jq.
func TestConstantKeys(t *testing.T) {
	for _, filter := range []string{`{(0): 1}`, `{a: ., (true): 1}`, `. as {(null): $x} | $x`, `[{(1): 2}]`} {
		if _, err := Compile(Options{Filter: filter}); err == nil || !strings.Contains(err.Error(), "as object key") {
			t.Errorf("%s: %v", filter, err)
		}
	}
}
