//lint:file-ignore SA1019 the Engine still says what is deprecated

package demo

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	imagetypes "github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/storage"
	timetypes "github.com/docker/docker/api/types/time"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
)

// image is an image as a daemon stores it. Its fields do not change, but for
// refs and tagged.
type image struct {
	id      string // with its sha256:
	parent  *image
	refs    []reference.Named // tags and digests, sorted as the Engine sorts them
	steps   []step            // the oldest first, those of the parents among them
	created time.Time
	tagged  time.Time
	comment string
	arch    string
	config  dockerspec.DockerOCIImageConfig
}

// step is a line of an image's history.
type step struct {
	created     time.Time
	by, comment string
	layer       string // empty if the step has changed no file
	size        int64
}

func (im *image) size() (size int64) {
	for _, s := range im.steps {
		size += s.size
	}
	return size
}

func (im *image) layers() (layers []string) {
	for _, s := range im.steps {
		if s.layer != "" {
			layers = append(layers, s.layer)
		}
	}
	return layers
}

// names returns the tags and the digests that match one of the patterns.
func (im *image) names(patterns []string) (tags, digests []string, err error) {
	for _, ref := range im.refs {
		found := len(patterns) == 0
		for i := 0; i < len(patterns) && !found; i++ {
			if found, err = reference.FamiliarMatch(patterns[i], ref); err != nil {
				return nil, nil, err
			}
		}
		if !found {
			continue
		}
		if _, ok := ref.(reference.Canonical); ok {
			digests = append(digests, reference.FamiliarString(ref))
		} else {
			tags = append(tags, reference.FamiliarString(ref))
		}
	}
	return tags, digests, nil
}

// hasID reports whether prefix is where the image's id begins.
func (im *image) hasID(prefix string) bool {
	return strings.HasPrefix(im.id, prefix) || strings.HasPrefix(im.id[len("sha256:"):], prefix)
}

// image finds an image by reference, by id, or by the beginning of an id.
func (e *Engine) image(name string) (*image, error) {
	ref, err := reference.ParseAnyReference(name)
	if err != nil {
		return nil, fail(400, "%v", err)
	}
	named, ok := ref.(reference.Named)
	if !ok {
		for _, im := range e.images {
			if im.id == ref.String() {
				return im, nil
			}
		}
		return nil, fail(404, "No such image: %s", ref)
	}
	named = reference.TagNameOnly(named)
	if im := e.tagged[named.String()]; im != nil {
		return im, nil
	}
	var found []*image
	for _, im := range e.images {
		if im.hasID(name) {
			found = append(found, im)
		}
	}
	if len(found) != 1 {
		return nil, fail(404, "No such image: %s", reference.FamiliarString(named))
	}
	return found[0], nil
}

// tag gives the reference to an image, and takes it from the one that had it.
func (e *Engine) tag(im *image, ref reference.Named, now time.Time) {
	if old := e.tagged[ref.String()]; old != nil {
		e.untag(old, ref)
	}
	e.tagged[ref.String()] = im
	im.refs = append(im.refs, ref)
	slices.SortFunc(im.refs, func(a, b reference.Named) int { return strings.Compare(a.String(), b.String()) })
	im.tagged = now
}

func (e *Engine) untag(im *image, ref reference.Named) {
	delete(e.tagged, ref.String())
	im.refs = slices.DeleteFunc(im.refs, func(r reference.Named) bool { return r.String() == ref.String() })
}

func (e *Engine) hasChildren(im *image) bool {
	return slices.ContainsFunc(e.images, func(child *image) bool { return child.parent == im })
}

func (e *Engine) emitImage(action events.Action, im *image, name string) {
	e.emitLabelled(events.ImageEventType, action, im.id, im.config.Labels, map[string]string{"name": name})
}

func (e *Engine) listImages(c *call) (any, error) {
	args, err := c.filters("dangling", "label", "before", "since", "reference", "until")
	if err != nil {
		return nil, err
	}
	list, err := e.selectImages(args, c.flag("all"), c.flag("shared-size") && !c.before("1.42"), c.now())
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		if c.before("1.43") && len(s.RepoTags) == 0 && len(s.RepoDigests) == 0 {
			s.RepoTags, s.RepoDigests = []string{"<none>:<none>"}, []string{"<none>@<none>"}
		} else if !c.before("1.43") {
			s.RepoTags, s.RepoDigests = notNil(s.RepoTags), notNil(s.RepoDigests)
		}
		if c.before("1.44") {
			s.VirtualSize = s.Size
		}
		if c.before("1.51") {
			s.Containers = -1
		}
	}
	return list, nil
}

