package demo

import (
	"fmt"
	"slices"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/events"
	imagetypes "github.com/docker/docker/api/types/image"
)

// conflict is a set of reasons not to delete an image.
type conflict int

const (
	dependentChild conflict = 1 << iota
	runningContainer
	activeReference
	stoppedContainer

	hard = dependentChild | runningContainer
	soft = activeReference | stoppedContainer
)

func (e *Engine) deleteImage(c *call) (any, error) {
	im, err := e.image(c.name)
	if err != nil {
		return nil, err
	}
	force, prune := c.flag("force"), !c.flag("noprune")
	deleted := []imagetypes.DeleteResponse{}

	if im.hasID(c.name) {
		// An id stands for its only tag too.
		if single(im.refs) {
			reasons := hard
			if !force {
				reasons |= stoppedContainer
			}
			if _, err := e.conflicts(im, reasons); err != nil {
				return nil, err
			}
			deleted = e.untagAll(im, deleted)
		}
		return e.deleteWhole(im, deleted, force, prune, false)
	}

	if !force && single(im.refs) {
		if i := slices.IndexFunc(e.containers, func(ctr *container) bool { return ctr.image == im }); i >= 0 {
			return nil, fail(409, "conflict: unable to remove repository reference %q (must force) - container %s is using its referenced image %s",
				c.name, short(e.containers[i].id), short(im.id))
		}
	}
	ref, err := reference.ParseNormalizedNamed(c.name)
	if err != nil {
		return nil, fail(400, "%v", err)
	}
	ref = reference.TagNameOnly(ref)
	deleted = e.untagOne(im, ref, deleted)
	if _, digest := ref.(reference.Canonical); !digest && !slices.ContainsFunc(im.refs, func(r reference.Named) bool {
		_, digest := r.(reference.Canonical)
		return !digest && r.Name() == ref.Name()
	}) {
		// The digests of a repository go with its last tag.
		for _, r := range slices.Clone(im.refs) {
			if r.Name() == ref.Name() {
				e.untag(im, r)
				deleted = append(deleted, imagetypes.DeleteResponse{Untagged: reference.FamiliarString(r)})
			}
		}
	}
	if len(im.refs) > 0 {
		return deleted, nil
	}
	return e.deleteWhole(im, deleted, force, prune, true)
}

// single reports whether there is one tag and nothing but it and the digests
// of its repository.
func single(refs []reference.Named) bool {
	if len(refs) <= 1 {
		return len(refs) == 1
	}
	tags := 0
	for _, r := range refs {
		if _, digest := r.(reference.Canonical); !digest {
			tags++
		}
		if r.Name() != refs[0].Name() {
			return false
		}
	}
	return tags <= 1
}

func (e *Engine) untagOne(im *image, ref reference.Named, deleted []imagetypes.DeleteResponse) []imagetypes.DeleteResponse {
	e.untag(im, ref)
	e.emitImage(events.ActionUnTag, im, im.id)
	return append(deleted, imagetypes.DeleteResponse{Untagged: reference.FamiliarString(ref)})
}

func (e *Engine) untagAll(im *image, deleted []imagetypes.DeleteResponse) []imagetypes.DeleteResponse {
	for _, ref := range slices.Clone(im.refs) {
		deleted = e.untagOne(im, ref, deleted)
	}
	return deleted
}

// deleteWhole deletes an image and, if prune is set, those of its parents that
// nothing else needs. If quiet is set, a conflict merely leaves the image.
func (e *Engine) deleteWhole(im *image, deleted []imagetypes.DeleteResponse, force, prune, quiet bool) ([]imagetypes.DeleteResponse, error) {
	reasons := hard
	if !force {
		reasons |= soft
	}
	if used, err := e.conflicts(im, reasons); err != nil {
		if dangling := len(im.refs) == 0 && !e.hasChildren(im); quiet && (!dangling || used) {
			return deleted, nil
		}
		return nil, err
	}
	deleted = e.untagAll(im, deleted)
	e.images = remove(e.images, im)
	e.emit(events.ImageEventType, events.ActionDelete, im.id, map[string]string{"name": im.id})
	deleted = append(deleted, imagetypes.DeleteResponse{Deleted: im.id})
	for _, layer := range slices.Backward(im.layers()) {
		if !e.needsLayer(layer) {
			deleted = append(deleted, imagetypes.DeleteResponse{Deleted: layer})
		}
	}
	if !prune || im.parent == nil {
		return deleted, nil
	}
	return e.deleteWhole(im.parent, deleted, false, true, true)
}

func (e *Engine) needsLayer(layer string) bool {
	return slices.ContainsFunc(e.images, func(im *image) bool { return im.hasLayer(layer) }) ||
		slices.ContainsFunc(e.containers, func(ctr *container) bool { return ctr.image.hasLayer(layer) })
}

// conflicts returns the first of the reasons that holds, and whether it is a
// container.
func (e *Engine) conflicts(im *image, reasons conflict) (used bool, err error) {
	refuse := func(how, format string, args ...any) error {
		return fail(409, "conflict: unable to delete %s (%s) - %s", short(im.id), how, fmt.Sprintf(format, args...))
	}
	if reasons&dependentChild != 0 && e.hasChildren(im) {
		return false, refuse("cannot be forced", "image has dependent child images")
	}
	for _, ctr := range e.containers {
		if ctr.image == im && ctr.running() && reasons&runningContainer != 0 {
			return true, refuse("cannot be forced", "image is being used by running container %s", short(ctr.id))
		}
	}
	if reasons&activeReference != 0 && len(im.refs) > 0 {
		return false, refuse("must be forced", "image is referenced in multiple repositories")
	}
	for _, ctr := range e.containers {
		if ctr.image == im && !ctr.running() && reasons&stoppedContainer != 0 {
			return true, refuse("must be forced", "image is being used by stopped container %s", short(ctr.id))
		}
	}
	return false, nil
}
