package engine

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/client"
	"github.com/docker/go-connections/sockets"
	"github.com/docker/go-connections/tlsconfig"
	"github.com/urfave/cli/v2"

	"baleen/source/demo"
	"baleen/source/record"
)

// Options says which Engine is meant. What is empty is taken from docker's
// environment variables, then from docker's defaults.
type Options struct {
	Host       string // unix://…, tcp://…, npipe://…, ssh://… or "demo"; DOCKER_HOST
	Context    string // one of docker's contexts; DOCKER_CONTEXT, then docker's current one
	APIVersion string // pins the version; DOCKER_API_VERSION
	TLS        bool   // TLS without verifying who answers
	TLSVerify  bool   // TLS, verified; DOCKER_TLS_VERIFY
	CACert     string // PEM files; DOCKER_CERT_PATH/{ca,cert,key}.pem
	Cert       string
	Key        string
	Timeout    time.Duration // how long the first byte of an answer may take; 0 for ever
	Write      bool          // lets requests other than GET and HEAD through
	Trace      io.Writer     // gets a line about each request; nil for none
	Idle       func()        // called before anything that may wait for the Engine

	Demo func() *demo.Engine // the Engine that "demo" means; nil for a new one

	Stand http.RoundTripper // takes the requests in the Engine's stead; nil for none
}

// Flags are the flags that say which Engine is meant, docker's own names.
func Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "host", Aliases: []string{"H"}, Usage: "the Engine's `ADDRESS`: unix://PATH, tcp://HOST:PORT, ssh://USER@HOST, npipe://PIPE, or demo, a pretend Engine; may be repeated"},
		&cli.StringSliceFlag{Name: "context", Usage: "the Engine of docker's context `NAME`; may be repeated"},
		&cli.BoolFlag{Name: "all-contexts", Usage: "the Engines of all of docker's contexts"},
		&cli.StringFlag{Name: "api-version", Usage: "speak `VERSION` of the API (default: the newest that both know)"},
		&cli.BoolFlag{Name: "tls", Usage: "use TLS"},
		&cli.BoolFlag{Name: "tlsverify", Usage: "use TLS and verify the Engine's certificate"},
		&cli.StringFlag{Name: "tlscacert", Usage: "trust the CA in `FILE`"},
		&cli.StringFlag{Name: "tlscert", Usage: "present the certificate in `FILE`"},
		&cli.StringFlag{Name: "tlskey", Usage: "with the key in `FILE`"},
		&cli.BoolFlag{Name: "trace", Usage: "tell of each request on standard error"},
		&cli.BoolFlag{Name: "curl", Usage: "print a line of sh, curl and jq, that does the same, and do nothing"},
		&cli.StringFlag{Name: "response-timeout", Usage: "give up if an answer takes longer than `DURATION` to begin; a stream may be quiet after that (default: wait)"},
	}
}

// OptionsFromFlags reads [Flags]: the options of each Engine that is meant.
func OptionsFromFlags(f record.Flags) ([]Options, error) {
	timeout, err := record.FlagDuration(f, "response-timeout")
	if err != nil {
		return nil, err
	}
	one := Options{
		APIVersion: f.String("api-version"),
		TLS:        f.Bool("tls"), TLSVerify: f.Bool("tlsverify"),
		CACert: f.String("tlscacert"), Cert: f.String("tlscert"), Key: f.String("tlskey"),
		Timeout: timeout,
	}
	if f.Bool("trace") {
		one.Trace = os.Stderr
	}
	hosts, contexts := f.StringSlice("host"), f.StringSlice("context")
	if f.Bool("all-contexts") {
		if len(contexts) > 0 {
			return nil, &record.UsageError{Message: "--context and --all-contexts both say which Engines are meant"}
		}
		var err error
		if contexts, err = Contexts(); err != nil {
			return nil, err
		}
	}
	if len(hosts) > 0 && len(contexts) > 0 {
		return nil, &record.UsageError{Message: "-H and --context both say which Engine is meant"}
	}
	var all []Options
	for _, host := range hosts {
		one.Host = host
		all = append(all, one)
	}
	for _, context := range contexts {
		one.Context = context
		all = append(all, one)
	}
	if len(all) == 0 {
		all = append(all, one)
	}
	return all, nil
}

// Engine is a connection to one Docker Engine. Sources read raw JSON through
// it, since typed answers drop the fields that are newer than the library;
// Client is for the typed calls of actions. Both share one transport.
type Engine struct {
	Client *client.Client
	Name   string // of the context, or the address as it was given
	Host   string

	http    *http.Client
	close   func()
	base    url.URL
	idle    func()
	timeout time.Duration

	mu      sync.Mutex
	pin     string // the one version to speak, or ""
	version string // what reads speak: pin, or the Engine's newest, "" until it has said that
}

// Pin is the one version of the API to speak, or "".
func (o *Options) Pin() string {
	return strings.TrimPrefix(cmp.Or(o.APIVersion, os.Getenv(client.EnvOverrideAPIVersion)), "v")
}

