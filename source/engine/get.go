package engine

import (
	"baleen/source/record"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// Get reads the answer to a GET of a path of the API, which may have a query:
// each element of an array, each value of a stream, or the one object.
func (e *Engine) Get(ctx context.Context, uri string) record.Seq {
	u, err := url.Parse("/" + strings.TrimLeft(uri, "/"))
	if err == nil && path.Clean(u.Path) != strings.TrimSuffix(u.Path, "/") {
		err = errors.New("not a path of the API")
	}
	if err == nil {
		_, err = url.ParseQuery(u.RawQuery)
	}
	if err != nil {
		return func(yield func(json.RawMessage, error) bool) { yield(nil, fmt.Errorf("GET %s: %w", uri, err)) }
	}
	return e.records(ctx, u, "")
}

// Info says what the Engine is called here, where it is, and the version of the
// API that is spoken.
func (e *Engine) Info(ctx context.Context) (name, host, apiVersion string, err error) {
	if e.spoken() == "" {
		if err := e.Answers(ctx); err != nil {
			return "", "", "", err
		}
	}
	return e.Name, e.Host, e.spoken(), nil
}

// NotFound is whether the Engine says that there is no such thing.
func (e *StatusError) NotFound() bool { return e.Status == http.StatusNotFound }
