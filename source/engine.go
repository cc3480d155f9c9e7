package source

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	dockerapi "github.com/docker/docker/api"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"
	"github.com/docker/go-connections/sockets"
	"github.com/docker/go-connections/tlsconfig"
	"github.com/urfave/cli/v2"

	"baleen/source/demo"
)

// Options says which Engine is meant. What is empty is taken from docker's
// environment variables, then from docker's defaults.
type Options struct {
	Host       string // unix://…, tcp://…, npipe://…, or "demo"; DOCKER_HOST
	APIVersion string // pins the version; DOCKER_API_VERSION
	TLS        bool   // TLS without verifying who answers
	TLSVerify  bool   // TLS, verified; DOCKER_TLS_VERIFY
	CACert     string // PEM files; DOCKER_CERT_PATH/{ca,cert,key}.pem
	Cert       string
	Key        string
	Write      bool   // lets requests other than GET and HEAD through
	Idle       func() // called before anything that may wait for the Engine
}

// Flags are the flags that say which Engine is meant, docker's own names.
func Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "host", Aliases: []string{"H"}, Usage: "the Engine's `ADDRESS`: unix://PATH, tcp://HOST:PORT, npipe://PIPE, or demo, a pretend Engine"},
		&cli.StringFlag{Name: "api-version", Usage: "speak `VERSION` of the API (default: the newest that both know)"},
		&cli.BoolFlag{Name: "tls", Usage: "use TLS"},
		&cli.BoolFlag{Name: "tlsverify", Usage: "use TLS and verify the Engine's certificate"},
		&cli.StringFlag{Name: "tlscacert", Usage: "trust the CA in `FILE`"},
		&cli.StringFlag{Name: "tlscert", Usage: "present the certificate in `FILE`"},
		&cli.StringFlag{Name: "tlskey", Usage: "with the key in `FILE`"},
	}
}

// OptionsFromFlags reads [Flags].
func OptionsFromFlags(f Values) Options {
	return Options{
		Host: f.String("host"), APIVersion: f.String("api-version"),
		TLS: f.Bool("tls"), TLSVerify: f.Bool("tlsverify"),
		CACert: f.String("tlscacert"), Cert: f.String("tlscert"), Key: f.String("tlskey"),
	}
}

// Engine is a connection to one Docker Engine. Sources read raw JSON through
// it, since typed answers drop the fields that are newer than the library;
// Client is for the typed calls of actions. Both share one transport.
type Engine struct {
	Client *client.Client
	Host   string

	http *http.Client
	base url.URL
	idle func()

	mu      sync.Mutex
	version string // "" until the Engine has said its own
}

// Connect prepares the way to an Engine. It asks nothing of it: an Engine that
// is not there shows itself at the first request.
func Connect(o Options) (*Engine, error) {
	host := cmp.Or(o.Host, os.Getenv(client.EnvOverrideHost), client.DefaultDockerHost)
	pin := strings.TrimPrefix(cmp.Or(o.APIVersion, os.Getenv(client.EnvOverrideAPIVersion)), "v")
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	scheme := "http"
	dial := host
	if host == "demo" {
		transport.DialContext = demo.New().Dial
		dial = client.DefaultDockerHost
	} else {
		u, err := client.ParseHostURL(host)
		if err != nil || !strings.Contains(" unix tcp npipe http https ", " "+u.Scheme+" ") {
			return nil, &UsageError{fmt.Sprintf("not an Engine's address: %q\naddresses look like unix:///var/run/docker.sock or tcp://HOST:PORT; -H demo is a pretend Engine", host)}
		}
		if err := sockets.ConfigureTransport(transport, u.Scheme, u.Host); err != nil {
			return nil, fmt.Errorf("%s: %w", host, err)
		}
		tls, err := tlsOptions(o)
		if err != nil {
			return nil, err
		}
		if tls != nil {
			if transport.TLSClientConfig, err = tlsconfig.Client(*tls); err != nil {
				return nil, fmt.Errorf("TLS: %w", err)
			}
			scheme = "https"
		}
		if u.Scheme == "https" {
			scheme = "https"
		}
	}
	hc := &http.Client{Transport: &guard{transport, o.Write}, CheckRedirect: client.CheckRedirect}
	c, err := client.NewClientWithOpts(client.WithHost(dial), client.WithHTTPClient(hc), client.WithScheme(scheme),
		client.WithVersion(pin), client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", host, err)
	}
	u, err := client.ParseHostURL(dial)
	if err != nil {
		return nil, err
	}
	base := url.URL{Scheme: scheme, Host: u.Host, Path: u.Path}
	if u.Scheme == "unix" || u.Scheme == "npipe" {
		base = url.URL{Scheme: scheme, Host: client.DummyHost}
	}
	return &Engine{Client: c, Host: host, http: hc, base: base, idle: o.Idle, version: pin}, nil
}

// tlsOptions follows docker's CLI: --tls* flags, then DOCKER_TLS_VERIFY and
// DOCKER_CERT_PATH; nil means no TLS.
func tlsOptions(o Options) (*tlsconfig.Options, error) {
	env := os.Getenv(client.EnvTLSVerify) != ""
	dir := os.Getenv(client.EnvOverrideCertPath)
	if !o.TLS && !o.TLSVerify && !env {
		return nil, nil
	}
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(home, ".docker")
	}
	file := func(flag, name string) string {
		if flag != "" {
			return flag
		}
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err != nil {
			return ""
		}
		return path
	}
	t := &tlsconfig.Options{
		CAFile: file(o.CACert, "ca.pem"), CertFile: file(o.Cert, "cert.pem"), KeyFile: file(o.Key, "key.pem"),
		InsecureSkipVerify: !o.TLSVerify && !env, ExclusiveRootPools: true,
	}
	return t, nil
}

