package demo

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	networktypes "github.com/docker/docker/api/types/network"
)

// network is a network; its Containers are filled in when it is asked for.
type network struct {
	networktypes.Inspect
	subnet int // its addresses are 172.subnet.0.0/16
	last   int // the last address that has been given to a container
}

func newNetwork(id, name, driver string, subnet int, created time.Time) *network {
	nw := &network{subnet: subnet, last: 1, Inspect: networktypes.Inspect{
		Name: name, ID: id, Created: created, Scope: "local", Driver: driver, EnableIPv4: true,
		IPAM:    networktypes.IPAM{Driver: "default", Config: []networktypes.IPAMConfig{}},
		Options: map[string]string{}, Labels: map[string]string{},
	}}
	if driver == "bridge" {
		nw.IPAM.Config = []networktypes.IPAMConfig{{Subnet: fmt.Sprintf("172.%d.0.0/16", subnet), Gateway: nw.gateway()}}
	}
	return nw
}

func (nw *network) gateway() string { return fmt.Sprintf("172.%d.0.1", nw.subnet) }

// isPredefined reports whether a network is there from the beginning.
func isPredefined(name string) bool { return name == "bridge" || name == "host" || name == "none" }

func predefined(created time.Time) []*network {
	bridge := newNetwork(fixedID("network bridge"), "bridge", "bridge", 17, created)
	bridge.Options = map[string]string{
		"com.docker.network.bridge.default_bridge": "true",
		"com.docker.network.bridge.name":           "docker0",
	}
	return []*network{
		bridge,
		newNetwork(fixedID("network host"), "host", "host", 0, created),
		newNetwork(fixedID("network none"), "none", "null", 0, created),
	}
}

// network finds a network by id, by name, or by the beginning of an id.
func (e *Engine) network(term string) (*network, error) {
	var found []*network
	for _, nw := range e.networks {
		if nw.ID == term || nw.Name == term {
			return nw, nil
		}
		if strings.HasPrefix(nw.ID, term) {
			found = append(found, nw)
		}
	}
	switch len(found) {
	case 0:
		return nil, fail(404, "network %s not found", term)
	case 1:
		return found[0], nil
	}
	return nil, fail(400, "network %s is ambiguous (%d matches found based on ID prefix)", term, len(found))
}

// networkOf returns the network that a container calls name, or nil.
func (e *Engine) networkOf(name string) *network {
	nw, err := e.network(name)
	if err != nil {
		return nil
	}
	return nw
}

func (e *Engine) emitNetwork(action events.Action, nw *network, more map[string]string) {
	e.emitLabelled(events.NetworkEventType, action, nw.ID, map[string]string{"name": nw.Name, "type": nw.Driver}, more)
}

// inspect returns the network with the running containers on it.
func (e *Engine) inspect(nw *network) networktypes.Inspect {
	r := nw.Inspect
	r.Containers = map[string]networktypes.EndpointResource{}
	for _, ctr := range e.containers {
		for name, endpoint := range ctr.networks {
			if !ctr.running() || e.networkOf(name) != nw {
				continue
			}
			r.Containers[ctr.id] = networktypes.EndpointResource{
				Name: ctr.name, EndpointID: endpoint.EndpointID, MacAddress: endpoint.MacAddress,
			}
			if endpoint.IPAddress != "" {
				r.Containers[ctr.id] = networktypes.EndpointResource{
					Name: ctr.name, EndpointID: endpoint.EndpointID, MacAddress: endpoint.MacAddress,
					IPv4Address: fmt.Sprintf("%s/%d", endpoint.IPAddress, endpoint.IPPrefixLen),
				}
			}
		}
	}
	return r
}

