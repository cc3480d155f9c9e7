package demo

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/mount"
	volumetypes "github.com/docker/docker/api/types/volume"
)

type volume struct {
	volumetypes.Volume
	size int64
}

// volume returns the volume of a name, or nil.
func (e *Engine) volume(name string) *volume {
	for _, v := range e.volumes {
		if v.Name == name {
			return v
		}
	}
	return nil
}

func newVolume(name string, labels map[string]string, created time.Time) *volume {
	return &volume{Volume: volumetypes.Volume{
		CreatedAt: created.Format(time.RFC3339), Driver: "local", Labels: labels,
		Mountpoint: root + "/volumes/" + name + "/_data", Name: name, Scope: "local",
	}}
}

// volumeFor returns the volume of a name, created if it is not there; without
// a name, a new anonymous volume.
func (e *Engine) volumeFor(name string, now time.Time) (*volume, error) {
	var labels map[string]string
	if name == "" {
		name, labels = newID(), map[string]string{"com.docker.volume.anonymous": ""}
	}
	if v := e.volume(name); v != nil {
		return v, nil
	}
	if !validName(name) {
		return nil, fail(400, "create %s: %q includes invalid characters for a local volume name, only %q are allowed. If you intended to pass a host directory, use absolute path",
			name, name, "[a-zA-Z0-9][a-zA-Z0-9_.-]")
	}
	v := newVolume(name, labels, now)
	e.volumes = append(e.volumes, v)
	e.emitVolume(events.ActionCreate, v)
	return v, nil
}

func (e *Engine) emitVolume(action events.Action, v *volume) {
	e.emit(events.VolumeEventType, action, v.Name, map[string]string{"driver": v.Driver})
}

// users returns the ids of the containers that mount a volume.
func (e *Engine) users(v *volume) (ids []string) {
	for _, ctr := range e.containers {
		if slices.ContainsFunc(ctr.mounts, func(m mountPoint) bool { return m.Type == mount.TypeVolume && m.Name == v.Name }) {
			ids = append(ids, ctr.id)
		}
	}
	return ids
}

func (e *Engine) listVolumes(c *call) (any, error) {
	args, err := c.filters("dangling", "name", "driver", "label")
	if err != nil {
		return nil, err
	}
	dangling, err := args.GetBoolOrDefault("dangling", false)
	if err != nil {
		return nil, err
	}
	list := volumetypes.ListResponse{Volumes: []*volumetypes.Volume{}}
	for _, v := range e.volumes {
		if args.Match("name", v.Name) && args.ExactMatch("driver", v.Driver) && args.MatchKVList("label", v.Labels) &&
			(!args.Contains("dangling") || dangling == (len(e.users(v)) == 0)) {
			list.Volumes = append(list.Volumes, &v.Volume)
		}
	}
	slices.SortFunc(list.Volumes, func(a, b *volumetypes.Volume) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func (e *Engine) inspectVolume(c *call) (any, error) {
	v := e.volume(c.name)
	if v == nil {
		return nil, fail(404, "get %s: no such volume", c.name)
	}
	return v.Volume, nil
}

func (e *Engine) createVolume(c *call) (any, error) {
	var req volumetypes.CreateOptions
	if len(c.body) > 0 {
		if err := c.decode(&req); err != nil {
			return nil, err
		}
	}
	if cmp.Or(req.Driver, "local") != "local" {
		return nil, fail(404, "create %s: error looking up volume plugin %s: plugin %q not found", req.Name, req.Driver, req.Driver)
	}
	old := e.volume(req.Name)
	v, err := e.volumeFor(req.Name, c.now())
	if err != nil {
		return nil, err
	}
	if old == nil {
		v.Options = req.DriverOpts
		if req.Labels != nil {
			anonymous := v.Labels
			v.Labels = req.Labels
			maps.Copy(v.Labels, anonymous)
		}
	}
	return v.Volume, nil
}

func (e *Engine) deleteVolume(c *call) (any, error) {
	v := e.volume(c.name)
	if v == nil {
		if c.flag("force") {
			return nil, nil
		}
		return nil, fail(404, "get %s: no such volume", c.name)
	}
	if users := e.users(v); len(users) > 0 {
		return nil, fail(409, "remove %s: volume is in use - [%s]", v.Name, strings.Join(users, ", "))
	}
	e.destroyVolume(v)
	return nil, nil
}

func (e *Engine) destroyVolume(v *volume) {
	e.volumes = remove(e.volumes, v)
	e.emitVolume(events.ActionDestroy, v)
}