// guard keeps a connection that was opened for reading from changing anything.
type guard struct {
	base  http.RoundTripper
	write bool
}

func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if !g.write && r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, &ReadOnlyError{r.Method, r.URL.Path}
	}
	return g.base.RoundTrip(r)
}

// get asks for path, which begins with a slash and has no version.
func (e *Engine) get(ctx context.Context, path string, query url.Values) (*http.Response, error) {
	return e.do(ctx, http.MethodGet, path, query, nil, nil)
}

// do sends one request and gives back an answer with a status below 400; every
// other answer is an error that has the Engine's message.
//
// Before the Engine's version is known a GET goes out without one, which means
// the Engine's newest. Its answer carries that version in a header: only when
// it is newer than baleen knows is the question put again, at the newest
// version that both know. So negotiation costs no round trip of its own.
func (e *Engine) do(ctx context.Context, method, path string, query url.Values, body io.Reader, header http.Header) (*http.Response, error) {
	e.mu.Lock()
	version := e.version
	e.mu.Unlock()
	if version == "" && method != http.MethodGet {
		e.Client.NegotiateAPIVersion(ctx)
		version = e.Client.ClientVersion()
	}
	u := e.base
	u.RawQuery = query.Encode()
	u.Path += path
	if version != "" {
		u.Path = e.base.Path + "/v" + version + path
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	e.wait()
	resp, err := e.http.Do(req)
	if err != nil {
		return nil, e.sendError(ctx, method, path, err)
	}
	if version == "" && e.learn(resp.Header.Get("Api-Version")) {
		resp.Body.Close()
		return e.do(ctx, method, path, query, body, header)
	}
	if resp.StatusCode >= 300 {
		defer resp.Body.Close()
		return nil, &StatusError{method, path, resp.StatusCode, statusMessage(resp)}
	}
	return resp, nil
}

// learn notes the version that the Engine speaks, and reports whether an answer
// at the Engine's newest version is not one at the version to speak from now on.
func (e *Engine) learn(newest string) bool {
	if newest == "" {
		return false
	}
	speak := newest
	if versions.GreaterThan(newest, dockerapi.DefaultVersion) {
		speak = dockerapi.DefaultVersion
	}
	e.mu.Lock()
	e.version = speak
	e.mu.Unlock()
	e.Client.NegotiateAPIVersionPing(types.Ping{APIVersion: newest})
	return speak != newest
}

func (e *Engine) sendError(ctx context.Context, method, path string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var refused *ReadOnlyError
	if errors.As(err, &refused) {
		return refused
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s %s: the Engine hung up before it answered", method, path)
	}
	return &UnreachableError{e.Host, err}
}

func (e *Engine) wait() {
	if e.idle != nil {
		e.idle()
	}
}

// statusMessage is the Engine's {"message":…}, or the beginning of whatever
// else came, on one line.
func statusMessage(resp *http.Response) string {
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	var m struct{ Message string }
	text := string(b)
	if json.Unmarshal(b, &m) == nil && m.Message != "" {
		text = m.Message
	}
	text = oneLine(text)
	if len(text) > 500 {
		text = strings.ToValidUTF8(text[:500], "") + "…"
	}
	return cmp.Or(text, http.StatusText(resp.StatusCode))
}

// records reads the answer to a GET: each element of an array, each value of a
// stream, or the one object. Where member is not "", the array is that member
// of an object.
func (e *Engine) records(ctx context.Context, path string, query url.Values, member string) Records {
	return func(yield func(json.RawMessage, error) bool) {
		resp, err := e.get(ctx, path, query)
		if err != nil {
			yield(nil, err)
			return
		}
		e.split(ctx, resp, "GET "+path, member)(yield)
	}
}

// split gives the records of an answer and closes it.
func (e *Engine) split(ctx context.Context, resp *http.Response, what, member string) Records {
	return func(yield func(json.RawMessage, error) bool) {
		defer resp.Body.Close()
		for record, err := range split(&waiting{resp.Body, e.wait}, member) {
			switch {
			case err != nil && ctx.Err() != nil:
				// The reader's complaint is only what the end of the context looks like from below.
				err = context.Cause(ctx)
			case errors.Is(err, io.ErrUnexpectedEOF):
				err = fmt.Errorf("%s: the answer was cut short", what)
			case err != nil:
				err = fmt.Errorf("%s: %w", what, err)
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// waiting tells when a read may have to wait.
type waiting struct {
	io.Reader
	wait func()
}

func (w *waiting) Read(p []byte) (int, error) {
	w.wait()
	return w.Reader.Read(p)
}

// split gives each element of an array, each value of a stream, or the one
// object that r holds; where member is not "", the elements of that member of
// one object, where null stands for an empty array.
func split(r io.Reader, member string) Records {
	return func(yield func(json.RawMessage, error) bool) {
		if err := splitTo(newScanner(r), member, yield); err != nil {
			yield(nil, err)
		}
	}
}

func splitTo(s *scanner, member string, yield func(json.RawMessage, error) bool) error {
	if member != "" {
		found, err := s.openMember(member)
		if err != nil {
			return err
		}
		if !found {
			return s.end()
		}
	}
	first, err := s.peek()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		return err
	}
	next := s.value
	if first == '[' {
		if err := s.openArray(); err != nil {
			return err
		}
		next = s.element
	} else if member != "" { // null
		if _, err := s.value(); err != nil {
			return err
		}
		next = func() ([]byte, error) { return nil, io.EOF }
	}
	for {
		v, err := next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if !yield(v, nil) {
			return nil
		}
	}
	if member != "" {
		if err := s.closeObject(); err != nil {
			return err
		}
	}
	return s.end()
}
