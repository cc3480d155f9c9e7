package act

import (
	"baleen/source/record"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"github.com/urfave/cli/v2"
)

func del() Action {
	return Action{
		Name:  "delete",
		Usage: "delete each",
		Kinds: []string{"image", "container", "volume", "network", "buildcache"},
		Flags: func(kind string) []cli.Flag {
			var flags []cli.Flag
			if kind != "network" && kind != "buildcache" {
				flags = append(flags, &cli.BoolFlag{Name: "force", Usage: "with --delete: even if it is in use"})
			}
			if kind == "image" || kind == "any" {
				flags = append(flags, &cli.BoolFlag{Name: "no-prune", Usage: "with --delete: keep untagged parent images"})
			}
			if kind == "container" || kind == "any" {
				flags = append(flags, &cli.BoolFlag{Name: "volumes", Usage: "with --delete: a container's anonymous volumes too"})
			}
			return flags
		},
		Do: func(ctx context.Context, c *client.Client, t Target, f record.Flags) (any, error) {
			switch t.Kind {
			case "image":
				deleted, err := deleteImage(ctx, c, t, f)
				if len(deleted) == 0 {
					return nil, err
				}
				return deleted, err
			case "container":
				return nil, c.ContainerRemove(ctx, t.ID, container.RemoveOptions{Force: f.Bool("force"), RemoveVolumes: f.Bool("volumes")})
			case "volume":
				return nil, c.VolumeRemove(ctx, t.ID, f.Bool("force"))
			case "network":
				return nil, deleteNetwork(ctx, c, t.ID)
			}
			return deleteCache(ctx, c, t.ID)
		},
	}
}

// deleteReference removes one reference, and with the last one the image. It
// does what the Engine makes of an id, too.
func deleteReference(ctx context.Context, c *client.Client, ref string, f record.Flags) ([]image.DeleteResponse, error) {
	return c.ImageRemove(ctx, ref, image.RemoveOptions{Force: f.Bool("force"), PruneChildren: !f.Bool("no-prune")})
}

