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

// container is a record as an Engine lists it.
const container = `{"Id":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","Names":["/web-17"],"Image":"registry.example.com/team/app:1.2.17",` +
	`"ImageID":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","Command":"/docker-entrypoint.sh nginx -g 'daemon off;'","Created":1700000017,` +
	`"Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8017,"Type":"tcp"}],"Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"web","maintainer":"team-17@example.com"},` +
	`"State":"running","Status":"Up 2 hours","HostConfig":{"NetworkMode":"shop_default"},"NetworkSettings":{"Networks":{"shop_default":{"IPAMConfig":null,"Links":null,"Aliases":null,"MacAddress":"02:42:ac:12:00:02","NetworkID":"0123456789abcdef","EndpointID":"0123456789abcdef","Gateway":"172.18.0.1","IPAddress":"172.18.0.2","IPPrefixLen":16}}},` +
	`"Mounts":[{"Type":"volume","Name":"data-17","Source":"/var/lib/docker/volumes/data-17/_data","Destination":"/data","Driver":"local","Mode":"z","RW":true,"Propagation":""}]}`

// BenchmarkGojq runs filters that the text of a record does not answer.
func BenchmarkGojq(b *testing.B) {
	for name, filter := range map[string]string{
		"object":  `{name: name, Image, up: (.Status | startswith("Up"))}`,
		"any":     `select(any(.Mounts[]; .Type == "volume")) | .Names[0]`,
		"entries": `.Labels | to_entries[]`,
		"update":  `.Labels.x = 1 | del(.Ports)`,
	} {
		b.Run(name, func(b *testing.B) {
			p, err := Compile(Options{Filter: filter})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(container)))
			b.ReportAllocs()
			in := func(yield func(json.RawMessage, error) bool) {
				for range b.N {
					if !yield(json.RawMessage(container), nil) {
						return
					}
				}
			}
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
