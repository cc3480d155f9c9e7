// Package demo is a pretend Docker Engine: it answers the Engine API from
// memory, changes as it is acted on and forgets everything at exit. Status
// codes, messages, key order and events are those of Engine 28 without the
// containerd image store.
package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/versions"
	"github.com/opencontainers/go-digest"
)

const (
	release       = "28.5.2"
	apiVersion    = "1.51"
	minAPIVersion = "1.24"
	cpus          = 4
	memory        = 8 << 30 // bytes
	root          = "/var/lib/docker"
)

// Engine is a pretend Engine. It is an [http.Handler] that may be used from
// many goroutines at once.
type Engine struct {
	mu         sync.Mutex
	images     []*image          // the oldest first
	tagged     map[string]*image // by full reference
	containers []*container      // the oldest first
	volumes    []*volume
	networks   []*network
	execs      map[string]*execution
	cache      []*build.CacheRecord
	booted     time.Time
	alive      bool // something happens every few seconds

	recent  []events.Message // the last 256
	emitted int              // how many events there have been
	changed chan struct{}    // closed and replaced at each event
}

// Empty returns an Engine with no images, containers and volumes, and only
// the predefined networks bridge, host and none.
func Empty() *Engine {
	e := &Engine{tagged: map[string]*image{}, booted: time.Now().Add(-10 * 24 * time.Hour), changed: make(chan struct{})}
	e.networks = predefined(e.booted)
	return e
}

// Dial returns a connection to e that is served inside the process. It has
// the signature of [http.Transport.DialContext]; where to is of no matter.
func (e *Engine) Dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	// Serve leaves at the second Accept; the connection is served on until
	// it is closed.
	if err := (&http.Server{Handler: e}).Serve(&listener{conn: server}); err != io.EOF {
		return nil, err
	}
	return client, nil
}

// listener accepts one connection.
type listener struct{ conn net.Conn }

func (l *listener) Accept() (net.Conn, error) {
	if l.conn == nil {
		return nil, io.EOF
	}
	conn := l.conn
	l.conn = nil
	return conn, nil
}

func (l *listener) Close() error   { return nil }
func (l *listener) Addr() net.Addr { return &net.UnixAddr{Name: "demo", Net: "unix"} }

// ServeHTTP answers any request of the Engine API, with or without a version
// in front of its path. What it does not know is a 404.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Api-Version", apiVersion)
	h.Set("Docker-Experimental", "false")
	h.Set("Ostype", "linux")
	h.Set("Server", "Docker/"+release+" (linux)")
	c := &call{w: w, r: r, query: r.URL.Query(), version: apiVersion}
	path := r.URL.Path
	if v, rest, ok := strings.Cut(strings.TrimPrefix(path, "/v"), "/"); ok && v != "" && strings.Trim(v, "0123456789.") == "" {
		c.version, path = v, "/"+rest
	}
	err := e.answer(c, path)
	var failed *failure
	var invalid interface{ InvalidParameter() }
	switch {
	case err == nil:
	case versions.LessThan(c.version, minAPIVersion):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case errors.As(err, &failed):
		c.json(failed.status, failed)
	case errors.As(err, &invalid):
		c.json(http.StatusBadRequest, &failure{Message: err.Error()})
	default:
		c.json(http.StatusInternalServerError, &failure{Message: err.Error()})
	}
}

func (e *Engine) answer(c *call, path string) error {
	switch {
	case versions.LessThan(c.version, minAPIVersion):
		return fail(400, "client version %s is too old. Minimum supported API version is %s, please upgrade your client to a newer version", c.version, minAPIVersion)
	case versions.GreaterThan(c.version, apiVersion):
		return fail(400, "client version %s is too new. Maximum supported API version is %s", c.version, apiVersion)
	}
	for _, route := range routes {
		if !route.matches(c, path) {
			continue
		}
		if route.stream != nil {
			return route.stream(e, c)
		}
		body, err := io.ReadAll(c.r.Body)
		if err != nil {
			return err
		}
		c.body = body
		e.mu.Lock()
		value, err := route.answer(e, c)
		var buf bytes.Buffer
		if err == nil && value != nil {
			err = encoder(&buf).Encode(value)
		}
		e.mu.Unlock()
		if err != nil {
			return err
		}
		if value != nil {
			c.w.Header().Set("Content-Type", "application/json")
		}
		c.w.WriteHeader(route.status)
		_, _ = c.w.Write(buf.Bytes())
		return nil
	}
	return fail(404, "page not found")
}