func (e *Engine) listNetworks(c *call) (any, error) {
	args, err := c.filters("dangling", "driver", "id", "label", "name", "scope", "type")
	if err != nil {
		return nil, err
	}
	keep, err := networkFilter(args)
	if err != nil {
		return nil, err
	}
	list := []networktypes.Inspect{}
	for _, nw := range e.networks {
		r := e.inspect(nw)
		if !keep(r) {
			continue
		}
		if !c.before("1.28") {
			r.Containers = map[string]networktypes.EndpointResource{}
		}
		list = append(list, r)
	}
	return list, nil
}

func networkFilter(args filters.Args) (func(networktypes.Inspect) bool, error) {
	dangling := args.Get("dangling")
	if len(dangling) > 1 {
		return nil, fail(400, `got more than one value for filter key "dangling"`)
	}
	if len(dangling) == 1 && !slices.Contains([]string{"0", "1", "false", "true"}, dangling[0]) {
		return nil, fail(400, `invalid value for filter 'dangling', must be "true" (or "1"), or "false" (or "0")`)
	}
	for _, kind := range args.Get("type") {
		if kind != "builtin" && kind != "custom" {
			return nil, fail(500, "invalid filter: 'type'='%s'", kind)
		}
	}
	return func(nw networktypes.Inspect) bool {
		kind := "custom"
		if isPredefined(nw.Name) {
			kind = "builtin"
		}
		unused := kind == "custom" && len(nw.Containers) == 0
		return args.ExactMatch("driver", nw.Driver) && args.Match("name", nw.Name) && args.Match("id", nw.ID) &&
			args.MatchKVList("label", nw.Labels) && args.ExactMatch("scope", nw.Scope) && args.ExactMatch("type", kind) &&
			(len(dangling) == 0 || unused == (dangling[0] == "1" || dangling[0] == "true"))
	}, nil
}

func (e *Engine) inspectNetwork(c *call) (any, error) {
	nw, err := e.network(c.name)
	if err != nil {
		return nil, err
	}
	if scope := c.query.Get("scope"); scope != "" && scope != nw.Scope {
		return nil, fail(404, "network %s not found", c.name)
	}
	return e.inspect(nw), nil
}

func (e *Engine) createNetwork(c *call) (any, error) {
	var req networktypes.CreateRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	driver := cmp.Or(req.Driver, "bridge")
	switch {
	case isPredefined(req.Name):
		return nil, fail(403, "operation is not permitted on predefined %s network ", req.Name)
	case strings.TrimSpace(req.Name) == "":
		return nil, fail(400, "invalid network name: name is empty")
	case slices.ContainsFunc(e.networks, func(nw *network) bool { return nw.Name == req.Name }):
		return nil, fail(409, "network with name %s already exists", req.Name)
	case !slices.Contains([]string{"bridge", "ipvlan", "macvlan"}, driver):
		return nil, fail(404, "could not find plugin %s in v1 plugin registry: plugin not found", driver)
	}
	subnet := 18
	for slices.ContainsFunc(e.networks, func(nw *network) bool { return nw.subnet == subnet }) {
		subnet++
	}
	nw := newNetwork(newID(), req.Name, driver, subnet, c.now())
	nw.Internal, nw.Attachable = req.Internal, req.Attachable
	if req.IPAM != nil && len(req.IPAM.Config) > 0 {
		nw.IPAM = *req.IPAM
	}
	maps.Copy(nw.Options, req.Options)
	maps.Copy(nw.Labels, req.Labels)
	e.networks = append(e.networks, nw)
	e.emitNetwork(events.ActionCreate, nw, nil)
	return networktypes.CreateResponse{ID: nw.ID}, nil
}

func (e *Engine) deleteNetwork(c *call) (any, error) {
	nw, err := e.network(c.name)
	if err != nil {
		return nil, err
	}
	if isPredefined(nw.Name) {
		return nil, fail(403, "%s is a pre-defined network and cannot be removed", nw.Name)
	}
	var active []string
	for _, endpoint := range e.inspect(nw).Containers {
		active = append(active, fmt.Sprintf("name:%q id:%q", endpoint.Name, short(endpoint.EndpointID)))
	}
	if active != nil {
		slices.Sort(active)
		return nil, fail(403, "error while removing network: network %s has active endpoints (%s)", nw.Name, strings.Join(active, ", "))
	}
	e.networks = remove(e.networks, nw)
	e.emitNetwork(events.ActionDestroy, nw, nil)
	return nil, nil
}