// deleteImage removes the reference that a string is, or the image that a record
// stands for with all that it is called. The Engine refuses an id with references in
// several repositories, unless it is forced, when it removes them all, also those
// that the image was given since. So it is asked what they are by now. Those of the
// record go by themselves, once it is certain that they still mean this image and
// that it can go. Where the record has only some of them, no others are touched and
// the image stays.
func deleteImage(ctx context.Context, c *client.Client, t Target, f record.Flags) (deleted []image.DeleteResponse, err error) {
	if !t.Record {
		if err := stillMeans(ctx, c, t.ID, t.Means); err != nil {
			return nil, err
		}
		if t.Result && !isTag(t) {
			if err := oneReference(ctx, c, t.ID); err != nil {
				return nil, err
			}
		}
		return deleteReference(ctx, c, t.ID, f)
	}
	now, err := c.ImageInspect(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	force := f.Bool("force")
	all := needed(slices.Concat(now.RepoTags, now.RepoDigests))
	refs := all
	if t.Refs != nil {
		refs = nil
		for _, r := range needed(t.Refs) {
			if slices.Contains(all, r) && !slices.Contains(refs, r) {
				refs = append(refs, r)
			}
		}
	}
	whole := len(refs) == len(all)
	if whole && (len(all) <= 1 || force && t.Refs == nil) {
		deleted, err = deleteReference(ctx, c, t.ID, f)
		if !severalNames(err) || len(all) == 0 {
			return deleted, err
		}
	}
	switch {
	case len(refs) == 0 && !whole:
		return nil, fmt.Errorf("conflict: unable to delete %s - image has references that were not selected%w", t.ID, silent{errdefs.ErrConflict})
	case whole && !force:
		if err := inUse(ctx, c, t.ID, now.Descriptor == nil); err != nil {
			return nil, err
		}
	}
	last := ""
	if whole && (!force || len(refs) == 0) {
		if len(refs) > 0 {
			last = refs[len(refs)-1]
		}
		refs = append(refs[:max(0, len(refs)-1)], t.ID)
	}
	for _, ref := range refs {
		if err := stillMeans(ctx, c, ref, now.ID); err != nil {
			return deleted, err
		}
		more, err := deleteReference(ctx, c, ref, f)
		if ref == t.ID && last != "" && severalNames(err) {
			if more, err = deleteReference(ctx, c, last, f); err == nil {
				deleted = append(deleted, more...)
				more, err = deleteReference(ctx, c, ref, f)
			}
		}
		deleted = append(deleted, more...)
		if err != nil {
			return deleted, err
		}
	}
	return deleted, nil
}

// oneReference is the conflict of an image with several references, of which a
// result does not say whether all were meant.
func oneReference(ctx context.Context, c *client.Client, id string) error {
	now, err := c.ImageInspect(ctx, id)
	if err == nil && len(needed(slices.Concat(now.RepoTags, now.RepoDigests))) > 1 {
		return fmt.Errorf("conflict: the image has several references, and its result does not say which were meant: select its record again%w", silent{errdefs.ErrConflict})
	}
	return err
}

// severalNames is Podman's refusal of an id with more than one name, of which one
// may be the digest that the image was pulled by.
func severalNames(err error) bool {
	return err != nil && strings.Contains(err.Error(), "more than one tag")
}

// stillMeans is an error if a reference means another image than id by now; an id
// may be no more than its beginning, and "" is any.
func stillMeans(ctx context.Context, c *client.Client, ref, id string) error {
	if id == "" || ref == id {
		return nil
	}
	now, err := c.ImageInspect(ctx, ref)
	if err != nil {
		return err
	}
	digits := func(id string) string { return strings.TrimPrefix(id, "sha256:") }
	if !strings.HasPrefix(digits(now.ID), digits(id)) {
		return fmt.Errorf("it means another image by now, %.12s", digits(now.ID))
	}
	return nil
}

// inUse is the conflict that the Engine would find when only the image itself is
// left to delete: a container, or another image that was made from it, where the
// Engine has parents keep: the containerd store does not.
func inUse(ctx context.Context, c *client.Client, id string, parents bool) error {
	digits := strings.TrimPrefix(id, "sha256:") // as Podman's filters want it
	users, err := c.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("ancestor", digits))})
	if err != nil {
		return err
	}
	if len(users) > 0 {
		return fmt.Errorf("conflict: unable to delete %s - image is being used by container %.12s%w", id, users[0].ID, silent{errdefs.ErrConflict})
	}
	if !parents {
		return nil
	}
	younger, err := c.ImageList(ctx, image.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("since", digits))})
	if err != nil {
		return err
	}
	for _, child := range younger {
		if strings.TrimPrefix(child.ParentID, "sha256:") == digits {
			return fmt.Errorf("conflict: unable to delete %s - image has dependent child images%w", id, silent{errdefs.ErrConflict})
		}
	}
	return nil
}

// needed leaves out the references that go by themselves: <none>, and a digest
// whose repository has a tag, since it goes with the last tag.
func needed(refs []string) []string {
	repos := map[string]bool{}
	for _, r := range refs {
		if i := strings.LastIndex(r, ":"); i >= 0 && !strings.Contains(r, "@") && r != "<none>:<none>" {
			repos[r[:i]] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(refs), func(r string) bool {
		repo, _, digest := strings.Cut(r, "@")
		return r == "<none>:<none>" || digest && (repos[repo] || repo == "<none>")
	})
}

// deleteNetwork refuses a network with containers on it: Podman, which is asked by
// its id, would take it from under them. The name is not sent, since it may be
// another network's id.
func deleteNetwork(ctx context.Context, c *client.Client, id string) error {
	n, err := c.NetworkInspect(ctx, id, network.InspectOptions{})
	if err != nil {
		return err
	}
	if len(n.Containers) > 0 {
		return fmt.Errorf("conflict: network %s has active endpoints%w", n.Name, silent{errdefs.ErrConflict})
	}
	return c.NetworkRemove(ctx, id)
}

// deleteCache has the Engine prune the one record of the build cache.
func deleteCache(ctx context.Context, c *client.Client, id string) (any, error) {
	report, err := c.BuildCachePrune(ctx, build.CachePruneOptions{All: true, Filters: filters.NewArgs(filters.Arg("id", id))})
	if err == nil && len(report.CachesDeleted) == 0 {
		err = fmt.Errorf("conflict: the Engine keeps the record %s: it is in use or gone%w", id, silent{errdefs.ErrConflict})
	}
	if err != nil {
		return nil, err
	}
	return report, nil
}

// silent marks an error without adding to its text.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (w silent) Unwrap() error { return w.error }
