package print

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
)

// BenchmarkPrint's op is one result.
func BenchmarkPrint(b *testing.B) {
	const id = `"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"`
	object := `{"Id":` + id + `,"RepoTags":["registry.example.com/team/app:1.2"],"Size":12345678,"Text":"` + strings.Repeat("x ", 200) + `"}`
	for _, test := range []struct {
		name, result string
		flags        flags
	}{
		{"object", object, flags{"output": "ndjson"}},
		{"string", id, flags{"output": "ndjson"}},
		{"raw string", id, flags{"output": "ndjson", "raw-output": "true"}},
		{"indented", object, flags{"output": "ndjson", "indent": "2"}},
		{"colour", object, flags{"output": "ndjson", "color-output": "true"}},
		{"array", object, flags{"output": "json"}},
		{"yaml", object, flags{"output": "yaml"}},
		{"tsv", object, flags{"output": "tsv"}},
	} {
		b.Run(test.name, func(b *testing.B) {
			p, err := printer(Page{W: io.Discard}, test.flags)
			if err != nil {
				b.Fatal(err)
			}
			result := json.RawMessage(test.result)
			b.SetBytes(int64(len(result)))
			b.ReportAllocs()
			for b.Loop() {
				if err := p.Print(result); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
