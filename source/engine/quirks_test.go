package engine

import (
	"errors"
	"net/http"
	"testing"
)

// TestRefusal: what Podman 5 says in place of a record is an error, a record that
// only looks like that is none.
func TestRefusal(t *testing.T) {
	a := &Answer{What: "GET /containers/x/stats"}
	var status *StatusError
	err := a.refusal([]byte(`{"cause":"container is stopped","message":"container is stopped","response":500}`))
	if !errors.As(err, &status) || err.Error() != "GET /containers/x/stats: container is stopped (500)" {
		t.Error(err)
	}
	for _, record := range []string{`{"cause":"x","message":"y"}`, `{"cause":"x","response":200}`, `{"message":"y","response":500}`, `{"cause":1,"response":"500"}`, `[]`, `"cause"`, `{}`} {
		if err := a.refusal([]byte(record)); err != nil {
			t.Errorf("%s: %v", record, err)
		}
	}
}

// TestUnknown has what Engines say of a name that names nothing, and else.
func TestUnknown(t *testing.T) {
	for message, want := range map[string]bool{
		"No such container: web": true,
		"No such image: web:1":   true,
		`no container with name or ID "web" found: no such container`:                                             true,
		"failed to find image web: docker.io/library/web: image not known":                                        true,
		"image with reference web was found but does not provide the specified platform (linux/arm64)":            false,
		"image with reference web was found but its platform (linux/amd64) does not match the specified platform": false,
		"content digest sha256:aa: not found":                                                                     false,
		"no such volume":                                                                                          true,
		"page not found":                                                                                          false,
	} {
		if got := (&StatusError{Status: http.StatusNotFound, Message: message}).Unknown("/web"); got != want {
			t.Errorf("%s: %v", message, got)
		}
	}
	if (&StatusError{Status: http.StatusInternalServerError, Message: "web"}).Unknown("web") {
		t.Error("a 500 is no answer to that")
	}
}
