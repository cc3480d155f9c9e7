package query

import (
	"encoding/json"
	"iter"
	"testing"
)

func images(n int) iter.Seq2[json.RawMessage, error] {
	all := make([]json.RawMessage, 1000)
	for i := range all {
		all[i] = json.RawMessage(image(i))
	}
	return func(yield func(json.RawMessage, error) bool) {
		for i := range n {
			if !yield(all[i%len(all)], nil) {
				return
			}
		}
	}
}

// BenchmarkRun's op is one image record of about 640 bytes.
func BenchmarkRun(b *testing.B) {
	for name, filter := range map[string]string{
		"identity": ".",
		"select":   "select(.Size > 500000000)",
		"path":     ".Id",
		"pipeline": "select(.Size > 500000000) | .Id",
		"object":   "{Id, RepoTags, Size}",
		"regex":    `select(.Labels.maintainer | test("^team-[0-9]*7@"))`,
		"prelude":  "name",
	} {
		b.Run(name, func(b *testing.B) {
			p, err := Compile(Options{Filter: filter})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(image(500))))
			b.ReportAllocs()
			in := images(b.N)
			b.ResetTimer()
			for range p.Run(in) {
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, filter := range []string{".", "select(.Size > 5)", "select(name == \"x\")", `label("x")`, "[inputs]"} {
		b.Run(filter, func(b *testing.B) {
			for b.Loop() {
				if _, err := Compile(Options{Filter: filter}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
