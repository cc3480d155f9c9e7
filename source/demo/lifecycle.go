package demo

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	containertypes "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/mount"
	networktypes "github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
)

func (e *Engine) emitContainer(action events.Action, ctr *container, more map[string]string) {
	attributes := map[string]string{"image": ctr.config.Image, "name": ctr.name}
	maps.Copy(attributes, more)
	e.emitLabelled(events.ContainerEventType, action, ctr.id, ctr.config.Labels, attributes)
}

func (e *Engine) createContainer(c *call) (any, error) {
	var req containertypes.CreateRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if req.Config == nil {
		return nil, fail(400, "config cannot be empty in order to create a container")
	}
	im, err := e.image(req.Image)
	if err != nil {
		return nil, err
	}
	ctr := newContainer(newID(), strings.TrimPrefix(c.query.Get("name"), "/"), im, req.Config, req.HostConfig, c.now())
	if ctr.name == "" {
		ctr.name = pretendName(ctr.id)
	}
	if !validName(ctr.name) {
		return nil, fail(400, "Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", ctr.name)
	}
	if i := slices.IndexFunc(e.containers, func(other *container) bool { return other.name == ctr.name }); i >= 0 {
		return nil, fail(409, "Conflict. The container name %q is already in use by container %q. You have to remove (or rename) that container to be able to reuse that name.",
			"/"+ctr.name, e.containers[i].id)
	}
	if req.NetworkingConfig != nil {
		for name, endpoint := range req.NetworkingConfig.EndpointsConfig {
			ctr.networks[name] = cmp.Or(endpoint, &networktypes.EndpointSettings{})
		}
	}
	if err := e.mount(ctr, c.now()); err != nil {
		return nil, err
	}
	e.containers = append(e.containers, ctr)
	e.emitContainer(events.ActionCreate, ctr, nil)
	return containertypes.CreateResponse{ID: ctr.id, Warnings: []string{}}, nil
}

// newContainer returns a container that has neither mounts nor been started.
func newContainer(id, name string, im *image, config *containertypes.Config, host *containertypes.HostConfig, now time.Time) *container {
	if host == nil {
		host = &containertypes.HostConfig{}
	}
	if host.NetworkMode == "" || host.NetworkMode.IsDefault() {
		host.NetworkMode = "bridge"
	}
	host.LogConfig.Type = cmp.Or(host.LogConfig.Type, "json-file")
	host.CgroupnsMode = cmp.Or(host.CgroupnsMode, "private")
	host.IpcMode = cmp.Or(host.IpcMode, "private")
	host.Runtime = cmp.Or(host.Runtime, "runc")
	host.ShmSize = cmp.Or(host.ShmSize, 64<<20)
	host.RestartPolicy.Name = cmp.Or(host.RestartPolicy.Name, "no")

	config.Hostname = cmp.Or(config.Hostname, short(id))
	config.Env = slices.Concat(config.Env, im.config.Env)
	if len(config.Entrypoint) == 0 {
		config.Entrypoint = im.config.Entrypoint
		if len(config.Cmd) == 0 {
			config.Cmd = im.config.Cmd
		}
	}
	for port := range im.config.ExposedPorts {
		if config.ExposedPorts == nil {
			config.ExposedPorts = nat.PortSet{}
		}
		config.ExposedPorts[nat.Port(port)] = struct{}{}
	}
	for target := range im.config.Volumes {
		if config.Volumes == nil {
			config.Volumes = map[string]struct{}{}
		}
		config.Volumes[target] = struct{}{}
	}
	labels := map[string]string{}
	maps.Copy(labels, im.config.Labels)
	maps.Copy(labels, config.Labels)
	config.Labels = labels

	ctr := &container{
		id: id, name: name, image: im, config: config, host: host, created: now,
		state: containertypes.StateCreated, removed: make(chan struct{}),
		networks: map[string]*networktypes.EndpointSettings{},
	}
	if !host.NetworkMode.IsContainer() {
		ctr.networks[string(host.NetworkMode)] = &networktypes.EndpointSettings{}
	}
	ctr.load = loadOf(ctr.argv())
	return ctr
}

// pretendName makes a name like the Engine's for a container without one.
func pretendName(id string) string {
	first := []string{"amazing", "bold", "clever", "dazzling", "eager", "focused", "gallant", "hopeful"}
	last := []string{"bohr", "curie", "darwin", "euler", "franklin", "gauss", "hopper", "lovelace"}
	return first[int(id[20])%len(first)] + "_" + last[int(id[40])%len(last)] + "_" + id[:4]
}