func (e *Engine) connectNetwork(c *call) (any, error) {
	var req networktypes.ConnectOptions
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	ctr, err := e.container(req.Container)
	if err != nil {
		return nil, err
	}
	nw, err := e.network(c.name)
	if err != nil {
		return nil, err
	}
	switch {
	case ctr.networks["none"] != nil || nw.Name == "none":
		return nil, fail(400, "container cannot be connected to multiple networks with one of the networks in private (none) mode")
	case nw.Name == "host":
		return nil, fail(400, "cannot connect container to host network - container must be created in host network mode")
	case ctr.networks["host"] != nil:
		return nil, fail(400, "container sharing network namespace with another container or host cannot be connected to any other network")
	case ctr.networks[nw.Name] != nil:
		return nil, fail(403, "endpoint with name %s already exists in network %s", ctr.name, nw.Name)
	}
	ctr.networks[nw.Name] = cmp.Or(req.EndpointConfig, &networktypes.EndpointSettings{})
	if ctr.running() {
		e.connect(ctr, nw.Name, nw)
	}
	return nil, nil
}

func (e *Engine) disconnectNetwork(c *call) (any, error) {
	var req networktypes.DisconnectOptions
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	nw, err := e.network(c.name)
	if err != nil {
		return nil, err
	}
	ctr, err := e.container(req.Container)
	if err != nil {
		return nil, err
	}
	if ctr.networks[nw.Name] == nil {
		return nil, fail(500, "container %s is not connected to network %s", ctr.id, nw.Name)
	}
	delete(ctr.networks, nw.Name)
	if ctr.running() {
		e.emitNetwork(events.ActionDisconnect, nw, map[string]string{"container": ctr.id})
	}
	return nil, nil
}

// connectAll connects a container to its networks, if they are all there.
func (e *Engine) connectAll(ctr *container) error {
	for name := range ctr.networks {
		if _, err := e.network(name); err != nil {
			return fail(404, "failed to set up container networking: %v", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ctr.networks)) {
		e.connect(ctr, name, e.networkOf(name))
	}
	return nil
}

func (e *Engine) connect(ctr *container, name string, nw *network) {
	endpoint := ctr.networks[name]
	endpoint.NetworkID, endpoint.EndpointID = nw.ID, newID()
	if nw.Driver != "null" && nw.Driver != "host" {
		nw.last++
		endpoint.Gateway = nw.gateway()
		endpoint.IPAddress = fmt.Sprintf("172.%d.%d.%d", nw.subnet, nw.last>>8, nw.last&255)
		endpoint.IPPrefixLen = 16
		endpoint.MacAddress = fmt.Sprintf("02:42:ac:%02x:%02x:%02x", nw.subnet, nw.last>>8, nw.last&255)
	}
	e.emitNetwork(events.ActionConnect, nw, map[string]string{"container": ctr.id})
}

// disconnectAll takes a container that has ended off its networks, of which
// it remembers the names.
func (e *Engine) disconnectAll(ctr *container) {
	for _, name := range slices.Sorted(maps.Keys(ctr.networks)) {
		old := ctr.networks[name]
		ctr.networks[name] = &networktypes.EndpointSettings{
			IPAMConfig: old.IPAMConfig, Links: old.Links, Aliases: old.Aliases, DriverOpts: old.DriverOpts, NetworkID: old.NetworkID,
		}
		if nw := e.networkOf(name); nw != nil {
			e.emitNetwork(events.ActionDisconnect, nw, map[string]string{"container": ctr.id})
		}
	}
}
