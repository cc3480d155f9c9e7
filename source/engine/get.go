package engine

import (
	"baleen/source/record"
	"bytes"
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
	if _, ok := lists()[u.Path]; ok {
		return e.list(ctx, u)
	}
	return e.records(ctx, u, "")
}

// lists are the paths that have an array of objects, with the key that identifies each.
func lists() map[string]string {
	return map[string]string{
		"/images/json": "Id", "/containers/json": "Id", "/networks": "Id", "/plugins": "Id",
		"/services": "ID", "/tasks": "ID", "/nodes": "ID", "/secrets": "ID", "/configs": "ID",
	}
}

// List reads the array of objects at one of the paths of lists, where null is an
// empty one. Any other answer is an error, and so is an object without its
// identifying key: an action, or whatever an image is found unused by, must not
// take it for a list.
func (e *Engine) List(ctx context.Context, path string, query url.Values) record.Seq {
	return e.list(ctx, &url.URL{Path: path, RawQuery: query.Encode()})
}

func (e *Engine) list(ctx context.Context, uri *url.URL) record.Seq {
	key := []byte(`"` + lists()[uri.Path] + `":"`)
	return e.elements(ctx, uri, "", key)
}

// Volumes is [Engine.List] for volumes, which are a member of an object.
func (e *Engine) Volumes(ctx context.Context, query url.Values) record.Seq {
	return e.elements(ctx, &url.URL{Path: "/volumes", RawQuery: query.Encode()}, "Volumes", []byte(`"Name":"`))
}

func (e *Engine) elements(ctx context.Context, uri *url.URL, member string, key []byte) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		a, err := e.DoURI(ctx, http.MethodGet, uri, nil, nil)
		if err != nil {
			yield(nil, err)
			return
		}
		a.list = true
		for v, err := range a.Records(member) {
			if err == nil && (len(v) == 0 || v[0] != '{' || !hasKey(v, key)) {
				if string(v) == "null" {
					continue
				}
				err = fmt.Errorf("%s: the answer is not a list of objects with their ids: %.60s", a.What, v)
				v = nil
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
		if !a.begun {
			yield(nil, &LostError{a.What, errCut})
		}
	}
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

// hasKey reports whether a key, which is quoted, stands in a record. A quote is what
// records are full of: the search begins behind it.
func hasKey(v, key []byte) bool {
	i := bytes.Index(v, key[1:])
	return i > 0 && (v[i-1] == '"' || bytes.Contains(v, key))
}
