package engine

import (
	"baleen/source/record"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// tracer tells of each request in one line, once its answer has been read.
type tracer struct {
	base http.RoundTripper
	w    io.Writer
}

func (t *tracer) RoundTrip(r *http.Request) (*http.Response, error) {
	begun, what := time.Now(), r.Method+" "+Redacted(r.URL)
	resp, err := t.base.RoundTrip(r)
	if err != nil {
		fmt.Fprintf(t.w, "baleen: %s: %s, %v\n", what, record.OneLine(err.Error()), since(begun))
		return nil, err
	}
	resp.Body = &traced{ReadCloser: resp.Body, end: func(n int64, how string) {
		fmt.Fprintf(t.w, "baleen: %s: %d, %d bytes%s, %v\n", what, resp.StatusCode, n, how, since(begun))
	}}
	return resp, nil
}

func since(t time.Time) time.Duration { return time.Since(t).Round(10 * time.Microsecond) }

// traced counts what is read of a body.
type traced struct {
	io.ReadCloser
	n    int64
	once sync.Once
	end  func(n int64, how string)
}

func (b *traced) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	if err == io.EOF {
		b.once.Do(func() { b.end(b.n, "") })
	} else if err != nil {
		b.once.Do(func() { b.end(b.n, " and then "+record.OneLine(err.Error())) })
	}
	return n, err
}

func (b *traced) Close() error {
	b.once.Do(func() { b.end(b.n, " and not the rest") })
	return b.ReadCloser.Close()
}

// Redacted is a URL's path and query without the credentials that may be in it.
func Redacted(u *url.URL) string {
	q := u.Query()
	changed := false
	for key, values := range q {
		for i, value := range values {
			inner, err := url.Parse(value)
			switch {
			case IsSecret(key):
				values[i] = "REDACTED"
			case err == nil && inner.User != nil:
				inner.User = url.User("REDACTED")
				values[i] = inner.String()
			default:
				continue
			}
			changed = true
		}
	}
	if !changed {
		return u.RequestURI()
	}
	return u.EscapedPath() + "?" + q.Encode()
}

// IsSecret reports whether what has this name, or has it in it, is a credential.
func IsSecret(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"auth", "passw", "secret", "token", "credential", "cookie", "x-registry-config"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
