package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"
)

func inspect() Source {
	return Source{
		Name:    "inspect",
		Usage:   "the full record of containers, images, volumes and networks",
		Args:    "NAME|ID...",
		MinArgs: 1,
		Kind:    "any",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "kind", Usage: "where two kinds match: `KIND` is container, image, volume or network"},
			&cli.BoolFlag{Name: "size", Usage: "have the Engine compute a container's SizeRw and SizeRootFs (slow)"},
		},
		Examples: []string{
			"baleen inspect web -q .State.Health",
			"baleen inspect --kind image web:latest -q .Config.Env",
		},
		View: `{name: name, id: short_id, created: ((age | human_duration + " ago")? // "N/A")}`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			kinds := []string{"container", "image", "volume", "network"}
			if kind := r.Flags.String("kind"); kind != "" {
				kinds = []string{kind}
			}
			return func(yield func(json.RawMessage, error) bool) {
				for _, name := range r.Names {
					raw, err := inspectObject(ctx, e, kinds, name, r.Flags.Bool("size"))
					if !yield(raw, err) || err != nil && record.Fatal(err) {
						return
					}
				}
			}
		},
	}
}

// inspect asks for name as each of kinds at once. It is a *NameError if no kind
// has it, or more than one.
func inspectObject(ctx context.Context, e *engine.Engine, kinds []string, name string, size bool) (json.RawMessage, error) {
	found, unclear := make([]json.RawMessage, len(kinds)), make([]error, len(kinds))
	g, ctx := errgroup.WithContext(ctx)
	for i, kind := range kinds {
		g.Go(func() error {
			path, ok := engine.ObjectPath(kind, name)
			if !ok {
				return nil
			}
			q := url.Values{}
			if kind == "container" && size {
				q.Set("size", "1")
			}
			if kind == "container" || kind == "image" {
				path += "/json"
			}
			for record, err := range e.Records(ctx, path, q, "") {
				var status *engine.StatusError
				var several *engine.NameError
				if err = engine.Refusal(ctx, e, kind, name, err); errors.As(err, &several) {
					unclear[i] = several
					return nil
				}
				if errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusBadRequest) {
					return nil
				}
				if err != nil {
					return err
				}
				found[i] = slices.Clone(record)
			}
			return nil
		})
	}
	if err := cmp.Or(g.Wait(), cmp.Or(unclear...)); err != nil {
		return nil, err
	}
	var record json.RawMessage
	var matches []string
	for i, kind := range kinds {
		if found[i] != nil {
			record = found[i]
			matches = append(matches, kind)
		}
	}
	switch len(matches) {
	case 0:
		return nil, &engine.NameError{Name: name, Message: "no such " + orList(kinds)}
	case 1:
		return record, nil
	default:
		return nil, &engine.NameError{Name: name, Message: strings.Join(matches, " and ") + " are both called", Hint: fmt.Sprintf("--kind %s says which", strings.Join(matches, " or --kind "))}
	}
}

func orList(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
