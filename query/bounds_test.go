package query

import (
	"strings"
	"testing"
)

// TestBounds: a value that a loop makes deeper and deeper is an error, whatever is done
// with it.
func TestBounds(t *testing.T) {
	for _, filter := range []string{
		`reduce range(12000000) as $i (null; [.])`, `reduce range(12000000) as $i (null; {a: .}) | . == 1`, `last(limit(12000000; 1 | recurse([.])))`,
		`1 | until(false; [.])`, `last(foreach range(12000000) as $i (1; [., $i]))`, `def f: [.] | f; f`, `def f($n): if $n == 0 then . else [.] | f($n - 1) end; 1 | f(12000000)`,
		`reduce range(20000) as $i (null; .a = .)`, `[limit(20000; 1 | while(true; [.]))] | sort | length`,
		`reduce range(10002) as $i (null; [.])`,
	} {
		p, err := Compile(Options{Filter: filter, Null: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := results(p.Run(records())); len(got) != 1 || !strings.HasPrefix(got[0], "error: filter failed: a value is deeper than 10000") {
			t.Errorf("%s: %.200s", filter, got)
		}
	}
	p, err := Compile(Options{Filter: `reduce range(10000) as $i (null; [.]) | tojson | length, (reduce range(9000) as $i ([]; .[$i] = {a: $i}) | length)`, Null: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(results(p.Run(records())), " "); got != "20004 9000" {
		t.Error(got)
	}
}
