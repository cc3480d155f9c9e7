package demo

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	containertypes "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	networktypes "github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
	"github.com/docker/go-units"
)

// container is a container and the load that it pretends to be.
type container struct {
	id, name string
	image    *image // stays when the image itself is deleted
	config   *containertypes.Config
	host     *containertypes.HostConfig
	created  time.Time
	started  time.Time
	finished time.Time
	state    containertypes.ContainerState
	exitCode int
	oom      bool
	health   containertypes.HealthStatus
	pid      int
	mounts   []mountPoint
	networks map[string]*networktypes.EndpointSettings
	changes  []containertypes.FilesystemChange
	sizeRw   int64
	removed  chan struct{} // closed when the container is

	load  load
	spans []span // when it ran and was not paused
}

// mountPoint is a mount, which goes with its container if it is an anonymous
// volume.
type mountPoint struct {
	containertypes.MountPoint
	anonymous bool
}

func (ctr *container) running() bool {
	return ctr.state == containertypes.StateRunning || ctr.state == containertypes.StatePaused
}

// argv is what the container runs.
func (ctr *container) argv() []string {
	return slices.Concat([]string(ctr.config.Entrypoint), []string(ctr.config.Cmd))
}

// container finds a container by id, by name, or by the beginning of an id.
func (e *Engine) container(name string) (*container, error) {
	for _, ctr := range e.containers {
		if ctr.id == name {
			return ctr, nil
		}
	}
	var found []*container
	for _, ctr := range e.containers {
		if ctr.name == strings.TrimPrefix(name, "/") {
			return ctr, nil
		}
		if strings.HasPrefix(ctr.id, name) {
			found = append(found, ctr)
		}
	}
	switch len(found) {
	case 0:
		return nil, fail(404, "No such container: %s", name)
	case 1:
		return found[0], nil
	}
	return nil, fail(400, "multiple IDs found with provided prefix: %s", name)
}

func (e *Engine) listContainers(c *call) (any, error) {
	args, err := c.filters("ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation",
		"label", "name", "network", "publish", "since", "status", "volume")
	if err != nil {
		return nil, err
	}
	limit := 0
	if s := c.query.Get("limit"); s != "" {
		if limit, err = strconv.Atoi(s); err != nil {
			return nil, err
		}
	}
	keep, err := e.containerFilter(args)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(e.containers)
	slices.Reverse(all)
	slices.SortStableFunc(all, func(a, b *container) int { return b.created.Compare(a.created) })
	if all, err = e.between(all, args); err != nil {
		return nil, err
	}
	list := []containertypes.Summary{}
	for _, ctr := range all {
		if !ctr.running() && !c.flag("all") && limit <= 0 && !args.Contains("status") {
			continue
		}
		if limit > 0 && len(list) == limit {
			break
		}
		if keep(ctr) {
			list = append(list, e.summary(ctr, c.flag("size")))
		}
	}
	return list, nil
}

// between cuts a list, the newest first, as the filters before and since ask.
func (e *Engine) between(list []*container, args filters.Args) ([]*container, error) {
	for _, name := range args.Get("before") {
		ctr, err := e.container(name)
		if err != nil {
			return nil, err
		}
		list = list[slices.Index(list, ctr)+1:]
	}
	for _, name := range args.Get("since") {
		ctr, err := e.container(name)
		if err != nil {
			return nil, err
		}
		if i := slices.Index(list, ctr); i >= 0 {
			list = list[:i]
		}
	}
	return list, nil
}

// containerFilter returns what all filters but before and since ask for.
func (e *Engine) containerFilter(args filters.Args) (func(*container) bool, error) {
	var codes []int
	for _, value := range args.Get("exited") {
		code, err := strconv.Atoi(value)
		if err != nil {
			return nil, fail(400, "invalid filter 'exited=%s': %v", value, err)
		}
		codes = append(codes, code)
	}
	for _, value := range args.Get("status") {
		if err := containertypes.ValidateContainerState(value); err != nil {
			return nil, fail(400, "invalid filter 'status=%s': %v", value, err)
		}
	}
	for _, value := range args.Get("health") {
		if err := containertypes.ValidateHealthStatus(value); err != nil {
			return nil, fail(400, "invalid filter 'health=%s': %v", value, err)
		}
	}
	task, err := args.GetBoolOrDefault("is-task", false)
	if err != nil {
		return nil, err
	}
	var ancestors []*image
	for _, name := range args.Get("ancestor") {
		if im, err := e.image(name); err == nil {
			ancestors = append(ancestors, im)
		}
	}
	return func(ctr *container) bool {
		return !task &&
			(args.Match("name", ctr.name) || args.Match("name", "/"+ctr.name)) &&
			(!args.Contains("id") || slices.ContainsFunc(args.Get("id"), func(id string) bool { return strings.HasPrefix(ctr.id, id) })) &&
			args.MatchKVList("label", ctr.config.Labels) &&
			(codes == nil || slices.Contains(codes, ctr.exitCode) && !ctr.running() && !ctr.started.IsZero()) &&
			args.ExactMatch("status", ctr.state) &&
			args.ExactMatch("health", cmp.Or(ctr.health, containertypes.NoHealthcheck)) &&
			(!args.Contains("ancestor") || ctr.descendsFrom(ancestors)) &&
			ctr.matches(args.Get("volume"), ctr.hasVolume) &&
			ctr.matches(args.Get("network"), ctr.hasNetwork) &&
			ctr.matches(args.Get("publish"), func(port string) bool { return ctr.hasPort(port, true) }) &&
			ctr.matches(args.Get("expose"), func(port string) bool { return ctr.hasPort(port, false) })
	}, nil
}