// Connect prepares the way to an Engine. It asks nothing of it: an Engine that
// is not there shows itself at the first request.
func Connect(o Options) (*Engine, error) {
	ep, err := o.Locate()
	if err != nil {
		return nil, err
	}
	pin := o.Pin()
	transport := &http.Transport{MaxIdleConnsPerHost: 64, ReadBufferSize: 16 << 10}
	base, err := ep.prepare(transport, o.Demo)
	if err != nil {
		return nil, err
	}
	var trip http.RoundTripper = transport
	if o.Stand != nil {
		trip = o.Stand
	} else if o.Trace != nil {
		trip = &tracer{trip, o.Trace}
	}
	hc := http.Client{Transport: &guard{&conflicts{trip}, o.Write}, CheckRedirect: client.CheckRedirect}
	typed := http.Client{Transport: &explainer{hc.Transport, ep.Host, o.Timeout}, CheckRedirect: hc.CheckRedirect}
	c, err := client.NewClientWithOpts(client.WithHost("tcp://"+base.Host+base.Path), client.WithHTTPClient(&typed),
		client.WithScheme(base.Scheme), client.WithVersion(pin), client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ep.Host, err)
	}
	return &Engine{Client: c, Name: ep.name, Host: ep.Host, http: &hc, close: func() {
		transport.CloseIdleConnections()
		if ep.close != nil {
			ep.close()
		}
	}, base: base, idle: o.Idle, timeout: o.Timeout, pin: pin, version: pin}, nil
}

// Close ends the connections that wait for another request.
func (e *Engine) Close() { e.close() }

// prepare has transport lead to the Engine, and gives the URL that its paths
// are added to.
func (ep *Endpoint) prepare(transport *http.Transport, pretend func() *demo.Engine) (url.URL, error) {
	base := url.URL{Scheme: "http", Host: client.DummyHost}
	if ep.Host == "demo" {
		if pretend == nil {
			pretend = demo.New
		}
		transport.DialContext = pretend().Dial
		return base, nil
	}
	if strings.HasPrefix(ep.Host, "ssh://") {
		ssh, err := newSSH(ep.Host)
		if err != nil {
			return base, err
		}
		transport.DialContext, ep.close = ssh.dial, ssh.close
		return base, nil
	}
	u, err := client.ParseHostURL(ep.Host)
	if err != nil || !slices.Contains([]string{"unix", "tcp", "npipe", "http", "https"}, u.Scheme) {
		return base, &record.UsageError{Message: fmt.Sprintf("invalid Engine address: %q\naddresses look like unix:///var/run/docker.sock, tcp://HOST:PORT or ssh://USER@HOST; -H demo is a pretend Engine", ep.Host)}
	}
	if err := sockets.ConfigureTransport(transport, u.Scheme, u.Host); err != nil {
		return base, fmt.Errorf("%s: %w", ep.Host, err)
	}
	if u.Scheme == "unix" || u.Scheme == "npipe" {
		return base, nil
	}
	base.Host, base.Path, base.User = u.Host, u.Path, ep.user
	if ep.TLS != nil {
		if transport.TLSClientConfig, err = tlsconfig.Client(*ep.TLS); err != nil {
			return base, fmt.Errorf("TLS: %w", err)
		}
	}
	if ep.TLS != nil || u.Scheme == "https" {
		base.Scheme = "https"
	}
	return base, nil
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

// explainer has docker's client, which knows no host but a made-up one, find out
// which Engine does not answer.
type explainer struct {
	base    http.RoundTripper
	host    string
	timeout time.Duration
}

// explained hides the error in it from docker's client, which would replace it by
// words of its own.
type explained struct{ error }

func (explained) Error() string   { return "no answer" }
func (e explained) Unwrap() error { return e.error }

func (e *explainer) RoundTrip(r *http.Request) (*http.Response, error) {
	if e.timeout > 0 {
		ctx, cancel := context.WithCancelCause(r.Context())
		defer time.AfterFunc(e.timeout, func() { cancel(lateError(e.timeout)) }).Stop()
		r = r.WithContext(ctx)
	}
	res, err := e.base.RoundTrip(r)
	if err == nil {
		if err := unexpected(r.Method, res); err != nil {
			res.Body.Close()
			return nil, explained{err}
		}
	}
	if late := lateError(0); err != nil && errors.As(context.Cause(r.Context()), &late) {
		return nil, explained{late}
	}
	var refused *ReadOnlyError
	if err != nil && r.Context().Err() == nil && !errors.As(err, &refused) {
		err = explained{noAnswer(r.Method+" "+r.URL.Path, e.host, err)}
	}
	return res, err
}

// get asks for path, which begins with a slash and has no version.
func (e *Engine) get(ctx context.Context, path string, query url.Values) (*Answer, error) {
	return e.Do(ctx, http.MethodGet, path, query, nil, nil)
}

// Do sends one request and returns an answer with a status of 2xx; every other
// answer is an error that has the Engine's message. path has no escapes; one that
// begins with a version of the API, such as /v1.41, is asked for as it is.
func (e *Engine) Do(ctx context.Context, method, path string, query url.Values, body io.Reader, header http.Header) (*Answer, error) {
	return e.DoURI(ctx, method, &url.URL{Path: path, RawQuery: query.Encode()}, body, header)
}

// DoURI is [Engine.Do] for a path with escapes and a query.
//
// Before the Engine's version is known a GET goes out without one, which means
// the Engine's newest, and its answer carries that version in a header. So
// negotiation costs no round trip. Other requests speak at most the newest
// version that docker's client knows.
func (e *Engine) DoURI(ctx context.Context, method string, uri *url.URL, body io.Reader, header http.Header) (*Answer, error) {
	return e.send(ctx, method, uri, body, header, e.Wait)
}

// Send sends a request with a JSON body, which may be nil, from any goroutine. uri
// is an escaped path with a query.
func (e *Engine) Send(ctx context.Context, method, uri string, body []byte) (io.ReadCloser, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, err
	}
	var in io.Reader
	header := http.Header{}
	if body != nil {
		in = bytes.NewReader(body)
		header.Set("Content-Type", "application/json")
	}
	a, err := e.send(ctx, method, u, in, header, func() {})
	if err != nil {
		return nil, err
	}
	a.StopTimer()
	return a, nil
}

