package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func images() Source {
	return Source{
		Name: "images", Aliases: []string{"image"},
		Usage:   "images, as /images/json has them",
		Keys:    "Id ParentId RepoTags RepoDigests Created Size VirtualSize SharedSize Labels Containers Manifests Descriptor",
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
				return &record.UsageError{Message: "images are named by words or by -f reference=, not by both"}
			}
			return nil
		},
		View: `
			(tags // null) as $tag
			| {repository: ($tag // . | repo // "<none>"), tag: (if $tag then $tag | tag else "<none>" end), id: short_id,
			created: _ago, size: (.Size | human_size)}`,
		JQ: `.[]`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			list := func(f engine.Filters) record.Seq {
				q := url.Values{}
				for flag, key := range map[string]string{"all": "all", "shared-size": "shared-size", "manifests": "manifests"} {
					if r.Flags.Bool(flag) {
						q.Set(key, "1")
					}
				}
				return e.List(ctx, "/images/json", f.Put(q))
			}
			if len(r.Names) == 0 {
				return list(r.Filters)
			}
			return byReference(r.Names, func(name string) record.Seq { return list(r.Filters.With("reference", name)) })
		},
	}
}

// byReference asks for each name by itself, since one answer to all of them
// would not say which of them matched nothing. Each answer has of an image only
// the references that match; one that several names mean comes once, with those
// of all.
func byReference(names []string, list func(name string) record.Seq) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		var ids []string
		images := map[string]json.RawMessage{}
		for _, name := range names {
			found := strings.Contains(name, "*")
			for raw, err := range list(name) {
				if err != nil {
					yield(nil, err)
					return
				}
				found = true
				is, _ := record.Identify(raw)
				switch image, seen := images[is.ID]; {
				case len(names) == 1:
					if !yield(raw, nil) {
						return
					}
				case seen:
					images[is.ID] = union(union(image, raw, "RepoTags"), raw, "RepoDigests")
				default:
					ids = append(ids, is.ID)
					images[is.ID] = slices.Clone(raw)
				}
			}
			if !found && !yield(nil, &engine.NameError{Name: name, Message: "no such image", Hint: idHint(name)}) {
				return
			}
		}
		for _, id := range ids {
			if !yield(images[id], nil) {
				return
			}
		}
	}
}

// union adds to the list that a record has under key what another has there.
func union(raw, other json.RawMessage, key string) json.RawMessage {
	member := func(r json.RawMessage) (raw json.RawMessage, list []string) {
		var members map[string]json.RawMessage
		_ = json.Unmarshal(r, &members)
		_ = json.Unmarshal(members[key], &list) // null is an empty one
		return members[key], list
	}
	was, list := member(raw)
	_, more := member(other)
	more = slices.DeleteFunc(more, func(m string) bool { return slices.Contains(list, m) })
	if len(more) == 0 {
		return raw
	}
	list = append(list, more...)
	quoted := make([][]byte, len(list))
	for i, l := range list {
		quoted[i] = record.Quote(l)
	}
	key = string(record.Quote(key)) + ":"
	now := slices.Concat([]byte(key+"["), bytes.Join(quoted, []byte(",")), []byte("]"))
	return bytes.Replace(raw, append([]byte(key), was...), now, 1)
}

// idHint says how the image is found that name is the id of, if it looks like one.
func idHint(name string) string {
	id := strings.TrimPrefix(name, "sha256:")
	if len(id) < 12 || strings.Trim(id, "0123456789abcdef") != "" {
		return ""
	}
	return fmt.Sprintf("a name is a reference; an id is picked by -q 'select(short_id == %q)'", id[:12])
}
