package query

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestPolicies(t *testing.T) {
	image := func(id string, created, size, shared int, tags ...string) string {
		list := `null`
		if len(tags) > 0 {
			list = `["` + strings.Join(tags, `","`) + `"]`
		}
		return fmt.Sprintf(`{"Id":%q,"Created":%d,"Size":%d,"SharedSize":%d,"RepoTags":%s}`, id, created, size, shared, list)
	}
	repos := []string{ // as an Engine lists them, the newest first
		image("f", 60, 1, -1, "a:3", "a:latest"), image("e", 50, 1, -1), image("d", 40, 1, -1, "0b:1", "a:2b"),
		image("c", 40, 1, -1, "a:2"), image("b", 20, 1, -1, "a:1"), image("a", 10, 1, -1),
	}
	sizes := []string{image("d", 40, 100, -1, "d:1"), image("c", 30, 50, -1, "c:1"), image("b", 20, 30, -1, "b:1", "b:2"), image("a", 10, 20, -1)}
	shared := []string{image("c", 30, 100, 60, "c:1"), image("b", 20, 100, 60, "b:1"), image("a", 10, 10, 0, "a:1")}
	for _, test := range []struct {
		filter string
		in     []string
		want   string // the ids
	}{
		{`beyond_newest(0; repo)`, repos, `["f","d","c","b"]`},
		{`beyond_newest(1; repo)`, repos, `["c","b"]`},
		{`beyond_newest(2; repo)`, repos, `["b"]`},
		{`beyond_newest(3; repo)`, repos, `[]`},
		{`beyond_newest(99; repo)`, repos, `[]`},
		{`beyond_newest(1; tags | repo)`, repos, `["c","b"]`},
		{`beyond_newest(2; tags | repo)`, repos, `["c","b"]`}, // d is the first of two of one age
		{`beyond_newest(3; tags | repo)`, repos, `["b"]`},
		{`beyond_newest(1; empty)`, repos, `[]`},
		{`beyond_newest(1; null)`, repos, `[]`},
		{`beyond_newest(1; 1)`, repos, `["e","d","c","b","a"]`},
		{`beyond_newest(1; dangling)`, repos, `["d","c","b","a"]`},
		{`[., .] | add | beyond_newest(2; repo)`, repos, `["b"]`},
		{`reverse | beyond_newest(1; repo)`, repos, `["b","c"]`},
		{`beyond_newest(1; repo)`, nil, `[]`},

		{`beyond_budget(200)`, sizes, `[]`},
		{`beyond_budget(199)`, sizes, `["a"]`},
		{`beyond_budget(180)`, sizes, `["a"]`},
		{`beyond_budget(179)`, sizes, `["b","a"]`},
		{`beyond_budget("0.15kB")`, sizes, `["b","a"]`},
		{`beyond_budget(99)`, sizes, `["d","c","b","a"]`}, // the newest alone is too much
		{`beyond_budget(0)`, sizes, `["d","c","b","a"]`},
		{`[., .] | add | beyond_budget(200)`, sizes, `[]`},
		{`reverse | beyond_budget(150)`, sizes, `["a","b"]`},
		{`map(.Created = 1) | beyond_budget(150)`, sizes, `["b","a"]`},
		{`beyond_budget(150; if .Id == "a" then 99 else .Created end)`, sizes, `["c","b"]`},
		{`beyond_budget(150; .Created, (if .Id == "b" then "2024-05-01T10:00:00Z" else empty end))`, sizes, `["c","a"]`},
		{`beyond_budget(1)`, nil, `[]`},
		// 40 + 40 of their own, 60 that they share, and 10
		{`beyond_budget(150)`, shared, `[]`},
		{`beyond_budget(149)`, shared, `["a"]`},
		{`beyond_budget(140)`, shared, `["a"]`},
		{`beyond_budget(139)`, shared, `["b","a"]`},
		{`beyond_budget(100)`, shared, `["b","a"]`},
		{`beyond_budget(99)`, shared, `["c","b","a"]`},

		{`beyond_budget(5)`, []string{`{"Id":"new","Names":["/x"],"Created":2,"SizeRw":5,"SizeRootFs":900}`, `{"Id":"old","Names":["/y"],"Created":1,"SizeRw":1}`}, `["old"]`},
		{`map(.Id = .Name) | beyond_budget(5)`, []string{`{"Name":"new","CreatedAt":"2024-05-01T10:00:00Z","UsageData":{"Size":5}}`, `{"Name":"old","CreatedAt":"2024-05-01T10:00:00+01:00","UsageData":{"Size":1}}`}, `["old"]`},
	} {
		o := Options{Filter: test.filter + " | map(.Id)", Slurp: true}
		if got := outputs(t, o, test.in...); got != test.want {
			t.Errorf("%s: %s, want %s", test.filter, got, test.want)
		}
	}
	for filter, want := range map[string]string{
		`beyond_budget(-1)`:                           "beyond_budget: -1 bytes are no budget",
		`beyond_newest(-1; repo)`:                     "beyond_newest: no number of records: -1",
		`beyond_newest(1.5; repo)`:                    "beyond_newest: no number of records: 1.5",
		`beyond_newest("3"; repo)`:                    `beyond_newest: no number of records: "3"`,
		`beyond_newest(null; repo)`:                   "beyond_newest: no number of records: null",
		`map(del(.Created)) | beyond_newest(1; repo)`: "the record does not say when it was created",
		`map(.Created = null) | beyond_budget(1)`:     "the record does not say when it was created",
		`beyond_budget("1G")`:                         `bytes: cannot read "1G"`,
		`beyond_budget(null)`:                         `bytes: cannot read null`,
		`map(del(.Size)) | beyond_budget(1)`:          "beyond_budget: the record has no size",
		`map(.Size = -1) | beyond_budget(1)`:          "beyond_budget: the record has no size",
		`beyond_budget(1; empty)`:                     "beyond_budget: TIME gives nothing",
		`beyond_budget(1; null)`:                      "timestamp: cannot read the time null",
	} {
		if got := outputs(t, Options{Filter: filter, Slurp: true}, repos...); got != "error: filter failed: "+want {
			t.Errorf("%s: %s", filter, got)
		}
	}
	// What they let through is still the Engine's own text.
	if got := outputs(t, Options{Filter: "beyond_newest(1; repo)[]", Slurp: true}, repos...); got != repos[3]+"\n"+repos[4] {
		t.Error(got)
	}
}