func (e *Engine) send(ctx context.Context, method string, uri *url.URL, body io.Reader, header http.Header, idle func()) (*Answer, error) {
	a := &Answer{What: method + " " + uri.Path, Idle: idle}
	var cancel context.CancelCauseFunc
	a.ctx, cancel = context.WithCancelCause(ctx)
	a.done = func() { cancel(nil) }
	if e.timeout > 0 {
		a.timer = time.AfterFunc(e.timeout, func() {
			cancel(&LostError{a.What, lateError(e.timeout)})
		})
	}
	version, versioned := e.spoken(), hasVersion(uri.Path)
	if method != http.MethodGet && method != http.MethodHead && e.pin == "" && !versioned {
		e.Client.NegotiateAPIVersion(a.ctx)
		version = e.Client.ClientVersion()
	}
	u := e.base
	u.RawQuery = uri.RawQuery
	prefix := ""
	if version != "" && !versioned {
		prefix = "/v" + version
	}
	u.Path, u.RawPath = e.base.Path+prefix+uri.Path, e.base.EscapedPath()+prefix+uri.EscapedPath()
	req, err := http.NewRequestWithContext(a.ctx, method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.What, err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	idle()
	a.sentAt = time.Now()
	a.Response, err = e.http.Do(req)
	if err != nil {
		err = e.sendError(a, err)
		a.StopTimer()
		a.done()
		return nil, err
	}
	a.receivedAt = time.Now()
	if version == "" {
		e.learn(a.Header.Get("Api-Version"))
	}
	if a.StatusCode < 200 || a.StatusCode >= 300 {
		defer a.Close()
		return nil, &StatusError{method, uri.Path, a.StatusCode, statusMessage(a)}
	}
	return a, nil
}

// hasVersion reports whether a path begins with a version of the API.
func hasVersion(path string) bool {
	first, _, more := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return more && len(first) > 1 && first[0] == 'v' && strings.Trim(first[1:], "0123456789.") == ""
}

// spoken is the version of the API that reads speak, "" until the Engine has
// said its newest.
func (e *Engine) spoken() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.version
}

// learn notes the newest version that the Engine speaks.
func (e *Engine) learn(newest string) {
	if newest == "" {
		return
	}
	e.mu.Lock()
	e.version = newest
	e.mu.Unlock()
	e.Client.NegotiateAPIVersionPing(types.Ping{APIVersion: newest})
}

func (e *Engine) sendError(a *Answer, err error) error {
	if a.ctx.Err() != nil {
		return context.Cause(a.ctx)
	}
	var refused *ReadOnlyError
	if errors.As(err, &refused) {
		return refused
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return noAnswer(a.What, e.Host, err)
}

// noAnswer is what it means that there is none to a request.
func noAnswer(what, host string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &LostError{what, errors.New("the Engine hung up before it answered")}
	}
	return unreachable(host, err)
}

func (e *Engine) Wait() {
	if e.idle != nil {
		e.idle()
	}
}

// statusMessage is the Engine's {"message":…}, or the beginning of whatever
// else came, on one line.
func statusMessage(a *Answer) string {
	b := errorBody(a.Body)
	var m struct{ Message string }
	text := string(b)
	if json.Unmarshal(b, &m) == nil && m.Message != "" {
		text = m.Message
	}
	text = record.OneLine(text)
	if len(text) > 500 {
		text = strings.ToValidUTF8(text[:500], "") + "…"
	}
	return cmp.Or(text, http.StatusText(a.StatusCode))
}

// Answers is the error with which the Engine cannot be reached, if it cannot.
func (e *Engine) Answers(ctx context.Context) error {
	a, err := e.get(ctx, "/_ping", nil)
	if err == nil {
		a.Close()
	}
	return err
}
