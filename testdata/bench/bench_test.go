package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkBaleen's op is one run of baleen, start to end, on 10,000 records.
func BenchmarkBaleen(b *testing.B) {
	dir := b.TempDir()
	baleen := filepath.Join(dir, "baleen")
	if out, err := exec.Command("go", "build", "-o", baleen, "baleen").CombinedOutput(); err != nil {
		b.Fatalf("%s%v", out, err)
	}
	handler := engine(10_000)
	l, err := net.Listen("unix", socket(dir, 10_000))
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	go server.Serve(l)
	b.Cleanup(func() { server.Close() })
	for _, test := range []struct{ name, source, filter string }{
		{"images", "images", "."},
		{"images select", "images", "select(.Size > 500000000) | .Id"},
		{"images object", "images", "{Id, RepoTags, Size}"},
		{"images function", "images", "name"},
		{"images whole", "images", "del(.Labels)"},
		{"containers", "containers", "."},
		{"containers select", "containers", `select(.State == "exited") | .Id`},
	} {
		b.Run(test.name, func(b *testing.B) {
			list := httptest.NewRecorder()
			handler.ServeHTTP(list, httptest.NewRequest("GET", "/"+test.source+"/json", nil))
			b.SetBytes(int64(list.Body.Len()))
			for b.Loop() {
				if err := exec.Command(baleen, test.source, "-H", "unix://"+socket(dir, 10_000), "-q", test.filter).Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