// selectImages returns what filters let through, the newest first.
func (e *Engine) selectImages(args filters.Args, all, shared bool, now time.Time) ([]*imagetypes.Summary, error) {
	dangling, err := args.GetBoolOrDefault("dangling", false)
	if err != nil {
		return nil, err
	}
	from, to, err := e.createdBetween(args, now)
	if err != nil {
		return nil, err
	}
	list := []*imagetypes.Summary{}
	for _, im := range slices.Backward(e.images) {
		tags, digests, err := im.names(args.Get("reference"))
		if err != nil {
			return nil, err
		}
		child := e.hasChildren(im)
		switch {
		case !to.IsZero() && !im.created.Before(to), !from.IsZero() && !im.created.After(from), !args.MatchKVList("label", im.config.Labels):
			continue
		case dangling && (child || len(tags) > 0):
			continue
		case len(tags)+len(digests) > 0:
		case child && !all, args.Contains("dangling") && !dangling, args.Contains("reference"):
			continue
		}
		s := &imagetypes.Summary{
			Created: im.created.Unix(), ID: im.id, Labels: im.config.Labels,
			RepoDigests: digests, RepoTags: tags, SharedSize: -1, Size: im.size(),
		}
		if shared {
			s.SharedSize = e.sharedSize(im)
		}
		if im.parent != nil {
			s.ParentID = im.parent.id
		}
		for _, ctr := range e.containers {
			if ctr.image == im {
				s.Containers++
			}
		}
		list = append(list, s)
	}
	slices.SortStableFunc(list, func(a, b *imagetypes.Summary) int { return cmp.Compare(b.Created, a.Created) })
	return list, nil
}

// createdBetween reads the filters since, before and until; a zero time is no limit.
func (e *Engine) createdBetween(args filters.Args, now time.Time) (from, to time.Time, err error) {
	earliest := func(t time.Time) {
		if to.IsZero() || t.Before(to) {
			to = t
		}
	}
	for _, name := range args.Get("before") {
		im, err := e.image(name)
		if err != nil {
			return from, to, err
		}
		earliest(im.created)
	}
	for _, value := range args.Get("until") {
		stamp, err := timetypes.GetTimestamp(value, now)
		if err != nil {
			return from, to, err
		}
		sec, nsec, err := timetypes.ParseTimestamps(stamp, 0)
		if err != nil {
			return from, to, err
		}
		earliest(time.Unix(sec, nsec))
	}
	for _, name := range args.Get("since") {
		im, err := e.image(name)
		if err != nil {
			return from, to, err
		}
		if im.created.After(from) {
			from = im.created
		}
	}
	return from, to, nil
}

// sharedSize is how many bytes of an image are in other images too.
func (e *Engine) sharedSize(im *image) (size int64) {
	for _, s := range im.steps {
		if slices.ContainsFunc(e.images, func(other *image) bool { return other != im && other.hasLayer(s.layer) }) {
			size += s.size
		}
	}
	return size
}

func (im *image) hasLayer(layer string) bool {
	return slices.ContainsFunc(im.steps, func(s step) bool { return s.layer == layer && layer != "" })
}

func (e *Engine) inspectImage(c *call) (any, error) {
	im, err := e.image(c.name)
	if err != nil {
		return nil, err
	}
	tags, digests, _ := im.names(nil)
	r := &imagetypes.InspectResponse{
		ID: im.id, RepoTags: notNil(tags), RepoDigests: notNil(digests), Comment: im.comment,
		Created: im.created.Format(time.RFC3339Nano), DockerVersion: release, Config: &im.config,
		Architecture: im.arch, Os: "linux", Size: im.size(),
		GraphDriver: graphDriver(im.id), RootFS: imagetypes.RootFS{Type: "layers", Layers: im.layers()},
		Metadata: imagetypes.Metadata{LastTagTime: im.tagged},
	}
	if im.parent != nil {
		r.Parent = im.parent.id
	}
	if c.before("1.44") {
		r.VirtualSize = r.Size
	}
	return r, nil
}

func graphDriver(id string) storage.DriverData {
	dir := root + "/overlay2/" + strings.TrimPrefix(id, "sha256:")
	return storage.DriverData{Name: "overlay2", Data: map[string]string{
		"MergedDir": dir + "/merged", "UpperDir": dir + "/diff", "WorkDir": dir + "/work",
	}}
}

func (e *Engine) history(c *call) (any, error) {
	im, err := e.image(c.name)
	if err != nil {
		return nil, err
	}
	list := []imagetypes.HistoryResponseItem{}
	for i, s := range slices.Backward(im.steps) {
		item := imagetypes.HistoryResponseItem{
			ID: "<missing>", Created: s.created.Unix(), CreatedBy: s.by, Comment: s.comment, Size: s.size,
		}
		for of := im; of != nil; of = of.parent {
			if len(of.steps) == i+1 {
				item.ID = of.id
				item.Tags, _, _ = of.names(nil)
			}
		}
		list = append(list, item)
	}
	return list, nil
}

func (e *Engine) tagImage(c *call) (any, error) {
	im, err := e.image(c.name)
	if err != nil {
		return nil, err
	}
	ref, err := repoTag(c.query.Get("repo"), c.query.Get("tag"))
	if err != nil {
		return nil, err
	}
	if ref == nil {
		return nil, fail(400, "invalid reference format")
	}
	e.tag(im, ref, c.now())
	e.emitImage(events.ActionTag, im, reference.FamiliarString(ref))
	return nil, nil
}

// repoTag returns the reference repo:tag, or nil if there is no repo.
func repoTag(repo, tag string) (reference.Named, error) {
	if repo == "" {
		return nil, nil
	}
	ref, err := reference.ParseNormalizedNamed(repo)
	if err != nil {
		return nil, fail(400, "%v", err)
	}
	if _, ok := ref.(reference.Digested); ok {
		return nil, fail(400, "cannot import digest reference")
	}
	if tag != "" {
		if ref, err = reference.WithTag(ref, tag); err != nil {
			return nil, fail(400, "%v", err)
		}
	}
	return reference.TagNameOnly(ref), nil
}

// notNil returns list, or an empty list that is [] in JSON.
func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
