package query

import (
	"strings"
	"testing"
)

// TestArrayHint: whoever pastes a filter for an array is told once that there is none.
func TestArrayHint(t *testing.T) {
	for filter, hint := range map[string]string{
		`.[] | .Names`: "leave `.[] |` out", `.[].Names`: "leave `.[] |` out", `[.[] | .Names[0]]`: "leave `.[] |` out",
		`.[0].Names`: "leave `.[0]` out", `.[-1] | .x`: "leave `.[-1]` out", `map(.Names)`: "leave `map(…)` out", `map(select(.State == "x")) | length`: "leave `map(…)` out",
		`.Volumes[] | .Name`: "leave `.Volumes[] |` out", `(.[] | select(.x == 1)) | .y`: "leave `.[] |` out",
		`.Names | error`: "", `error("x")`: "", `.Names[].x`: "",
	} {
		p, err := Compile(Options{Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(results(p.Run(records(`{"Names":["/a"],"State":"x"}`, `{"Names":["/b"],"State":"x"}`))), "|")
		if n := strings.Count(got, "records come one by one"); n != min(1, len(hint)) || !strings.Contains(got, hint) {
			t.Errorf("%s: %s", filter, got)
		}
	}
	for _, o := range []Options{{Filter: ".[] | .x", Slurp: true}, {Filter: ".[] | .x"}} {
		p, err := Compile(o)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(results(p.Run(records(`["a"]`))), "|"); strings.Contains(got, "one by one") {
			t.Error(got)
		}
	}
}
