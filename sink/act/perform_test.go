package act

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/docker/docker/client"
)

// gate is an Engine whose changes wait until they are let through.
type gate struct {
	fake
	began, open chan struct{}
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost {
		g.began <- struct{}{}
		<-g.open
	}
	return g.fake.RoundTrip(r)
}

func runOn(t *testing.T, engine http.RoundTripper, action Action, kind string, live bool) *Run {
	t.Helper()
	c, err := client.NewClientWithOpts(client.WithHost("tcp://engine"), client.WithHTTPClient(&http.Client{Transport: engine}), client.WithVersion("1.41"))
	if err != nil {
		t.Fatal(err)
	}
	return &Run{Action: action, Kind: kind, Live: live, Client: c, Flags: set{}, Limit: NewLimit(-1, 1), Seen: &Seen{}}
}

// TestStreamEndsWhileBusy: what came for a target that was being acted on is not
// lost when the stream ends meanwhile.
func TestStreamEndsWhileBusy(t *testing.T) {
	engine := &gate{began: make(chan struct{}, 2), open: make(chan struct{}, 2)}
	run := runOn(t, engine, restart(), "container", true)
	lines := 0
	for line, err := range run.Results(t.Context(), func(yield func(json.RawMessage, error) bool) {
		if !yield(json.RawMessage(`{"Id":"a"}`), nil) {
			return
		}
		<-engine.began
		yield(json.RawMessage(`{"Id":"a"}`), nil)
		yield(json.RawMessage(`null`), nil) // is reported once the one before it was taken
	}) {
		if line != nil {
			lines++
		}
		if err != nil { // of the null: the stream is at its end
			engine.open <- struct{}{}
			engine.open <- struct{}{}
		}
	}
	if want := []string{"POST containers/a/restart", "POST containers/a/restart"}; !slices.Equal(engine.changes, want) || lines != 3 {
		t.Errorf("asked for %q, want %q; %d lines, want 3", engine.changes, want, lines)
	}
}

// TestNameThatIsAnID: a record whose id is another's name is a target of its own.
func TestNameThatIsAnID(t *testing.T) {
	engine := &fake{}
	run := runOn(t, engine, restart(), "container", false)
	run.Seen = nil
	for range run.Results(t.Context(), func(yield func(json.RawMessage, error) bool) {
		for _, v := range []string{`{"Id":"a1","Names":["/b2"]}`, `{"Id":"b2","Names":["/web"]}`, `"web"`, `{"Id":"a1","Names":["/b2"]}`} {
			if !yield(json.RawMessage(v), nil) {
				return
			}
		}
	}) {
	}
	slices.Sort(engine.changes)
	if want := []string{"POST containers/a1/restart", "POST containers/b2/restart"}; !slices.Equal(engine.changes, want) {
		t.Errorf("asked for %q, want %q", engine.changes, want)
	}
}

// TestReaderLeaves: who reads the results may leave at the first, while targets
// still come.
func TestReaderLeaves(t *testing.T) {
	for range 20 {
		run := runOn(t, &fake{}, restart(), "container", false)
		run.Flags = set{"dry-run": "true"}
		for range run.Results(t.Context(), func(yield func(json.RawMessage, error) bool) {
			for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
				if !yield(json.RawMessage(`{"Id":"`+id+`"}`), nil) {
					return
				}
			}
		}) {
			break
		}
	}
}
