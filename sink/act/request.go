package act

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/urfave/cli/v2"

	"baleen/source/record"
)

// A Request is one that --request makes of a record.
type Request struct {
	Method, URI string          // an escaped path of the API with a query
	Body        json.RawMessage // nil for none
}

func request() Action {
	return Action{
		Name:  "request",
		Usage: "send each record its METHOD PATH, where PATH is a jq string: 'POST /containers/\\(.Id)/restart'",
		Value: "REQUEST",
		Flags: func(string) []cli.Flag {
			return []cli.Flag{&cli.StringFlag{Name: "body", Usage: "with --request: the jq `FILTER` that makes its JSON body of the record"}}
		},
		Send: func(ctx context.Context, send Sender, t Target, _ record.Flags) (any, error) {
			answer, err := send(ctx, t.Request.Method, t.Request.URI, t.Request.Body)
			if err != nil {
				return nil, err
			}
			defer answer.Close()
			text, err := io.ReadAll(io.LimitReader(answer, 1<<20))
			if err != nil || len(text) == 0 {
				return nil, err
			}
			if json.Valid(text) {
				return json.RawMessage(text), nil
			}
			return string(text), nil
		},
	}
}

// Method is the method that the value of --request begins with, and its path, a
// jq string without the quotes.
func Method(value string) (method, path string, err error) {
	method, path, ok := strings.Cut(strings.TrimSpace(value), " ")
	path = strings.TrimSpace(path)
	if !ok || strings.ToUpper(method) != method || !strings.HasPrefix(path, "/") {
		return "", "", &record.UsageError{Message: fmt.Sprintf("--request requires a METHOD and a PATH that begins with a slash, not %q\n--request 'POST /containers/\\(.Id)/restart'", value)}
	}
	return method, path, nil
}

// inside refuses a URI that leads out of the Engine's API.
func inside(uri string) error {
	u, err := url.Parse(uri)
	switch {
	case err != nil:
		return err
	case u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") || path.Clean(u.Path) != u.Path:
		return errors.New("not a path of the Engine's API: " + uri)
	}
	return nil
}

// resolveRequest makes the request of a result, and names what it is about.
func (r *Run) resolveRequest(result json.RawMessage) (Target, error) {
	request, err := r.Request(result)
	if err != nil {
		return Target{}, notATarget("record", result, err.Error())
	}
	if err := inside(request.URI); err != nil {
		return Target{}, notATarget("record", result, err.Error())
	}
	t := Target{Kind: r.Kind, Request: &request}
	if len(result) > 0 && result[0] == '"' {
		t.Name = record.Text(result)
	} else if is, err := record.Identify(result); err == nil {
		t.Kind, t.Name, t.Resource = is.Kind, is.Name, is.ID
	}
	t.ID = strings.Join([]string{request.Method, request.URI, string(request.Body)}, " ")
	return t, nil
}
