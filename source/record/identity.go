package record

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// Identity is what a record is. Keys are matched byte for byte: Id, ID and id are
// three keys.
type Identity struct {
	// Kind is image, container, volume, network, service, task, node, plugin or
	// buildcache; mount is a container's, volume or not; "" is not known. A
	// sample, a log line and a process are of their container, an event and a
	// result of baleen's own are of what they name.
	Kind string
	ID   string   // by which the Engine knows it, "" for none; a volume's is its name
	Name string   // what people call it, "" for none; an image's is its first tag in alphabetical order
	Refs []string // an image's tags and digests; nil if the record has no lists of them
	Ref  string   // the one reference that a row of docker's CLI stands for; "" for none
	// Result is true of a result of baleen's own, which does not say which of an
	// image's references were meant.
	Result bool
}

// IdentityKeys are the keys that an identity depends on.
func IdentityKeys() []string {
	return []string{
		"Id", "ID", "id", "Name", "Names", "name", "container", "RepoTags", "RepoDigests", "Repository", "Tag", "Digest",
		"Type", "Action", "Actor", "action", "kind", "target", "status", "cpu_stats", "stream", "line", "read",
		"Spec", "Description", "Endpoint", "ServiceID", "DesiredState", "RootFS", "IPAM", "EnableIPv6", "IPv6", "Internal",
		"UsageCount", "InUse", "Destination", "RW", "Mountpoint", "UsageData", "Enabled", "Settings", "ImageID", "HostConfig",
		"State", "Config", "Driver", "Scope", "Links",
	}
}

// NameKeys are those of [IdentityKeys] that a name depends on.
func NameKeys() []string {
	return []string{
		"Names", "Name", "name", "container", "RepoTags", "RepoDigests", "Repository", "Tag", "Spec", "Description",
		"Type", "Action", "Actor", "action", "kind", "target", "status", "Destination",
	}
}

// Identify tells what a record is. It is an error if two of its identifying keys
// disagree, or if one is no string.
func Identify(v json.RawMessage) (Identity, error) {
	known := IdentityKeys()
	m := map[string]any{}
	for key, value := range Members(v) {
		if slices.Contains(known, key) {
			var decoded any
			if err := json.Unmarshal(value, &decoded); err != nil {
				return Identity{}, err
			}
			m[key] = decoded
		}
	}
	return IdentifyValue(m)
}

// IdentifyValue is [Identify] for a decoded record, which may have no more than
// [IdentityKeys].
func IdentifyValue(m map[string]any) (i Identity, err error) {
	text := func(key string) string { s, _ := m[key].(string); return s }
	i.Kind = kindOf(m)
	switch {
	case i.Kind == "result":
		return Identity{Kind: text("kind"), ID: text("target"), Name: text("name"), Result: true}, nil
	case i.Kind == "event":
		actor, _ := m["Actor"].(map[string]any)
		attributes, _ := actor["Attributes"].(map[string]any)
		i.Kind = text("Type")
		i.ID, _ = actor["ID"].(string)
		i.Name, _ = attributes["name"].(string)
		if i.ID == "" { // Podman's volumes have only a name there
			i.ID = i.Name
		}
		return i, nil
	case i.Kind == "process" || i.Kind == "line":
		i.Kind = "container"
		i.Name = text("container")
		return i, nil
	case i.Kind == "mount":
		if text("Type") == "volume" {
			i.Kind = "volume"
		}
		i.ID, i.Name = text("Name"), text("Name")
		return i, nil
	case i.Kind == "volume":
		i.ID, i.Name = text("Name"), text("Name")
		return i, nil
	}
	i.ID, err = identifier(m)
	i.Name = name(i.Kind, m)
	tags, tagged := list(m["RepoTags"])
	digests, digested := list(m["RepoDigests"])
	if tagged || digested {
		i.Refs = []string{}
		for _, ref := range slices.Concat(tags, digests) { // the containerd store has a digest in both
			if !slices.Contains(i.Refs, ref) {
				i.Refs = append(i.Refs, ref)
			}
		}
	}
	if repository := text("Repository"); i.Kind == "image" && repository != "" {
		i.Ref, err = row(repository, text("Tag"), text("Digest"), err)
	}
	return i, err
}