// mount gives a container the mounts that it asks for, and creates the
// volumes among them that are not there.
func (e *Engine) mount(ctr *container, now time.Time) error {
	add := func(name, target, mode string) error {
		v, err := e.volumeFor(name, now)
		if err != nil {
			return err
		}
		ctr.mounts = append(ctr.mounts, mountPoint{containertypes.MountPoint{
			Type: mount.TypeVolume, Name: v.Name, Source: v.Mountpoint, Destination: target,
			Driver: v.Driver, Mode: mode, RW: mode != "ro",
		}, name == ""})
		return nil
	}
	bind := func(source, target, mode string) {
		ctr.mounts = append(ctr.mounts, mountPoint{containertypes.MountPoint{
			Type: mount.TypeBind, Source: source, Destination: target, Mode: mode, RW: mode != "ro", Propagation: "rprivate",
		}, false})
	}
	for _, spec := range ctr.host.Binds {
		parts := append(strings.Split(spec, ":"), "")
		if len(parts) < 3 || !strings.HasPrefix(parts[1], "/") {
			return fail(400, "invalid volume specification: '%s'", spec)
		}
		if strings.HasPrefix(parts[0], "/") {
			bind(parts[0], parts[1], parts[2])
		} else if err := add(parts[0], parts[1], cmp.Or(parts[2], "z")); err != nil {
			return err
		}
	}
	for _, m := range ctr.host.Mounts {
		mode := ""
		if m.ReadOnly {
			mode = "ro"
		}
		switch m.Type {
		case mount.TypeVolume:
			if err := add(m.Source, m.Target, cmp.Or(mode, "z")); err != nil {
				return err
			}
		case mount.TypeBind:
			bind(m.Source, m.Target, mode)
		}
	}
	for _, target := range slices.Sorted(maps.Keys(ctr.config.Volumes)) {
		if !slices.ContainsFunc(ctr.mounts, func(m mountPoint) bool { return m.Destination == target }) {
			if err := add("", target, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Engine) startContainer(c *call) (any, error) {
	ctr, err := e.container(c.name)
	if err != nil {
		return nil, err
	}
	switch ctr.state {
	case containertypes.StatePaused:
		return nil, fail(409, "cannot start a paused container, try unpause instead")
	case containertypes.StateRunning:
		return nil, fail(304, "container is already running")
	}
	return nil, e.start(ctr, c.now())
}

func (e *Engine) start(ctr *container, now time.Time) error {
	if err := e.connectAll(ctr); err != nil {
		return err
	}
	for _, m := range ctr.mounts {
		if m.Type == mount.TypeVolume {
			e.emit(events.VolumeEventType, events.ActionMount, m.Name, map[string]string{
				"container": ctr.id, "destination": m.Destination, "driver": m.Driver,
				"propagation": "", "read/write": strconv.FormatBool(m.RW),
			})
		}
	}
	ctr.state, ctr.started, ctr.exitCode, ctr.oom = containertypes.StateRunning, now, 0, false
	ctr.pid = 2000 + e.emitted
	ctr.spans = append(ctr.spans, span{from: now})
	e.emitContainer(events.ActionStart, ctr, nil)
	if ctr.load.exits {
		e.exit(ctr, ctr.load.exitCode, now)
	}
	return nil
}

// exit ends a running container.
func (e *Engine) exit(ctr *container, code int, now time.Time) {
	ctr.stopClock(now)
	ctr.state, ctr.finished, ctr.exitCode, ctr.pid = containertypes.StateExited, now, code, 0
	e.disconnectAll(ctr)
	for _, m := range ctr.mounts {
		if m.Type == mount.TypeVolume {
			e.emit(events.VolumeEventType, events.ActionUnmount, m.Name, map[string]string{"container": ctr.id, "driver": m.Driver})
		}
	}
	e.emitContainer(events.ActionDie, ctr, map[string]string{
		"exitCode": strconv.Itoa(code), "execDuration": strconv.Itoa(int(now.Sub(ctr.started).Seconds())),
	})
	if ctr.host.AutoRemove {
		e.destroy(ctr, true)
	}
}

// kill sends a signal, which ends the container if it is one that does.
func (e *Engine) kill(ctr *container, signal int, now time.Time) {
	e.emitContainer(events.ActionKill, ctr, map[string]string{"signal": strconv.Itoa(signal)})
	switch signal {
	case 10, 12, 17, 18, 19, 20, 21, 22, 23, 28: // ignored, or the process only sleeps
	default:
		e.exit(ctr, 128+signal, now)
	}
}

func (e *Engine) killContainer(c *call) (any, error) {
	signal, ok := signalNumber(cmp.Or(c.query.Get("signal"), "KILL"))
	if !ok {
		return nil, fail(400, "cannot kill container: %s: invalid signal: %s", c.name, c.query.Get("signal"))
	}
	ctr, err := e.container(c.name)
	if err != nil {
		return nil, fail(404, "cannot kill container: %s: %v", c.name, err)
	}
	if !ctr.running() {
		return nil, fail(409, "cannot kill container: %s: container %s is not running", c.name, ctr.id)
	}
	e.kill(ctr, signal, c.now())
	return nil, nil
}

// signalNumber understands Linux signals, as "KILL", "SIGKILL" or "9".
func signalNumber(s string) (int, bool) {
	if n, err := strconv.Atoi(s); err == nil {
		return n, n > 0 && n < 65
	}
	names := strings.Fields(`HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT
		CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS`)
	i := slices.Index(names, strings.TrimPrefix(strings.ToUpper(s), "SIG"))
	return i + 1, i >= 0
}

func (e *Engine) stopContainer(c *call) (any, error) {
	ctr, err := e.container(c.name)
	if err != nil {
		return nil, err
	}
	if !ctr.running() {
		return nil, fail(304, "container is already stopped")
	}
	return nil, e.stop(ctr, c)
}

func (e *Engine) stop(ctr *container, c *call) error {
	if t := c.query.Get("t"); t != "" {
		if _, err := strconv.Atoi(t); err != nil {
			return err
		}
	}
	signal, ok := signalNumber(cmp.Or(c.query.Get("signal"), ctr.config.StopSignal, "TERM"))
	if !ok {
		return fail(400, "invalid signal: %s", c.query.Get("signal"))
	}
	e.kill(ctr, signal, c.now())
	if ctr.running() {
		e.kill(ctr, 9, c.now())
	}
	e.emitContainer(events.ActionStop, ctr, nil)
	return nil
}

func (e *Engine) restartContainer(c *call) (any, error) {
	ctr, err := e.container(c.name)
	if err != nil {
		return nil, err
	}
	if ctr.running() {
		// What removes itself at its end is restarted all the same.
		remove := ctr.host.AutoRemove
		ctr.host.AutoRemove = false
		err := e.stop(ctr, c)
		ctr.host.AutoRemove = remove
		if err != nil {
			return nil, err
		}
	}
	if err := e.start(ctr, c.now()); err != nil {
		return nil, err
	}
	e.emitContainer(events.ActionRestart, ctr, nil)
	return nil, nil
}

func (e *Engine) pauseContainer(c *call) (any, error) {
	ctr, err := e.container(c.name)
	switch {
	case err != nil:
		return nil, err
	case !ctr.running():
		return nil, fail(409, "container %s is not running", ctr.id)
	case ctr.state == containertypes.StatePaused:
		return nil, fail(409, "Container %s is already paused", ctr.id)
	}
	ctr.state = containertypes.StatePaused
	ctr.stopClock(c.now())
	e.emitContainer(events.ActionPause, ctr, nil)
	return nil, nil
}

func (e *Engine) unpauseContainer(c *call) (any, error) {
	ctr, err := e.container(c.name)
	if err != nil {
		return nil, err
	}
	if ctr.state != containertypes.StatePaused {
		return nil, fail(500, "Container %s is not paused", ctr.id)
	}
	ctr.state = containertypes.StateRunning
	ctr.spans = append(ctr.spans, span{from: c.now()})
	e.emitContainer(events.ActionUnPause, ctr, nil)
	return nil, nil
}

func (e *Engine) deleteContainer(c *call) (any, error) {
	ctr, err := e.container(c.name)
	if err != nil {
		return nil, err
	}
	if ctr.running() {
		if !c.flag("force") {
			why := "container is running: stop the container before removing or force remove"
			if ctr.state == containertypes.StatePaused {
				why = "container is paused and must be unpaused first"
			}
			return nil, fail(409, "cannot remove container %q: %s", c.name, why)
		}
		ctr.host.AutoRemove = false // once is enough
		e.kill(ctr, 9, c.now())
	}
	e.destroy(ctr, c.flag("v"))
	return nil, nil
}

// destroy removes a stopped container, with its anonymous volumes if asked to.
func (e *Engine) destroy(ctr *container, volumes bool) {
	e.containers = remove(e.containers, ctr)
	close(ctr.removed)
	for _, m := range ctr.mounts {
		if v := e.volume(m.Name); v != nil && m.anonymous && volumes && len(e.users(v)) == 0 {
			e.destroyVolume(v)
		}
	}
	e.emitContainer(events.ActionDestroy, ctr, nil)
}
