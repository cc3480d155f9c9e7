package engine

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"baleen/source/record"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// TestPaths asks for paths as they are written.
func TestPaths(t *testing.T) {
	var asked []string
	host := double(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.RequestURI)
		w.Header().Set("Api-Version", "1.56")
		io.WriteString(w, "[]")
	})
	e, err := Connect(Options{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/info", "/info", "/v1.41/images/json", "images/postgres%3A16/json", "/images/a%2Fb/json?x=%20y", "/volumes/v1.0"} {
		for _, err := range e.Get(t.Context(), path) {
			if err != nil {
				t.Error(err)
			}
		}
	}
	want := "/info /v1.56/info /v1.41/images/json /v1.56/images/postgres%3A16/json /v1.56/images/a%2Fb/json?x=%20y /v1.56/volumes/v1.0"
	if got := strings.Join(asked, " "); got != want {
		t.Errorf("asked for\n%s, not\n%s", got, want)
	}
}

// TestPassword keeps a user and a password in an address out of names and messages.
func TestPassword(t *testing.T) {
	for host, want := range map[string]string{
		"tcp://user:secret@127.0.0.1:1":    "tcp://127.0.0.1:1",
		"user:secret@127.0.0.1:1":          "tcp://127.0.0.1:1",
		"tcp://user:se@cret@127.0.0.1:1/p": "tcp://127.0.0.1:1/p",
		"ssh://me@far":                     "ssh://me@far",
	} {
		o := Options{Host: host}
		ep, err := o.Locate()
		if err != nil || ep.Host != want || ep.name != ep.Host {
			t.Errorf("%s: %+v, %v", host, ep, err)
		}
	}
	o := Options{Host: "ssh://me:secret@far"}
	_, err := o.Locate()
	if usage := (*record.UsageError)(nil); !errors.As(err, &usage) || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
	e, err := Connect(Options{Host: "tcp://user:secret@127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range e.Get(t.Context(), "/info") {
		if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "tcp://127.0.0.1:1") {
			t.Error(err)
		}
	}
}

// TestConflicts has answers that mean "in use" come as 409, and no others.
func TestConflicts(t *testing.T) {
	status, message := 0, ""
	host := double(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.WriteHeader(status)
		io.WriteString(w, message)
	})
	for _, test := range []struct {
		status  int
		message string
		want    int
	}{
		{403, `{"message":"error while removing network: network n id 1 has active endpoints"}`, 409},
		{500, `{"message":"rpc error: code = FailedPrecondition desc = network 1 is in use by service s"}`, 409},
		{400, `{"message":"rpc error: code = InvalidArgument desc = secret 's' is in use by the following service: web"}`, 409},
		{500, `{"message":"cannot remove container 1 as it is running: container state improper"}`, 409},
		{500, `{"message":"disk full"}`, 500},
		{404, `{"message":"x is in use by y"}`, 404},
	} {
		status, message = test.status, test.message
		e, err := Connect(Options{Host: host, Write: true, APIVersion: "1.41"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Do(t.Context(), http.MethodDelete, "/networks/n", nil, nil, nil)
		var refused *StatusError
		if !errors.As(err, &refused) || refused.Status != test.want || !strings.Contains(test.message, refused.Message) {
			t.Errorf("%d %s: %v", test.status, test.message, err)
		}
	}
}

// TestErrorBodyHangs: the status is told although the Engine never ends what it
// says of it, to reads and to docker's client.
func TestErrorBodyHangs(t *testing.T) {
	host := double(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"message":"no`)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	e, err := Connect(Options{Host: host, Write: true, APIVersion: "1.41"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var refused *StatusError
	if _, err := e.Do(ctx, http.MethodGet, "/info", nil, nil, nil); !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Error(err)
	}
	if err := e.Client.ContainerStart(ctx, "x", container.StartOptions{}); !errdefs.IsNotFound(err) {
		t.Error(err)
	}
}

// TestReconnectPause: a connection that worked is followed by a short pause.
func TestReconnectPause(t *testing.T) {
	begun, sessions := time.Now(), 0
	err := Outlive(t.Context(), "x", func(up func()) error {
		up()
		if sessions++; sessions == 12 {
			return nil
		}
		return &LostError{"GET /x", errCut}
	}, func(error) {})
	if took := time.Since(begun); err != nil || took > 5*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}