func TestStatsFunctions(t *testing.T) {
	for _, test := range []struct{ filter, memory, want string }{
		{"mem_used, mem_percent", `{"usage":100,"limit":200,"stats":{"total_inactive_file":30,"inactive_file":10}}`, "70\n35"},
		{"mem_used", `{"usage":100,"stats":{"total_inactive_file":100,"inactive_file":10}}`, "90"},
		{"mem_used", `{"usage":100,"stats":{"total_inactive_file":0,"inactive_file":10}}`, "100"},
		{"mem_used", `{"usage":100,"stats":{"inactive_file":10}}`, "90"},
		{"mem_used", `{"usage":100,"stats":{"inactive_file":100}}`, "100"},
		{"mem_used, mem_percent", `{"usage":100}`, "100\nnull"},
		{"mem_used, mem_percent, cpu_percent, net_io.rx, block_io.read, pids, has_prev", `{}`, "null\nnull\nnull\n0\n0\n0\nfalse"},
		{"mem_percent", `{"usage":18446744073709551614,"limit":18446744073709551615}`, "100"},
	} {
		if got := outputs(t, Options{Filter: test.filter}, `{"cpu_stats":{},"memory_stats":`+test.memory+`}`); got != test.want {
			t.Errorf("%s of %s: %s, want %s", test.filter, test.memory, got, test.want)
		}
	}
	const sample = `{"cpu_stats":{"cpu_usage":{"total_usage":%s,"percpu_usage":[1,2,3]},"system_cpu_usage":%s},"precpu_stats":{"cpu_usage":{"total_usage":100},"system_cpu_usage":1000}}`
	for usage, want := range map[[2]string]string{
		{"150", "1200"}: "75", {"100", "1200"}: "0", {"150", "1000"}: "0", {"50", "1200"}: "0", {"150", "900"}: "0",
	} {
		if got := outputs(t, Options{Filter: "cpu_percent"}, fmt.Sprintf(sample, usage[0], usage[1])); got != want {
			t.Errorf("cpu_percent at %s: %s, want %s", usage, got, want)
		}
	}
	for _, f := range []string{"has_prev", "cpu_percent", "mem_used", "mem_percent", "net_io", "block_io", "pids"} {
		if got := outputs(t, Options{Filter: f}, `{"Names":["/web"]}`); got != `error: filter failed on "web": the record is no sample of stats` {
			t.Errorf("%s: %s", f, got)
		}
	}
}

// TestWindowsStats: docker's formulas for the samples of Windows.
func TestWindowsStats(t *testing.T) {
	sample := `{"id":"a","read":"2026-01-01T00:00:01Z","preread":"2026-01-01T00:00:00Z","num_procs":4,"cpu_stats":{"cpu_usage":{"total_usage":50000000}},"precpu_stats":{"cpu_usage":{"total_usage":40000000}},` +
		`"memory_stats":{"privateworkingset":7},"storage_stats":{"read_size_bytes":3,"write_size_bytes":4}}`
	if got, want := outputs(t, Options{Filter: "[has_prev, cpu_percent, mem_used, block_io.read, block_io.write, pids, mem_percent]"}, sample), "[true,25,7,3,4,null,null]"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if got := outputs(t, Options{Filter: "has_prev"}, strings.Replace(sample, "2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z", 1)); got != "false" {
		t.Error(got)
	}
}

// TestStreams: a burst, and a condition that lasts, of each resource by itself.
func TestStreams(t *testing.T) {
	event := func(id string, second int) string {
		return fmt.Sprintf(`{"Type":"container","Action":"die","Actor":{"ID":%q,"Attributes":{}},"timeNano":%d}`, id, (1_700_000_000+second)*1_000_000_000)
	}
	burst := outputs(t, Options{Filter: `select(burst(3; "5m")) | .timeNano % 1000000000000 / 1000000000`}, event("a", 0), event("a", 100), event("b", 150), event("a", 200), event("a", 210), event("a", 600), event("a", 610), event("a", 620))
	if burst != "200\n620" {
		t.Error(burst)
	}
	sample := func(id string, second int, usage int) string {
		return fmt.Sprintf(`{"id":%q,"name":"/x","read":%q,"cpu_stats":{},"memory_stats":{"usage":%d,"limit":100}}`, id, time.Unix(int64(second), 0).UTC().Format(time.RFC3339Nano), usage)
	}
	var in []string
	for second := range 100 {
		usage := 99
		if second == 20 {
			usage = 1
		}
		in = append(in, sample("a", second, usage), sample("b", second, 1))
	}
	if got := outputs(t, Options{Filter: `select(lasting("60s"; mem_percent > 95)) | .read`}, in...); !strings.HasPrefix(got, `"1970-01-01T00:01:21Z"`) || strings.Count(got, "\n") != 18 {
		t.Error(got)
	}
	gap := outputs(t, Options{Filter: `lasting("60s"; mem_percent > 95)`}, sample("a", 0, 99), sample("a", 70, 99))
	if gap != "false\nfalse" {
		t.Error(gap)
	}
}