// matches reports whether one of the values of a filter is the container's.
func (ctr *container) matches(values []string, has func(string) bool) bool {
	return len(values) == 0 || slices.ContainsFunc(values, has)
}

func (ctr *container) descendsFrom(ancestors []*image) bool {
	for im := ctr.image; im != nil; im = im.parent {
		if slices.Contains(ancestors, im) {
			return true
		}
	}
	return false
}

func (ctr *container) hasVolume(value string) bool {
	return slices.ContainsFunc(ctr.mounts, func(m mountPoint) bool {
		return value == m.Destination || value == cmp.Or(m.Name, m.Source)
	})
}

func (ctr *container) hasNetwork(value string) bool {
	for name, endpoint := range ctr.networks {
		if name == value || strings.HasPrefix(endpoint.NetworkID, value) {
			return true
		}
	}
	return false
}

func (ctr *container) hasPort(value string, public bool) bool {
	proto, port := nat.SplitProtoPort(value)
	return slices.ContainsFunc(ctr.ports(), func(p containertypes.Port) bool {
		n := p.PrivatePort
		if public {
			n = p.PublicPort
		}
		return n != 0 && strconv.Itoa(int(n)) == port && p.Type == proto
	})
}

// ports are those of a running container.
func (ctr *container) ports() []containertypes.Port {
	list := []containertypes.Port{}
	if !ctr.running() {
		return list
	}
	for port := range ctr.config.ExposedPorts {
		if len(ctr.host.PortBindings[port]) == 0 {
			list = append(list, containertypes.Port{PrivatePort: uint16(port.Int()), Type: port.Proto()})
		}
	}
	for port, bindings := range ctr.host.PortBindings {
		for _, b := range bindings {
			n, _ := strconv.ParseUint(b.HostPort, 10, 16)
			list = append(list, containertypes.Port{
				IP: cmp.Or(b.HostIP, "0.0.0.0"), PrivatePort: uint16(port.Int()), PublicPort: uint16(n), Type: port.Proto(),
			})
		}
	}
	slices.SortFunc(list, func(a, b containertypes.Port) int { return cmp.Compare(a.PrivatePort, b.PrivatePort) })
	return list
}

// imageName is what the container calls its image, or the image's id if that
// is called something else by now.
func (e *Engine) imageName(ctr *container) string {
	if im, err := e.image(ctr.config.Image); err == nil && im == ctr.image {
		return ctr.config.Image
	}
	return ctr.image.id
}

// names are those of the container, and what containers that are linked to it call it.
func (e *Engine) names(ctr *container) []string {
	names := []string{"/" + ctr.name}
	for _, other := range e.containers {
		for _, link := range other.host.Links {
			if to, alias, _ := strings.Cut(link, ":"); to == "/"+ctr.name {
				names = append(names, alias)
			}
		}
	}
	slices.Sort(names)
	return names
}

func (e *Engine) summary(ctr *container, size bool) containertypes.Summary {
	s := containertypes.Summary{
		ID: ctr.id, Names: e.names(ctr), Image: e.imageName(ctr), ImageID: ctr.image.id,
		Command: ctr.command(), Created: ctr.created.Unix(), Ports: ctr.ports(), Labels: ctr.config.Labels,
		State: ctr.state, Status: ctr.status(time.Now()),
		NetworkSettings: &containertypes.NetworkSettingsSummary{Networks: ctr.networks}, Mounts: ctr.mountPoints(),
	}
	s.HostConfig.NetworkMode = string(ctr.host.NetworkMode)
	if size {
		s.SizeRw, s.SizeRootFs = ctr.sizeRw, ctr.image.size()+ctr.sizeRw
	}
	return s
}

// command is what the container runs as one line.
func (ctr *container) command() string {
	argv := ctr.argv()
	for i, arg := range argv {
		if i > 0 && strings.ContainsRune(arg, ' ') {
			argv[i] = "'" + arg + "'"
		}
	}
	return strings.Join(argv, " ")
}

