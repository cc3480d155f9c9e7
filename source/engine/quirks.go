package engine

import (
	"baleen/source/record"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
)

// What differs between Engines is here, as far as the connection can hide it.

// conflicts turns the answers with which Engines say that something is in use,
// or in a state that an action does not go with, into 409, which most say:
//
//   - Docker before 28 answers 403 for a network with endpoints
//   - Swarm answers 400 or 500 for a network, secret or config of a service
//   - Podman answers 500 for a container in another state
type conflicts struct{ base http.RoundTripper }

func (c *conflicts) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.base.RoundTrip(r)
	if err != nil || r.Method == http.MethodGet || res.StatusCode < 400 {
		return res, err
	}
	message := errorBody(res.Body)
	res.Body.Close()
	if res.StatusCode != http.StatusNotFound && inUse(string(message)) {
		res.StatusCode, res.Status = http.StatusConflict, "409 Conflict"
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(message)), int64(len(message))
	return res, nil
}

// inUse reports whether an Engine's message says so.
func inUse(message string) bool {
	return slices.ContainsFunc([]string{"in use by", "has active endpoints", "container state improper"}, func(words string) bool {
		return strings.Contains(message, words)
	})
}

// Unknown reports whether a 404 says no more than that there is nothing called
// name: an image that is there, but not for a platform, is one, too.
func (e *StatusError) Unknown(name string) bool {
	says := func(words string) bool { return strings.Contains(strings.ToLower(e.Message), words) }
	named := strings.Contains(e.Message, strings.TrimPrefix(name, "/")) || says("no such") // Podman's volumes are not named
	return e.NotFound() && named && !says("was found but")
}

// refusal is the error that Podman says inside an answer that it began as a
// success; nil for a record.
func (a *Answer) refusal(v json.RawMessage) error {
	if !bytes.HasPrefix(v, []byte(`{"cause":`)) {
		return nil
	}
	var said struct {
		Message  string
		Response int
	}
	if json.Unmarshal(v, &said) != nil || said.Response < http.StatusBadRequest {
		return nil
	}
	method, path, _ := strings.Cut(a.What, " ")
	return &StatusError{method, path, said.Response, record.OneLine(said.Message)}
}

// Hasty says that the Engine is Podman, which leaves events out where the end of
// the time that is asked for is past when it begins to answer.
func (a *Answer) Hasty() bool { return a.Header.Get("Libpod-Api-Version") != "" }

// unexpected is the error that an answer to an action is which docker's client
// would take for a success: it knows a status of 4xx or 5xx only. An answer that
// nothing had to be done is [errdefs.ErrNotModified].
func unexpected(method string, res *http.Response) error {
	contentType, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	switch {
	case method == http.MethodGet || method == http.MethodHead || res.StatusCode >= 400:
		return nil
	case res.StatusCode == http.StatusNotModified:
		return errdefs.ErrNotModified
	case res.StatusCode < 200 || res.StatusCode >= 300:
		return fmt.Errorf("unexpected answer: %s", res.Status)
	case contentType == "text/html":
		return fmt.Errorf("unexpected answer: a page of HTML (%s)", res.Status)
	}
	return nil
}
