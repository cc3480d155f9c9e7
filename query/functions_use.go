package query

import (
	"net/url"
	"slices"
	"strings"

	"github.com/distribution/reference"
)

// usage is what the Engine's containers and images refer to.
type usage struct {
	containers, images []any // what the sets below were made of
	byContainers       map[string]bool
	parents            map[string]bool
}

func (p *Program) inUse(v any, _ []any) any {
	record, _ := v.(map[string]any)
	kind, id := kindOf(v, "")
	var used bool
	var err error
	switch {
	case id == "" || record["Actor"] != nil:
		kind = ""
	case kind == "image":
		used, err = p.questions.imageInUse(record, id)
	case kind == "volume":
		used, err = p.questions.usedByContainers("volume " + id)
	case kind == "network":
		used, err = p.questions.networkInUse(record, id)
	}
	switch {
	case kind == "" || kind == "container":
		return cannot("in_use", "find an image, volume or network in", v)
	case err != nil:
		return p.questions.failed("in_use", err)
	}
	return used
}

func (q *questions) imageInUse(record map[string]any, id string) (bool, error) {
	if n, ok := number(record["Containers"]); ok && n > 0 {
		return true, nil
	}
	keys := []string{"image " + digits(id)}
	for _, key := range []string{"RepoTags", "RepoDigests"} {
		list, _ := record[key].([]any)
		for _, v := range list {
			ref, _ := v.(string)
			keys = append(keys, "image "+ref)
		}
	}
	if used, err := q.usedByContainers(keys...); used || err != nil {
		return used, err
	}
	images, err := q.all("/images/json?all=1")
	if err != nil {
		return false, err
	}
	if !same(images, q.usage.images) {
		q.usage.images, q.usage.parents = images, map[string]bool{}
		for _, v := range images {
			image, _ := v.(map[string]any)
			parent, _ := image["ParentId"].(string)
			q.usage.parents[digits(parent)] = true
		}
	}
	return q.usage.parents[digits(id)], nil
}

func (q *questions) networkInUse(record map[string]any, id string) (bool, error) {
	name, _ := record["Name"].(string)
	driver, _ := record["Driver"].(string)
	switch {
	case slices.Contains([]string{"bridge", "host", "none", "default"}, name),
		name == "nat" && driver == "nat", name == "podman" && driver == "bridge", // on Windows; Podman's
		record["Ingress"] == true:
		return true, nil
	}
	if used, err := q.usedByContainers("network "+name, "network "+id); used || err != nil {
		return used, err
	}
	if record["ConfigOnly"] == true {
		networks, err := q.all("/networks")
		for _, v := range networks {
			network, _ := v.(map[string]any)
			from, _ := network["ConfigFrom"].(map[string]any)
			if from["Network"] == name {
				return true, nil
			}
		}
		return false, err
	}
	// The list does not say which endpoints are not those of containers.
	full, err := q.ahead.inspect(q, "/networks/"+url.PathEscape(id))
	if err != nil {
		return false, err
	}
	network, _ := full.(map[string]any)
	endpoints, _ := network["Containers"].(map[string]any)
	return len(endpoints) > 0, nil
}

// usedByContainers reports whether a container, running or not, refers to one of keys.
func (q *questions) usedByContainers(keys ...string) (bool, error) {
	containers, err := q.all("/containers/json?all=1")
	if err != nil {
		return false, err
	}
	if q.usage.byContainers == nil || !same(containers, q.usage.containers) {
		q.usage.containers, q.usage.byContainers = containers, map[string]bool{}
		for _, v := range containers {
			container, _ := v.(map[string]any)
			q.usage.add(container)
		}
	}
	return slices.ContainsFunc(keys, func(key string) bool { return q.usage.byContainers[key] }), nil
}

func (u *usage) add(container map[string]any) {
	manifest, _ := container["ImageManifestDescriptor"].(map[string]any)
	for _, v := range []any{container["ImageID"], container["Image"], manifest["digest"]} {
		text, _ := v.(string)
		u.byContainers["image "+digits(text)] = true
		if named, err := reference.ParseNormalizedNamed(text); err == nil && !isID(text) {
			named = reference.TagNameOnly(named)
			u.byContainers["image "+reference.FamiliarString(named)] = true // as docker lists it
			u.byContainers["image "+named.String()] = true                  // as Podman does
		}
	}
	mounts, _ := container["Mounts"].([]any)
	for _, v := range mounts {
		mount, _ := v.(map[string]any)
		name, _ := mount["Name"].(string)
		u.byContainers["volume "+name] = true
	}
	settings, _ := container["NetworkSettings"].(map[string]any)
	networks, _ := settings["Networks"].(map[string]any)
	for name, v := range networks {
		network, _ := v.(map[string]any)
		id, _ := network["NetworkID"].(string)
		u.byContainers["network "+name] = true
		u.byContainers["network "+id] = true
	}
	host, _ := container["HostConfig"].(map[string]any)
	mode, _ := host["NetworkMode"].(string)
	u.byContainers["network "+mode] = true
}

// same reports whether two lists are one.
func same(a, b []any) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func digits(id string) string { return strings.TrimPrefix(id, "sha256:") }
