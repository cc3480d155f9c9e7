package act

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/client"

	"baleen/source/record"
)

// set are flags.
type set map[string]string

func (s set) Bool(name string) bool         { return s[name] == "true" }
func (s set) Int(name string) int           { return map[string]int{"parallel": 4}[name] }
func (s set) String(name string) string     { return s[name] }
func (s set) StringSlice(string) []string   { return nil }
func (s set) Duration(string) time.Duration { return 0 }
func (s set) IsSet(name string) bool        { _, ok := s[name]; return ok }

// fake answers every request and notes those that change something.
type fake struct {
	mu      sync.Mutex
	changes []string
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	body := "{}"
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		f.mu.Lock()
		f.changes = append(f.changes, r.Method+" "+strings.SplitN(r.URL.EscapedPath(), "/", 3)[2])
		f.mu.Unlock()
		if strings.Contains(r.URL.Path, "/images/") {
			body = "[]"
		}
	case strings.HasSuffix(r.URL.Path, "/containers/json"), strings.HasSuffix(r.URL.Path, "/images/json"):
		body = "[]"
	case strings.Contains(r.URL.Path, "/images/"): // whatever is asked for is its own image
		body = fmt.Sprintf(`{"Id":%q,"RepoTags":[],"RepoDigests":[]}`, "sha256:of")
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// FuzzTargets: whatever records are let through, an action asks for nothing but
// what identity says of one of them, and for each at most once.
func FuzzTargets(f *testing.F) {
	for seed := range uint64(64) {
		f.Add(seed)
	}
	kinds := []string{"container", "volume", "network"}
	keys := []string{"Id", "ID", "id", "iD", "Name", "Names", "name", "NAME", "container", "Engine", "Image", "ImageID", "State", "Mountpoint", "Driver", "IPAM",
		"RepoTags", "Repository", "Tag", "Type", "Action", "Actor", "action", "kind", "target", "status", "Destination", "cpu_stats", "read", "Spec", "ServiceID"}
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 1))
		pick := func(from []string) string { return from[random.IntN(len(from))] }
		value := func() any {
			word := fmt.Sprintf("t%d", random.IntN(6))
			switch random.IntN(8) {
			case 0:
				return []string{"/" + word, "/x/" + word}
			case 1:
				return map[string]any{"ID": word, "Name": word, "Attributes": map[string]any{"name": word}}
			case 2:
				return random.IntN(9)
			case 3:
				return nil
			}
			return word
		}
		kind := pick(kinds)
		var results []json.RawMessage
		allowed := map[string]bool{}
		for range 1 + random.IntN(6) {
			object := map[string]any{}
			for range 1 + random.IntN(5) {
				object[pick(keys)] = value()
			}
			v, _ := json.Marshal(object)
			results = append(results, v)
			is, err := record.Identify(v)
			if err == nil && (is.Kind == "" || is.Kind == kind) {
				for _, id := range []string{is.ID, is.Name} {
					if id != "" && (kind != "volume" || is.Kind != "" || id == is.Name) {
						allowed[url.PathEscape(id)] = true
					}
				}
			}
		}
		engine := &fake{}
		c, err := client.NewClientWithOpts(client.WithHost("tcp://engine"), client.WithHTTPClient(&http.Client{Transport: engine}), client.WithVersion("1.41"))
		if err != nil {
			t.Fatal(err)
		}
		run := &Run{Action: del(), Kind: kind, Client: c, Flags: set{}, Limit: NewLimit(-1, 1), Seen: &Seen{}}
		lines := 0
		for line := range run.Results(t.Context(), func(yield func(json.RawMessage, error) bool) {
			for _, v := range results {
				if !yield(v, nil) {
					return
				}
			}
		}) {
			if line != nil {
				lines++
			}
		}
		for _, change := range engine.changes {
			id, ok := strings.CutPrefix(change, "DELETE "+kind+"s/")
			if !ok || !allowed[id] {
				t.Errorf("--delete of %ss %s asked for %s, not for one of %v", kind, results, change, allowed)
			}
		}
		if slices.Sort(engine.changes); len(slices.Compact(slices.Clone(engine.changes))) != len(engine.changes) {
			t.Errorf("%s: twice among %q", results, engine.changes)
		}
		if lines == 0 {
			t.Errorf("%s: no result line", results)
		}
	})
}
