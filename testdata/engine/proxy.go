// Package engine gives the test scripts Engines to work on: a private dockerd,
// a proxy that records what is asked of an Engine and misbehaves when told to,
// and a known world to fill one with.
package engine

import (
	"context"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Dial connects to an Engine, wherever it is; network and address are ignored.
type Dial func(ctx context.Context, network, addr string) (net.Conn, error)

// A Proxy stands in front of an Engine on a unix socket of its own.
type Proxy struct {
	Sock string // path of the socket

	server    *http.Server // nil while it is down
	engine    http.Handler
	transport *http.Transport

	mu       sync.Mutex
	requests []string
	faults   []fault
	off      chan struct{} // closed when there are no faults any more
}

// A fault replaces the proxy's answer to requests whose path and query match.
type fault struct {
	path  *regexp.Regexp
	serve func(w http.ResponseWriter, r *http.Request, engine http.Handler)
}

// NewProxy listens in front of the Engine that dial reaches, until Close.
func NewProxy(dial Dial) (*Proxy, error) {
	dir, err := os.MkdirTemp("", "bl") // short, since a socket's path has to be
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		Sock:      filepath.Join(dir, "sock"),
		transport: &http.Transport{DialContext: dial, DisableCompression: true},
		off:       make(chan struct{}),
	}
	p.engine = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", "engine" },
		Transport:     p.transport,
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
		// An Engine that died hangs up: it answers nothing.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	if err := p.Up(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return p, nil
}

// Up listens again after Down.
func (p *Proxy) Up() error {
	listener, err := net.Listen("unix", p.Sock)
	if err != nil {
		return err
	}
	p.server = &http.Server{Handler: p, ErrorLog: log.New(io.Discard, "", 0)}
	go p.server.Serve(listener)
	return nil
}

// Down cuts every connection and lets nobody in until Up.
func (p *Proxy) Down() error { return p.server.Close() }

// Close cuts the connections that are still open.
func (p *Proxy) Close() {
	p.server.Close()
	p.transport.CloseIdleConnections()
	os.RemoveAll(filepath.Dir(p.Sock))
}

func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := unescaped(r.RequestURI)
	p.mu.Lock()
	p.requests = append(p.requests, r.Method+" "+path)
	i := slices.IndexFunc(p.faults, func(f fault) bool { return f.path.MatchString(path) })
	serve := func(w http.ResponseWriter, r *http.Request, engine http.Handler) { engine.ServeHTTP(w, r) }
	if i >= 0 {
		serve = p.faults[i].serve
	}
	p.mu.Unlock()
	serve(w, r, p.engine)
}

// unescaped lets expressions be written against {"dangling":…}, not %7B%22….
func unescaped(uri string) string {
	if s, err := url.PathUnescape(uri); err == nil {
		return s
	}
	return uri
}

// Requests returns "METHOD PATH?QUERY" of each request since the last Reset.
func (p *Proxy) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Reset forgets the requests so far.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = nil
}

