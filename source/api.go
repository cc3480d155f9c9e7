package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
)

func api() Source {
	return Source{
		Name:    "api",
		Usage:   "any path of the Engine's API: each element of an array, each value of a stream, or the one object",
		Args:    "PATH",
		MinArgs: 1,
		Filters: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "method", Aliases: []string{"X"}, Usage: "the `METHOD`; other than GET and HEAD may change things", Value: http.MethodGet},
			&cli.StringFlag{Name: "data", Aliases: []string{"d"}, Usage: "the `BODY`, or @FILE (@- is standard input); goes with -X"},
			&cli.StringSliceFlag{Name: "header", Usage: "a `NAME:VALUE` to send; may be repeated"},
		},
		Examples: []string{
			"baleen api '/containers/json?all=1' -q .Id -r",
			"baleen api /system/df -q '.Volumes[] | {Name, size: .UsageData.Size}'",
			"baleen api -X POST '/containers/prune' -f until=24h",
		},
		Writes: func(f record.Flags) bool { return f.IsSet("method") },
		Check: func(r Request) error {
			if len(r.Names) > 1 {
				return &record.UsageError{Message: fmt.Sprintf("api takes one path; what is %q?", r.Names[1])}
			}
			if r.Flags.IsSet("data") && !r.Flags.IsSet("method") {
				return &record.UsageError{Message: "-d goes with -X, which says what to do with the body\nbaleen api -X POST …"}
			}
			_, err := parseHeaders(r.Flags.StringSlice("header"))
			return err
		},
		JQ: `if type == "array" then .[] else . end`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return func(yield func(json.RawMessage, error) bool) {
				if err := apiRequest(ctx, e, r, yield); err != nil {
					yield(nil, err)
				}
			}
		},
	}
}

func apiRequest(ctx context.Context, e *engine.Engine, r Request, yield func(json.RawMessage, error) bool) error {
	uri, err := url.Parse("/" + strings.TrimLeft(r.Names[0], "/"))
	var query url.Values
	if err == nil {
		query, err = url.ParseQuery(uri.RawQuery)
	}
	if err != nil {
		return &record.UsageError{Message: fmt.Sprintf("%s: %v", r.Names[0], err)}
	}
	header, err := parseHeaders(r.Flags.StringSlice("header"))
	if err != nil {
		return err
	}
	var body io.Reader
	if r.Flags.IsSet("data") {
		data := r.Flags.String("data")
		body = strings.NewReader(data)
		if name, ok := strings.CutPrefix(data, "@"); ok {
			body = r.Stdin()
			if name != "-" {
				f, err := os.Open(name)
				if err != nil {
					return err
				}
				defer f.Close()
				body = f
			}
		}
		if header.Get("Content-Type") == "" {
			header.Set("Content-Type", "application/json")
		}
	}
	method := strings.ToUpper(r.Flags.String("method"))
	if len(r.Filters) > 0 {
		uri.RawQuery = r.Filters.Put(query).Encode()
	}
	a, err := e.DoURI(ctx, method, uri, body, header)
	if err != nil {
		return err
	}
	a.StopTimer()
	a.Records("")(yield)
	return nil
}

func parseHeaders(words []string) (http.Header, error) {
	h := http.Header{}
	for _, w := range words {
		name, value, ok := strings.Cut(w, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, &record.UsageError{Message: fmt.Sprintf("--header takes NAME: VALUE, not %q", w)}
		}
		h.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return h, nil
}