// identifier is what all of a record's keys for an id say.
func identifier(m map[string]any) (id string, err error) {
	for _, key := range []string{"Id", "ID", "id"} {
		v, has := m[key]
		if !has {
			continue
		}
		s, ok := v.(string)
		switch {
		case !ok:
			return "", errors.New(key + " is not a string")
		case id != "" && s != id:
			return "", errors.New("its ids disagree: " + id + " and " + s)
		}
		id = s
	}
	return id, nil
}

// row is the reference of a row of docker images. An image without a name is its id.
func row(repository, tag, digest string, err error) (string, error) {
	switch {
	case err != nil || repository == "<none>":
		return "", err
	case tag != "" && tag != "<none>":
		return repository + ":" + tag, nil
	case digest != "" && digest != "<none>":
		return repository + "@" + digest, nil
	}
	return "", errors.New("the row names a repository without a tag or a digest")
}

func name(kind string, m map[string]any) string {
	text := func(v any, key string) string {
		o, _ := v.(map[string]any)
		s, _ := o[key].(string)
		return s
	}
	if kind == "image" {
		if repository, tag := text(m, "Repository"), text(m, "Tag"); repository != "" && repository != "<none>" && tag != "<none>" {
			return repository + ":" + tag
		}
		tags, _ := list(m["RepoTags"])
		if tags = Tags(tags); len(tags) > 0 {
			return slices.Min(tags)
		}
		return ""
	}
	names, _ := list(m["Names"])
	if row := text(m, "Names"); row != "" {
		names = strings.Split(row, ",")
	}
	for _, n := range names { // a link's alias has a slash inside
		if n = strings.TrimPrefix(n, "/"); n != "" && !strings.Contains(n, "/") {
			return n
		}
	}
	for _, n := range []string{text(m, "Name"), text(m, "name"), text(m["Spec"], "Name"), text(m["Description"], "Hostname")} {
		if n != "" {
			return strings.TrimPrefix(n, "/")
		}
	}
	return ""
}

// Tags leaves out of a list of references what is no tag: <none>, and digests,
// which Docker's containerd store lists among the tags.
func Tags(refs []string) []string {
	return slices.DeleteFunc(slices.Clone(refs), func(r string) bool {
		return strings.HasPrefix(r, "<none>") || strings.HasSuffix(r, ":<none>") || strings.Contains(r, "@")
	})
}

// list is v as a list of strings, where null is an empty one.
func list(v any) (all []string, ok bool) {
	values, ok := v.([]any)
	for _, v := range values {
		if s, ok := v.(string); ok {
			all = append(all, s)
		}
	}
	return all, ok
}

// kindOf tells a kind from keys that records of no other kind have.
func kindOf(m map[string]any) string {
	has := func(keys ...string) bool {
		return !slices.ContainsFunc(keys, func(key string) bool { _, ok := m[key]; return !ok })
	}
	is := func(keys ...string) bool { // strings
		return !slices.ContainsFunc(keys, func(key string) bool { _, ok := m[key].(string); return !ok })
	}
	object := func(key string) map[string]any { o, _ := m[key].(map[string]any); return o }
	switch {
	case is("action", "kind", "target", "status"):
		return "result"
	case object("Actor") != nil:
		return "event"
	case has("cpu_stats") && (has("read") || has("id") || has("Id")):
		return "container"
	case is("container", "stream") && has("line"):
		return "line"
	case is("container"):
		return "process"
	case has("ServiceID"), has("DesiredState"):
		return "task"
	case object("Spec") != nil && (object("Spec")["TaskTemplate"] != nil || has("Endpoint")):
		return "service"
	case object("Description")["Hostname"] != nil:
		return "node"
	case has("Spec"):
		return "secret or config"
	case has("RepoTags"), has("RepoDigests"), has("Repository", "Tag"), has("RootFS"):
		return "image"
	case has("IPAM"), has("EnableIPv6"), has("IPv6", "Internal"):
		return "network"
	case has("UsageCount"), has("InUse"):
		return "buildcache"
	case has("Destination"):
		return "mount"
	case has("Mountpoint"), has("UsageData"):
		return "volume"
	case has("Enabled", "Settings"):
		return "plugin"
	case has("Names"), has("ImageID"), has("HostConfig"), has("State", "Config"):
		return "container"
	}
	return ""
}