func (ctr *container) mountPoints() []containertypes.MountPoint {
	list := []containertypes.MountPoint{}
	for _, m := range ctr.mounts {
		list = append(list, m.MountPoint)
	}
	return list
}

// status is the state in words.
func (ctr *container) status(now time.Time) string {
	up := "Up " + units.HumanDuration(now.Sub(ctr.started))
	switch {
	case ctr.state == containertypes.StatePaused:
		return up + " (Paused)"
	case ctr.state == containertypes.StateRunning && ctr.health == containertypes.Starting:
		return up + " (health: starting)"
	case ctr.state == containertypes.StateRunning && ctr.health != "":
		return up + " (" + ctr.health + ")"
	case ctr.state == containertypes.StateRunning:
		return up
	case ctr.started.IsZero():
		return "Created"
	}
	return fmt.Sprintf("Exited (%d) %s ago", ctr.exitCode, units.HumanDuration(now.Sub(ctr.finished)))
}

func (e *Engine) inspectContainer(c *call) (any, error) {
	ctr, err := e.container(c.name)
	if err != nil {
		return nil, err
	}
	argv := ctr.argv()
	if len(argv) == 0 {
		argv = []string{""}
	}
	dir := root + "/containers/" + ctr.id
	r := &containertypes.InspectResponse{
		ContainerJSONBase: &containertypes.ContainerJSONBase{
			ID: ctr.id, Created: ctr.created.Format(time.RFC3339Nano), Path: argv[0], Args: argv[1:],
			State: &containertypes.State{
				Status: ctr.state, Running: ctr.running(), Paused: ctr.state == containertypes.StatePaused,
				OOMKilled: ctr.oom, Pid: ctr.pid, ExitCode: ctr.exitCode,
				StartedAt: ctr.started.Format(time.RFC3339Nano), FinishedAt: ctr.finished.Format(time.RFC3339Nano),
			},
			Image: ctr.image.id, ResolvConfPath: dir + "/resolv.conf", HostnamePath: dir + "/hostname",
			HostsPath: dir + "/hosts", LogPath: dir + "/" + ctr.id + "-json.log", Name: "/" + ctr.name,
			Driver: "overlay2", Platform: "linux", HostConfig: ctr.host, GraphDriver: graphDriver(ctr.id),
		},
		Mounts: ctr.mountPoints(), Config: ctr.config,
		NetworkSettings: &containertypes.NetworkSettings{Networks: ctr.networks},
	}
	r.NetworkSettings.Ports = nat.PortMap{}
	if ctr.running() {
		r.NetworkSettings.SandboxID = ctr.id
		r.NetworkSettings.SandboxKey = "/var/run/docker/netns/" + short(ctr.id)
		for port := range ctr.config.ExposedPorts {
			r.NetworkSettings.Ports[port] = ctr.host.PortBindings[port]
		}
	}
	if ctr.health != "" {
		r.State.Health = &containertypes.Health{Status: ctr.health, Log: []*containertypes.HealthcheckResult{}}
	}
	if c.flag("size") {
		size := ctr.image.size() + ctr.sizeRw
		r.SizeRw, r.SizeRootFs = &ctr.sizeRw, &size
	}
	return r, nil
}

func (e *Engine) changes(c *call) (any, error) {
	ctr, err := e.container(c.name)
	if err != nil {
		return nil, err
	}
	return ctr.changes, nil
}

func (e *Engine) top(c *call) (any, error) {
	ctr, err := e.container(c.name)
	if err != nil {
		return nil, err
	}
	if !ctr.running() {
		return nil, fail(409, "container %s is not running", ctr.id)
	}
	pid := strconv.Itoa(ctr.pid)
	since := ctr.started.Format("15:04")
	argv := ctr.command()
	ran := ctr.ran(time.Now())
	cpu := time.Duration(float64(ran) * ctr.load.cpu).Truncate(time.Second)
	if args := c.query.Get("ps_args"); args != "" && args != "-ef" {
		used := strconv.FormatInt(ctr.memory(ran)/1024, 10)
		return containertypes.TopResponse{
			Titles: []string{"USER", "PID", "%CPU", "%MEM", "VSZ", "RSS", "TTY", "STAT", "START", "TIME", "COMMAND"},
			Processes: [][]string{{"root", pid, fmt.Sprintf("%.1f", ctr.load.cpu*100), fmt.Sprintf("%.1f", float64(ctr.memory(ran))*100/memory),
				used, used, "?", "Ssl", since, fmt.Sprintf("%d:%02d", int(cpu.Minutes()), int(cpu.Seconds())%60), argv}},
		}, nil
	}
	return containertypes.TopResponse{
		Titles:    []string{"UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"},
		Processes: [][]string{{"root", pid, strconv.Itoa(ctr.pid - 20), "0", since, "?", time.Time{}.Add(cpu).Format("15:04:05"), argv}},
	}, nil
}
