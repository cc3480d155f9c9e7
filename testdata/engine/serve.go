package engine

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// Serve serves what h says as an Engine, and returns its address.
func Serve(t *testing.T, h http.HandlerFunc) string {
	dir, err := os.MkdirTemp("", "bl") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.Header().Set("Content-Type", "application/json")
		h(w, r)
	})}
	go s.Serve(l)
	t.Cleanup(func() {
		s.Close()
		os.RemoveAll(dir)
	})
	return "unix://" + l.Addr().String()
}
