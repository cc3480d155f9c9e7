package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// given are the flags that are set.
type given map[string]any

func get[T any](g given, name string) (v T)        { v, _ = g[name].(T); return v }
func (g given) Bool(name string) bool              { return get[bool](g, name) }
func (g given) Int(name string) int                { return get[int](g, name) }
func (g given) String(name string) string          { return get[string](g, name) }
func (g given) StringSlice(name string) []string   { return get[[]string](g, name) }
func (g given) Duration(name string) time.Duration { return get[time.Duration](g, name) }
func (g given) IsSet(name string) bool             { _, ok := g[name]; return ok }

// TestStatsAtOnce has an Engine that gives no sample before it was asked for
// all of them.
func TestStatsAtOnce(t *testing.T) {
	const n = 300
	var asked sync.WaitGroup
	asked.Add(n)
	host := double(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/containers/json") {
			for i := range n {
				fmt.Fprintf(w, `%c{"Id":"c%d","Names":["/n%d"]}`, "[,"[min(i, 1)], i, i)
			}
			fmt.Fprint(w, "]")
			return
		}
		asked.Done()
		asked.Wait()
		fmt.Fprintf(w, `{"id":%q}`, strings.Split(r.URL.Path, "/")[2])
	})
	e, err := engine.Connect(engine.Options{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for record, err := range stats().Records(t.Context(), e, Request{Flags: given{"no-stream": true}}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, string(record))
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) != n {
		t.Errorf("samples of %d containers, not %d", len(ids), n)
	}
}

// TestStatsComeAndGo has containers that start, end and fail while the stream
// goes on.
func TestStatsComeAndGo(t *testing.T) {
	happens := make(chan string)
	left := make(chan string, 9)
	host := double(t, func(w http.ResponseWriter, r *http.Request) {
		flush := http.NewResponseController(w).Flush
		id := strings.Split(r.URL.Path+"///", "/")[2]
		switch {
		case r.URL.Path == "/events":
			flush()
			for event := range happens {
				action, id, _ := strings.Cut(event, " ")
				fmt.Fprintf(w, `{"Action":%q,"Actor":{"ID":%q}}`, action, id)
				flush()
			}
		case r.URL.Path == "/containers/json":
			var filters struct{ ID []string }
			json.Unmarshal([]byte(r.URL.Query().Get("filters")), &filters)
			if len(filters.ID) == 0 {
				filters.ID = []string{"first"}
			}
			fmt.Fprintf(w, `[{"Id":%q,"Names":["/%[1]s"]}]`, filters.ID[0])
		case id == "sick":
			http.Error(w, `{"message":"no cgroup"}`, http.StatusInternalServerError)
		case id == "short" && strings.HasSuffix(r.URL.Path, "/stats"):
			fmt.Fprint(w, `"short"`)
		case id == "short":
			http.Error(w, `{"message":"gone"}`, http.StatusNotFound)
		default:
			fmt.Fprintf(w, "%q", id)
			flush()
			<-r.Context().Done()
			left <- id
		}
	})
	e, err := engine.Connect(engine.Options{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	script := []struct{ event, want string }{
		{"start second", `"first"`},
		{"start sick", `"second"`},
		{"start short", "stats of sick: GET /containers/sick/stats: no cgroup (500)"},
		{"die first", `"short"`},
	}
	for raw, err := range stats().Records(t.Context(), e, Request{Flags: given{}}) {
		if err != nil {
			if record.Fatal(err) {
				t.Fatal(err)
			}
			raw = json.RawMessage(err.Error())
		}
		said = append(said, string(raw))
		if i := len(said) - 1; said[i] != script[i].want {
			t.Fatalf("%s, not %s", said[i], script[i].want)
		}
		happens <- script[len(said)-1].event
		if len(said) == len(script) {
			if id := <-left; id != "first" {
				t.Errorf("%s was left, not first", id)
			}
			break
		}
	}
	if id := <-left; id != "second" {
		t.Errorf("at the end %s was left, not second", id)
	}
	close(happens)
}

// double serves h on a unix socket and gives its address.
func double(t *testing.T, h http.HandlerFunc) string {
	dir, err := os.MkdirTemp("", "bl") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return "unix://" + l.Addr().String()
}

// TestNoSample: a running container whose sample does not come is asked for again,
// and then is an error; one that does not run has none.
func TestNoSample(t *testing.T) {
	for _, test := range []struct {
		running bool
		empty   int // answers without a sample
		samples int
		fails   bool
	}{{true, 2, 1, false}, {true, 9, 0, true}, {false, 9, 0, false}} {
		var mu sync.Mutex
		asked := 0
		host := double(t, func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/stats") {
				fmt.Fprintf(w, `{"Id":"c","Name":"/n","State":{"Status":"x","Running":%v}}`, test.running)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if asked++; asked > test.empty {
				fmt.Fprint(w, `{"id":"c"}`)
			}
		})
		e, err := engine.Connect(engine.Options{Host: host})
		if err != nil {
			t.Fatal(err)
		}
		samples, failed := 0, false
		for v, err := range stats().Records(t.Context(), e, Request{Names: []string{"n"}, Flags: given{"no-stream": true}}) {
			if failed = failed || err != nil; v != nil {
				samples++
			}
		}
		if samples != test.samples || failed != test.fails {
			t.Errorf("%+v: %d samples, failed %v", test, samples, failed)
		}
	}
}
