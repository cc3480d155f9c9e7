package act

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/client"
)

// store is an Engine with images, whose tags are deleted as Docker does it.
type store struct {
	mu   sync.Mutex
	tags map[string][]string // of each image, by id
}

func (s *store) find(name string) (id, tag string) {
	for id, tags := range s.tags {
		if slices.Contains(tags, name) {
			return id, name
		}
		if id == name || strings.TrimPrefix(id, "sha256:") == name {
			return id, ""
		}
	}
	return "", ""
}

func (s *store) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := func(status int, body any) (*http.Response, error) {
		text, _ := json.Marshal(body)
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(string(text))), Request: r}, nil
	}
	name, found := strings.CutPrefix(r.URL.Path, "/v1.41/images/")
	switch {
	case !found || name == "json":
		return answer(200, []any{})
	case r.Method == http.MethodGet:
		id, _ := s.find(strings.TrimSuffix(name, "/json"))
		if id == "" {
			return answer(404, map[string]string{"message": "No such image: " + name})
		}
		return answer(200, map[string]any{"Id": id, "RepoTags": s.tags[id], "RepoDigests": []string{}})
	}
	id, tag := s.find(name)
	repos := map[string]bool{}
	for _, t := range s.tags[id] {
		repos[strings.Split(t, ":")[0]] = true
	}
	switch {
	case id == "":
		return answer(404, map[string]string{"message": "No such image: " + name})
	case tag != "" && len(s.tags[id]) > 1:
		s.tags[id] = slices.DeleteFunc(slices.Clone(s.tags[id]), func(t string) bool { return t == tag })
	case tag == "" && len(repos) > 1 && r.URL.Query().Get("force") != "1":
		return answer(409, map[string]string{"message": "conflict: unable to delete: must be forced"})
	default:
		delete(s.tags, id)
	}
	return answer(200, []map[string]string{{"Untagged": name}})
}

// FuzzImages: an action takes no tag and no image but those that a result names and
// that are of the image which it names with them; a tag may have moved meanwhile.
func FuzzImages(f *testing.F) {
	for seed := range uint64(512) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 1))
		s := &store{tags: map[string][]string{}}
		var ids, words []string
		for i := range 4 {
			ids = append(ids, fmt.Sprintf("sha256:%064d", i+1))
			s.tags[ids[i]] = []string{}
		}
		for _, repo := range []string{"a", "b", "c/d"} {
			for _, tag := range []string{"1", "2"} {
				words = append(words, repo+":"+tag)
				if id := ids[random.IntN(4)]; random.IntN(4) > 0 {
					s.tags[id] = append(s.tags[id], repo+":"+tag)
				}
			}
		}
		before := map[string][]string{}
		for id, tags := range s.tags {
			before[id] = slices.Clone(tags)
		}
		allowed := map[string]bool{} // "ID" and "ID TAG"
		var results []json.RawMessage
		for range 1 + random.IntN(4) {
			id, word := ids[random.IntN(4)], words[random.IntN(len(words))]
			owner, _ := s.find(word)
			var result any
			switch random.IntN(4) {
			case 0: // a tag
				result = word
				allowed[owner+" "+word] = true
			case 1: // an id
				result = id
				for _, tag := range before[id] {
					allowed[id+" "+tag] = true
				}
				allowed[id] = true
			case 2: // a row of docker's
				repo, tag, _ := strings.Cut(word, ":")
				result = map[string]string{"Repository": repo, "Tag": tag, "ID": id}
				allowed[id+" "+word] = true
			default: // a record, which may be old
				tags := slices.DeleteFunc(slices.Clone(append(before[id], word)), func(string) bool { return random.IntN(5) == 0 })
				result = map[string]any{"Id": id, "RepoTags": tags, "RepoDigests": []string{}, "Size": 1, "Created": 1}
				for _, tag := range tags {
					allowed[id+" "+tag] = true
				}
				allowed[id] = true
			}
			v, _ := json.Marshal(result)
			results = append(results, v)
		}
		flags := set{}
		if random.IntN(3) == 0 {
			flags["force"] = "true"
		}
		c, err := client.NewClientWithOpts(client.WithHost("tcp://engine"), client.WithHTTPClient(&http.Client{Transport: s}), client.WithVersion("1.41"))
		if err != nil {
			t.Fatal(err)
		}
		run := &Run{Action: del(), Kind: "image", Client: c, Flags: flags, Limit: NewLimit(-1, 1), Seen: &Seen{}}
		for range run.Results(t.Context(), func(yield func(json.RawMessage, error) bool) {
			for _, v := range results {
				if !yield(v, nil) {
					return
				}
			}
		}) {
		}
		for id, tags := range before {
			for _, tag := range tags {
				if !slices.Contains(s.tags[id], tag) && !allowed[id+" "+tag] {
					t.Errorf("%v, --delete %v of %s: %s of %s is gone", before, flags, results, tag, id)
				}
			}
			if _, ok := s.tags[id]; !ok && len(tags) == 0 && !allowed[id] {
				t.Errorf("%v, --delete of %s: %s is gone", before, results, id)
			}
		}
	})
}
