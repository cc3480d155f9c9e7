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
			&cli.StringFlag{Name: "platform", Usage: "of an image for several platforms, that for `OS[/ARCH[/VARIANT]]`"},
			&cli.BoolFlag{Name: "manifests", Usage: "have the Engine list an image's Manifests"},
		},
		Check: func(r Request) error {
			if r.Flags.Bool("manifests") && r.Flags.IsSet("platform") {
				return &record.UsageError{Message: "--manifests does not go with --platform"}
			}
			_, err := platform(r.Flags.String("platform"))
			return err
		},
		Examples: []string{
			"baleen inspect web -q .State.Health",
			"baleen inspect --kind image web:latest -q .Config.Env",
		},
		Document: true,
		View:     `{name: name, id: short_id, created: _ago}`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			kinds := []string{"container", "image", "volume", "network"}
			if kind := r.Flags.String("kind"); kind != "" {
				kinds = []string{kind}
			}
			return func(yield func(json.RawMessage, error) bool) {
				for _, name := range r.Names {
					raw, err := inspectObject(ctx, e, kinds, name, r.Flags)
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
func inspectObject(ctx context.Context, e *engine.Engine, kinds []string, name string, f record.Flags) (json.RawMessage, error) {
	found, unclear, refused := make([]json.RawMessage, len(kinds)), make([]error, len(kinds)), make([]error, len(kinds))
	g, ctx := errgroup.WithContext(ctx)
	for i, kind := range kinds {
		g.Go(func() error {
			path, ok := engine.ObjectPath(kind, name)
			if !ok {
				return nil
			}
			q := url.Values{}
			if kind == "container" && f.Bool("size") {
				q.Set("size", "1")
			}
			if kind == "image" && f.Bool("manifests") {
				q.Set("manifests", "1")
			}
			if p, _ := platform(f.String("platform")); kind == "image" && p != "" {
				q.Set("platform", p)
			}
			if kind == "container" || kind == "image" {
				path += "/json"
			}
			for raw, err := range e.Records(ctx, path, q, "") {
				var status *engine.StatusError
				var several *engine.NameError
				if err = engine.Refusal(ctx, e, kind, name, err); errors.As(err, &several) {
					unclear[i] = several
					return nil
				}
				if errors.As(err, &status) && (status.NotFound() || status.Status == http.StatusBadRequest) {
					if status.NotFound() && !status.Unknown(name) {
						refused[i] = &record.PartError{Err: err}
					}
					return nil
				}
				if err != nil {
					return err
				}
				found[i] = slices.Clone(raw)
			}
			return nil
		})
	}
	if err := cmp.Or(g.Wait(), cmp.Or(unclear...)); err != nil {
		return nil, err
	}
	var only json.RawMessage
	var matches []string
	for i, kind := range kinds {
		if found[i] != nil {
			only = found[i]
			matches = append(matches, kind)
		}
	}
	switch len(matches) {
	case 0:
		if err := cmp.Or(refused...); err != nil {
			return nil, err
		}
		return nil, &engine.NameError{Name: name, Message: "no such " + orList(kinds)}
	case 1:
		return only, nil
	default:
		return nil, &engine.NameError{Name: name, Message: strings.Join(matches, " and ") + " are both called", Hint: fmt.Sprintf("--kind %s says which", strings.Join(matches, " or --kind "))}
	}
}

// platform is OS[/ARCH[/VARIANT]] as the Engine takes it, "" for "".
func platform(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	p := map[string]string{}
	parts := strings.Split(text, "/")
	for i, key := range []string{"os", "architecture", "variant"}[:min(3, len(parts))] {
		p[key] = parts[i]
	}
	if len(parts) > 3 || slices.Contains(parts, "") {
		return "", &record.UsageError{Message: fmt.Sprintf("--platform takes OS[/ARCH[/VARIANT]], such as linux/arm64, not %q", text)}
	}
	b, err := json.Marshal(p)
	return string(b), err
}

func orList(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
