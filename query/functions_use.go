package query

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/itchyny/gojq"
)

// usage is what the Engine's containers, images and services refer to.
type usage struct {
	containers, images, services []any // what the maps below were made of
	byContainers                 map[string][]any
	byImages                     map[string][]any
	byServices                   map[string][]any
}

func (p *Program) inUse(v any, _ []any) any {
	return p.users("in_use", v, func(users []any, used bool) any { return used })
}

// usedBy gives the records that keep one in use.
func (p *Program) usedBy(v any, _ []any) gojq.Iter {
	all := p.users("used_by", v, func(users []any, used bool) any { return users })
	if users, ok := all.([]any); ok {
		return gojq.NewIter(users...)
	}
	return gojq.NewIter(all)
}

// users finds what keeps a record in use, and makes the function's value of it.
func (p *Program) users(function string, v any, of func(users []any, used bool) any) any {
	record, _ := v.(map[string]any)
	kind, id := kindOf(v, "")
	var users []any
	var used bool
	var err error
	switch {
	case id == "" || record["Actor"] != nil:
		kind = ""
	case kind == "image":
		users, used, err = p.questions.imageUsers(record, id)
	case kind == "volume":
		users, used, err = p.questions.volumeUsers(record, id)
	case kind == "network":
		users, used, err = p.questions.networkUsers(record, id)
	default:
		kind = ""
	}
	switch {
	case kind == "":
		return cannot(function, "find an image, volume or network in", v)
	case err != nil:
		return p.questions.failed(function, err)
	}
	return of(users, used || len(users) > 0)
}

func (q *questions) imageUsers(record map[string]any, id string) (users []any, used bool, err error) {
	keys := []string{"image " + digits(id)}
	for _, key := range []string{"RepoTags", "RepoDigests"} {
		list, _ := record[key].([]any)
		for _, v := range list {
			ref, _ := v.(string)
			keys = append(keys, "image "+ref)
		}
	}
	if users, err = q.containersOf(keys...); err != nil {
		return nil, false, err
	}
	images, err := q.all("/images/json?all=1")
	if err != nil {
		return nil, false, err
	}
	if q.usage.byImages == nil || !same(images, q.usage.images) {
		q.usage.images, q.usage.byImages = images, map[string][]any{}
		for _, v := range images {
			image, _ := v.(map[string]any)
			parent, _ := image["ParentId"].(string)
			q.usage.byImages[digits(parent)] = append(q.usage.byImages[digits(parent)], v)
		}
	}
	n, _ := number(record["Containers"])
	return append(users, q.usage.byImages[digits(id)]...), n > 0, nil
}

func (q *questions) volumeUsers(record map[string]any, id string) (users []any, used bool, err error) {
	if users, err = q.containersOf("volume " + id); err != nil || record["ClusterVolume"] == nil {
		return users, false, err
	}
	services, err := q.servicesOf("volume " + id)
	return append(users, services...), false, err
}

func (q *questions) networkUsers(record map[string]any, id string) (users []any, used bool, err error) {
	name, _ := record["Name"].(string)
	driver, _ := record["Driver"].(string)
	if users, err = q.containersOf("network "+name, "network "+id); err != nil {
		return nil, false, err
	}
	switch {
	case slices.Contains([]string{"bridge", "host", "none", "default"}, name),
		name == "nat" && driver == "nat", name == "podman" && driver == "bridge", // on Windows; Podman's
		record["Ingress"] == true:
		return users, true, nil
	case len(users) > 0:
		return users, true, nil
	}
	if record["Scope"] == "swarm" {
		services, err := q.servicesOf("network "+name, "network "+id)
		if err != nil || len(services) > 0 {
			return services, true, err
		}
	}
	if record["ConfigOnly"] == true {
		networks, err := q.all("/networks")
		for _, v := range networks {
			network, _ := v.(map[string]any)
			from, _ := network["ConfigFrom"].(map[string]any)
			if from["Network"] == name {
				users = append(users, v)
			}
		}
		return users, false, err
	}
	// The list does not say which endpoints are not those of containers.
	full, err := q.ahead.inspect(q, "/networks/"+url.PathEscape(id))
	if err != nil {
		return nil, false, err
	}
	network, _ := full.(map[string]any)
	endpoints, _ := network["Containers"].(map[string]any)
	return nil, len(endpoints) > 0, nil
}

