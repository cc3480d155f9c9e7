package query

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"testing"
)

// BenchmarkJoins' op is a list of 10,000 containers, or images, looked up in
// 10,000 of the other.
func BenchmarkJoins(b *testing.B) {
	const n = 10_000
	containers, images := make([]string, n), make([]string, n)
	for i := range n {
		containers[i] = fmt.Sprintf(`{"Id":"%064x","Names":["/c%d"],"Image":"app:%d","ImageID":"sha256:%064x"}`, n+i, i, i, i)
		images[i] = fmt.Sprintf(`{"Id":"sha256:%064x","RepoTags":["app:%d"],"Created":1,"Size":1}`, i, i)
	}
	lines := map[string][]string{"/containers/json?all=1": containers, "/images/json?all=1": images}
	get := func(path string) iter.Seq2[json.RawMessage, error] {
		return func(yield func(json.RawMessage, error) bool) {
			for _, line := range lines[path] {
				if !yield(json.RawMessage(line), nil) {
					return
				}
			}
		}
	}
	for filter, in := range map[string][]string{"image.Size": containers, "in_use": images, "used_by|name": images} {
		b.Run(strings.ReplaceAll(filter, "|", "_"), func(b *testing.B) {
			p, err := Compile(Options{Filter: filter, Engine: Engine{Get: get, Wait: func() {}}})
			if err != nil {
				b.Fatal(err)
			}
			for range b.N {
				results := 0
				for _, err := range p.Run(func(yield func(json.RawMessage, error) bool) {
					for _, line := range in {
						if !yield(json.RawMessage(line), nil) {
							return
						}
					}
				}) {
					if err != nil {
						b.Fatal(err)
					}
					results++
				}
				if results != n {
					b.Fatalf("%d results, want %d", results, n)
				}
			}
		})
	}
}
