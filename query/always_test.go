package query

import "testing"

// A condition that always holds is refused before an action, what may fail is not.
func TestAlwaysHolds(t *testing.T) {
	for filter, want := range map[string]string{
		`select(.State = "exited")`:                            `.State = "exited" changes a value, which is always true; == compares`,
		`select(.State |= "exited") | .Id`:                     `.State |= "exited" changes a value, which is always true; == compares`,
		`if .State = "dead" then . else empty end`:             `.State = "dead" changes a value, which is always true; == compares`,
		`select(.State == "exited" or "dead")`:                 `"dead" by itself is always true; == compares`,
		`select(.State | . == "exited" or "dead")`:             `"dead" by itself is always true; == compares`,
		`select(.State == "exited", "dead")`:                   `"dead" by itself is always true; == compares`,
		`select(any(.Names[]; . == "/a" or "/b"))`:             `"/b" by itself is always true; == compares`,
		`map(select(.Mounts | length))[]`:                      `length is always true, also where it is 0 or empty; compare it`,
		`select(now - .Created)`:                               `now - .Created is always true, also where it is 0; compare it`,
		`select(.Labels.keep // "no")`:                         `"no" by itself is always true; == compares`,
		`select(.Labels.keep // "no" == "no")`:                 `"no" == "no" stands alone, as // binds less; write (… // "no") == …`,
		`def dead: .State = "dead"; select(dead and .Created)`: "",
		`def dead: .State = "dead"; select(dead)`:              `.State = "dead" changes a value, which is always true; == compares`,
		`def f: f; select(f)`:                                  "",
		`select(.State != "running" or .State != "paused")`:    `.State != "running" or .State != "paused" is always true, of one value or the other; and means neither`,
		`select(.State != "running" and .State != "paused")`:   "",
		`select(.State != "running" or .Status != "Up")`:       "",
		`select(true)`:                                     "",
		`select(.State == "exited" and "dead")`:            "",
		`select((.Labels.keep // "no") == "no")`:           "",
		`select(.Labels.keep // false)`:                    "",
		`select(.Mounts | length > 0)`:                     "",
		`select(.State | IN("exited", "dead"))`:            "",
		`select(.Names | index("/a"))`:                     "",
		`select(.Labels["length"])`:                        "",
		`select(.State == ("exited", "dead"))`:             "",
		`select((.Created - now) < 0 | not)`:               "",
		`select(.Labels | keys | any(startswith("keep")))`: "",
		`.Id`: "",
		`select(.Image | split(":")[1] == "latest")`:            "",
		`select(lasting("10m"; mem_percent - 95))`:              `mem_percent - 95 is always true, also where it is 0; compare it`,
		`select(.Labels | with_entries(select(.key)) | length)`: `length is always true, also where it is 0 or empty; compare it`,
	} {
		o := &Options{Filter: filter}
		if got := o.Unsafe(); got != want {
			t.Errorf("%s: got %q, want %q", filter, got, want)
		}
	}
}
