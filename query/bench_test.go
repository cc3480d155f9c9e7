package query

import (
	"encoding/json"
	"iter"
	"strconv"
	"strings"
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

// image is a record of 640 bytes as an Engine lists it.
func image(i int) string {
	n := strconv.Itoa(i)
	id := strings.Repeat("0123456789abcdef", 4)
	return `{"Containers":-1,"Created":` + strconv.Itoa(1700000000+i) +
		`,"Id":"sha256:` + id + `","Labels":{"maintainer":"team-` + n + `@example.com","org.opencontainers.image.source":"https://example.com/team/app-` + n +
		`","org.opencontainers.image.version":"1.2.` + n + `"},"ParentId":"","RepoDigests":["registry.example.com/team/app-` + n + `@sha256:` + id +
		`"],"RepoTags":["registry.example.com/team/app-` + n + `:1.2.` + n + `","registry.example.com/team/app-` + n +
		`:latest"],"SharedSize":-1,"Size":` + strconv.Itoa(i%1000*1000000+i) + `,"Descriptor":{"size":12345}}`
}
