package source

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/urfave/cli/v2"
)

func images() Source {
	return Source{
		Name:    "images",
		Usage:   "images, as /images/json has them",
		Args:    "[REFERENCE...]",
		Kind:    "image",
		Filters: true,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "intermediate images too"},
			&cli.BoolFlag{Name: "shared-size", Usage: "have the Engine compute SharedSize"},
			&cli.BoolFlag{Name: "manifests", Usage: "have the Engine list Manifests"},
		},
		Examples: []string{
			"baleen images -q 'select(.Size > 1e9) | .RepoTags[]?' -r",
			"baleen images -f dangling=true --delete",
			"baleen images '*m*'",
		},
		Check: func(r Request) error {
			if len(r.Names) > 0 && r.Filters["reference"] != nil {
				return &UsageError{"images are named by words or by -f reference=, not by both"}
			}
			return nil
		},
		View: `
			(tags // "<none>:<none>") as $tag
			| {repository: ($tag | repo // "<none>"), tag: ($tag | tag // "<none>"), id: short_id,
			created: (age | human_duration + " ago"), size: (.Size | human_size)}`,
		JQ: `.[]`,
		Records: func(ctx context.Context, e *Engine, r Request) Records {
			list := func(f Filters) Records {
				q := url.Values{}
				for flag, key := range map[string]string{"all": "all", "shared-size": "shared-size", "manifests": "manifests"} {
					if r.Flags.Bool(flag) {
						q.Set(key, "1")
					}
				}
				return e.records(ctx, "/images/json", f.put(q), "")
			}
			if len(r.Names) == 0 {
				return list(r.Filters)
			}
			return byReference(r.Names, func(name string) Records { return list(r.Filters.with("reference", name)) })
		},
	}
}

// byReference asks for each name by itself, since one answer to all of them
// would not say which of them matched nothing. An image comes once.
func byReference(names []string, list func(name string) Records) Records {
	return func(yield func(json.RawMessage, error) bool) {
		seen := map[string]bool{}
		for _, name := range names {
			found := strings.Contains(name, "*")
			for record, err := range list(name) {
				if err == nil {
					found = true
					id, _ := identify(record)
					if seen[id] {
						continue
					}
					if len(names) > 1 {
						seen[id] = true
					}
				}
				if !yield(record, err) || err != nil {
					return
				}
			}
			if !found && !yield(nil, &NameError{Name: name, Message: "no such image"}) {
				return
			}
		}
	}
}