// servicesOf gives the Swarm's services that refer to one of keys, also those
// without a task. An Engine that is no manager of a Swarm has none.
func (q *questions) servicesOf(keys ...string) ([]any, error) {
	services, err := q.all("/services")
	var refused interface{ StatusCode() int }
	if errors.As(err, &refused) && (refused.StatusCode() == http.StatusServiceUnavailable || refused.StatusCode() == http.StatusNotFound) {
		services, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	if q.usage.byServices == nil || !same(services, q.usage.services) {
		q.usage.services, q.usage.byServices = services, map[string][]any{}
		for _, v := range services {
			q.usage.addService(v)
		}
	}
	return gather(q.usage.byServices, keys), nil
}

func (u *usage) addService(v any) {
	at := func(v any, path ...string) any {
		for _, key := range path {
			m, _ := v.(map[string]any)
			v = m[key]
		}
		return v
	}
	add := func(kind string, list any, key string) {
		all, _ := list.([]any)
		for _, e := range all {
			if name, _ := at(e, key).(string); name != "" {
				u.byServices[kind+name] = append(u.byServices[kind+name], v)
			}
		}
	}
	add("network ", at(v, "Spec", "TaskTemplate", "Networks"), "Target")
	add("network ", at(v, "Spec", "Networks"), "Target")
	add("network ", at(v, "Endpoint", "VirtualIPs"), "NetworkID")
	add("volume ", at(v, "Spec", "TaskTemplate", "ContainerSpec", "Mounts"), "Source")
}

// gather gives what any of keys leads to, each once.
func gather(by map[string][]any, keys []string) (all []any) {
	for _, key := range keys {
		for _, v := range by[key] {
			if !slices.ContainsFunc(all, func(other any) bool { return reflect.ValueOf(other).Pointer() == reflect.ValueOf(v).Pointer() }) {
				all = append(all, v)
			}
		}
	}
	return all
}

// containersOf gives the containers, running or not, that refer to one of keys.
func (q *questions) containersOf(keys ...string) ([]any, error) {
	containers, err := q.all("/containers/json?all=1")
	if err != nil {
		return nil, err
	}
	if q.usage.byContainers == nil || !same(containers, q.usage.containers) {
		q.usage.containers, q.usage.byContainers = containers, map[string][]any{}
		for _, v := range containers {
			container, _ := v.(map[string]any)
			q.usage.add(container)
		}
	}
	return gather(q.usage.byContainers, keys), nil
}

func (u *usage) add(container map[string]any) {
	manifest, _ := container["ImageManifestDescriptor"].(map[string]any)
	for _, v := range []any{container["ImageID"], container["Image"], manifest["digest"]} {
		text, _ := v.(string)
		u.refer("image "+digits(text), container)
		if named, err := reference.ParseNormalizedNamed(text); err == nil && !isID(text) {
			named = reference.TagNameOnly(named)
			u.refer("image "+reference.FamiliarString(named), container) // as docker lists it
			u.refer("image "+named.String(), container)                  // as Podman does
		}
	}
	mounts, _ := container["Mounts"].([]any)
	for _, v := range mounts {
		mount, _ := v.(map[string]any)
		name, _ := mount["Name"].(string)
		u.refer("volume "+name, container)
	}
	settings, _ := container["NetworkSettings"].(map[string]any)
	networks, _ := settings["Networks"].(map[string]any)
	for name, v := range networks {
		network, _ := v.(map[string]any)
		id, _ := network["NetworkID"].(string)
		u.refer("network "+name, container)
		u.refer("network "+id, container)
	}
	host, _ := container["HostConfig"].(map[string]any)
	mode, _ := host["NetworkMode"].(string)
	u.refer("network "+mode, container)
}

func (u *usage) refer(key string, container map[string]any) {
	u.byContainers[key] = append(u.byContainers[key], container)
}

// same reports whether two lists are one.
func same(a, b []any) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func digits(id string) string { return strings.TrimPrefix(id, "sha256:") }

// image gives the image that a container was made from.
func (p *Program) image(v any, _ []any) any {
	m, _ := v.(map[string]any)
	id, _ := m["ImageID"].(string)
	if id == "" {
		id, _ = m["Image"].(string) // of inspect
	}
	if kind, _ := kindOf(v, ""); kind != "container" || id == "" {
		return cannot("image", "find a container in", v)
	}
	q := p.questions
	images, err := q.all("/images/json?all=1")
	if err != nil {
		return q.failed("image", err)
	}
	if q.imagesByID == nil || !same(images, q.indexed) {
		q.indexed, q.imagesByID = images, map[string]any{}
		for _, v := range images {
			image, _ := v.(map[string]any)
			id, _ := image["Id"].(string)
			q.imagesByID[digits(id)] = v
		}
	}
	return q.imagesByID[digits(id)]
}