// Fault makes the proxy misbehave on requests whose path and query match the
// last of args, which is preceded by what the kind needs:
//
//	cut BYTES         the connection is closed after so many bytes of the body
//	cut end           the same after the whole body: its end is never said
//	status CODE BODY  the answer, in place of the Engine's
//	body JSON         the same with status 200
//	page HTML         the same, as a proxy's page to sign in
//	delay DURATION    the Engine is asked that much later
//	hang              no answer, until the client goes away
//	hold              the Engine is asked when there are no faults any more
//	stall BYTES       nothing more after so many bytes of the body
//	flood JSON        the answer, again and again as fast as it is read
//	chunk1            the body comes one byte a chunk
//	newest VERSION    the Engine says that its newest API is this, and speaks it
//	off               no faults any more
//
// Where several match, the first one given counts.
func (p *Proxy) Fault(kind string, args ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if kind == "off" && len(args) == 0 {
		p.faults = nil
		close(p.off)
		p.off = make(chan struct{})
		return nil
	}
	if len(args) == 0 {
		return fmt.Errorf("fault %s: no path expression", kind)
	}
	path, err := regexp.Compile(args[len(args)-1])
	if err != nil {
		return err
	}
	f := fault{path: path}
	args = args[:len(args)-1]
	switch fmt.Sprintf("%s %d", kind, len(args)) {
	case "cut 1":
		limit := math.MaxInt
		if args[0] != "end" {
			limit, err = strconv.Atoi(args[0])
		}
		f.serve = func(w http.ResponseWriter, r *http.Request, engine http.Handler) {
			left := limit
			engine.ServeHTTP(shaped{w, func(b []byte) (int, error) {
				if len(b) < left {
					left -= len(b)
					return w.Write(b)
				}
				w.Write(b[:left])
				http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}}, r)
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	case "hold 0":
		off := p.off
		f.serve = func(w http.ResponseWriter, r *http.Request, engine http.Handler) {
			select {
			case <-off:
				engine.ServeHTTP(w, r)
			case <-r.Context().Done():
			}
		}
	case "stall 1":
		var limit int
		limit, err = strconv.Atoi(args[0])
		f.serve = func(w http.ResponseWriter, r *http.Request, engine http.Handler) {
			left := limit
			engine.ServeHTTP(shaped{w, func(b []byte) (int, error) {
				if len(b) < left {
					left -= len(b)
					return w.Write(b)
				}
				w.Write(b[:left])
				http.NewResponseController(w).Flush()
				<-r.Context().Done()
				return left, r.Context().Err()
			}}, r)
		}
	case "flood 1":
		f.serve = func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			for r.Context().Err() == nil {
				io.WriteString(w, args[0])
			}
		}
	case "status 2":
		var code int
		code, err = strconv.Atoi(args[0])
		f.serve = answer(code, args[1])
	case "page 1":
		f.serve = func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, args[0])
		}
	case "body 1":
		f.serve = answer(http.StatusOK, args[0])
	case "delay 1":
		var delay time.Duration
		delay, err = time.ParseDuration(args[0])
		f.serve = func(w http.ResponseWriter, r *http.Request, engine http.Handler) {
			select {
			case <-time.After(delay):
				engine.ServeHTTP(w, r)
			case <-r.Context().Done():
			}
		}
	case "hang 0":
		f.serve = func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
			io.Copy(io.Discard, r.Body) // only then is the client's leaving seen
			<-r.Context().Done()
		}
	case "newest 1":
		said := regexp.MustCompile(`^/v[0-9.]+/`)
		f.serve = func(w http.ResponseWriter, r *http.Request, engine http.Handler) {
			r.URL.Path = said.ReplaceAllString(r.URL.Path, "/")
			engine.ServeHTTP(announcing{w, args[0]}, r)
		}
	case "chunk1 0":
		f.serve = func(w http.ResponseWriter, r *http.Request, engine http.Handler) {
			engine.ServeHTTP(shaped{w, func(b []byte) (int, error) {
				for i := range b {
					if _, err := w.Write(b[i : i+1]); err != nil {
						return i, err
					}
					http.NewResponseController(w).Flush()
				}
				return len(b), nil
			}}, r)
		}
	default:
		return fmt.Errorf("fault: cannot read %q", kind+" "+strings.Join(args, " "))
	}
	if err == nil {
		p.faults = append(p.faults, f)
	}
	return err
}

func answer(code int, body string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

// An announcing writer says that the Engine's newest API is of a version.
type announcing struct {
	http.ResponseWriter
	version string
}

func (a announcing) WriteHeader(code int) {
	a.Header().Set("Api-Version", a.version)
	a.ResponseWriter.WriteHeader(code)
}

func (a announcing) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// A shaped writer passes the body on in write's own way, and chunked.
type shaped struct {
	http.ResponseWriter
	write func([]byte) (int, error)
}

func (s shaped) WriteHeader(code int) {
	s.Header().Del("Content-Length")
	s.ResponseWriter.WriteHeader(code)
}

func (s shaped) Write(b []byte) (int, error) { return s.write(b) }
func (s shaped) Unwrap() http.ResponseWriter { return s.ResponseWriter }