// route is a method and a path in which * stands for a name.
type route struct {
	method, path string
	status       int                               // of an answer that is no error
	answer       func(*Engine, *call) (any, error) // with the Engine locked
	stream       func(*Engine, *call) error        // locks by itself and writes by itself
}

// matches also fills in c.name. Only the names of images have slashes.
func (rt *route) matches(c *call, path string) bool {
	if c.r.Method != rt.method && rt.method != "*" {
		return false
	}
	before, after, wild := strings.Cut(rt.path, "*")
	if !wild {
		return path == rt.path
	}
	name, ok := strings.CutPrefix(path, before)
	if !ok {
		return false
	}
	if name, ok = strings.CutSuffix(name, after); !ok || name == "" || strings.Contains(name, "/") && before != "/images/" && before != "/distribution/" {
		return false
	}
	c.name = name
	return true
}

// call is one request.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	query   url.Values
	version string // of the API, as "1.51"
	name    string // what the * of the route stands for
	body    []byte // on routes that answer
}

func (c *call) now() time.Time { return time.Now().UTC() }

// before reports whether the client speaks an API older than version.
func (c *call) before(version string) bool { return versions.LessThan(c.version, version) }

// flag reads a boolean of the query as the Engine does.
func (c *call) flag(key string) bool {
	switch strings.ToLower(strings.TrimSpace(c.query.Get(key))) {
	case "", "0", "no", "false", "none":
		return false
	}
	return true
}

// filters reads the query's filters, of which only the accepted are allowed.
func (c *call) filters(accepted ...string) (filters.Args, error) {
	args, err := filters.FromJSON(c.query.Get("filters"))
	if err != nil {
		return args, err
	}
	keys := make(map[string]bool, len(accepted))
	for _, key := range accepted {
		keys[key] = true
	}
	return args, args.Validate(keys)
}

// decode reads the body into v.
func (c *call) decode(v any) error {
	ct := c.r.Header.Get("Content-Type")
	if ct != "" || len(c.body) > 0 {
		media, _, err := mime.ParseMediaType(ct)
		if err != nil {
			return fail(400, "malformed Content-Type header (%s): %v", ct, err)
		}
		if media != "application/json" {
			return fail(400, "unsupported Content-Type header (%s): must be 'application/json'", ct)
		}
	}
	if len(c.body) == 0 {
		return fail(400, "invalid JSON: got EOF while reading request body")
	}
	if err := json.Unmarshal(c.body, v); err != nil {
		return fail(400, "invalid JSON: %v", err)
	}
	return nil
}

func (c *call) json(status int, v any) {
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	if status != http.StatusNotModified {
		_ = encoder(c.w).Encode(v)
	}
}

// start sends the header of a stream.
func (c *call) start() {
	c.w.WriteHeader(http.StatusOK)
	c.flush()
}

func (c *call) flush() { _ = http.NewResponseController(c.w).Flush() }

// encoder returns the encoder that the Engine uses for all but streams.
func encoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// failure is an answer that is an error.
type failure struct {
	status  int
	Message string `json:"message"`
}

func (f *failure) Error() string { return f.Message }

func fail(status int, format string, args ...any) *failure {
	return &failure{status, fmt.Sprintf(format, args...)}
}

// newID returns a random id of 64 hexadecimal digits.
func newID() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	b[0] |= 0xa0 // a short id of digits alone could be taken for a number
	return hex.EncodeToString(b)
}

// fixedID is an id that is the same each time.
func fixedID(of string) string {
	sum := sha256.Sum256([]byte(of))
	return hex.EncodeToString(sum[:])
}

func fixedDigest(of string) digest.Digest { return digest.Digest("sha256:" + fixedID(of)) }

// short is an id as the Engine's messages show it.
func short(id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(12, len(id))]
}

// validName reports whether s may name a container or a volume.
func validName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	return len(s) > 1 && strings.Contains(letters, s[:1]) && strings.Trim(s, letters+"_.-") == ""
}

// remove returns list without v.
func remove[T comparable](list []T, v T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(x T) bool { return x == v })
}
