package query

import "testing"

// TestMessages: what a filter catches is said as jq says it.
func TestMessages(t *testing.T) {
	for filter, want := range map[string]string{
		`null | .[]`: `Cannot iterate over null (null)`, `{"a":1} | .a[]`: `Cannot iterate over number (1)`,
		`{} + 1`: `object ({}) and number (1) cannot be added`, `1 / 0`: `number (1) and number (0) cannot be divided because the divisor is zero`,
		`"x" | tonumber`: `string ("x") cannot be parsed as a number`, `[1] | .[-2] = 1`: `Out of bounds negative array index`,
		`"very-long-long-long-long-long-long" | -.`: `string ("very-long-long-long-long...") cannot be negated`,
		`1 | test("a")`: `number (1) cannot be matched, as it is not a string`, `error("x")`: `x`, `error({"a":1})`: `{"a":1}`,
		`path([1])`: `Invalid path expression with result [1]`, `"a" | ltrimstr(1), (1 | ltrimstr("a"))`: `startswith() requires string inputs`,
	} {
		p, err := Compile(Options{Filter: "try (" + filter + ") catch tostring", Null: true})
		if err != nil {
			t.Fatal(err)
		}
		got := results(p.Run(records()))
		if len(got) != 1 || got[0] != string(p.orders.Append(nil, want)) {
			t.Errorf("%s: %s, not %s", filter, got, want)
		}
	}
}
