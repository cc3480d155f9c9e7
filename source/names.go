package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/distribution/reference"
)

// Names lists what can be named on a command line of a source: names and tags
// in order, no ids. Names that could steer a terminal or pass for a flag are
// left out.
func Names(ctx context.Context, e *engine.Engine, source string) ([]string, error) {
	lists := map[string][]string{
		"images": {"/images/json"}, "history": {"/images/json"}, "pull": {"/images/json"},
		"containers": {"/containers/json?all=1"}, "stats": {"/containers/json"}, "top": {"/containers/json"},
		"logs": {"/containers/json?all=1"}, "changes": {"/containers/json?all=1"},
		"volumes": {"/volumes"}, "networks": {"/networks"},
		"inspect":  {"/containers/json?all=1", "/images/json", "/volumes", "/networks"},
		"services": {"/services"}, "nodes": {"/nodes"}, "secrets": {"/secrets"}, "configs": {"/configs"}, "plugins": {"/plugins"},
	}
	var names []string
	for _, path := range lists[source] {
		records := e.Get(ctx, path)
		if path == "/volumes" {
			records = e.Volumes(ctx, nil)
		}
		for v, err := range records {
			if err != nil {
				return nil, err
			}
			is, err := record.Identify(v)
			if err != nil {
				continue // it cannot be named
			}
			tags := record.Tags(is.Refs)
			if is.Kind != "image" {
				tags = []string{is.Name}
			}
			names = append(names, tags...)
			for _, tag := range record.Tags(is.Refs) { // as people type Podman's docker.io/library/…
				if named, err := reference.ParseNormalizedNamed(tag); err == nil {
					names = append(names, reference.FamiliarString(named))
				}
			}
		}
	}
	names = slices.DeleteFunc(names, func(n string) bool {
		return n == "" || n[0] == '-' || n == "<none>:<none>" || strings.ContainsFunc(n, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar })
	})
	slices.Sort(names)
	return slices.Compact(names), nil
}

// EngineNames lists what the Engines that flags name have, for completion:
// what cannot be asked is left out.
func EngineNames(ctx context.Context, flags record.Flags, source string) (names []string) {
	engines, _ := engine.OptionsFromFlags(flags)
	for _, o := range engines {
		if e, err := engine.Connect(o); err == nil {
			own, _ := Names(ctx, e, source)
			names = append(names, own...)
		}
	}
	return names
}

// FlagValues lists what a flag of a source can be set to, where word is there
// already: keys of -f with their =, or that key with each of its values. Names
// of other sources come from names.
func FlagValues(source, flag, word string, names func(source string) []string) []string {
	switch flag {
	case "host":
		return []string{"demo", "unix://", "tcp://", "ssh://", "npipe://"}
	case "context":
		contexts, _ := engine.Contexts()
		return contexts
	case "kind":
		return []string{"container", "image", "network", "volume"}
	case "filter":
		keys := filterKeys(source)
		key, _, chosen := strings.Cut(word, "=")
		if !chosen {
			return slices.Sorted(func(yield func(string) bool) {
				for key := range keys {
					if !yield(key + "=") {
						return
					}
				}
			})
		}
		values := slices.Clone(keys[key])
		switch key {
		case "ancestor", "image", "reference":
			values = names("images")
		case "container", "volume", "network", "service", "node":
			values = names(key + "s")
		case "name":
			values = names(source)
		}
		for i, v := range values {
			values[i] = key + "=" + v
		}
		return values
	}
	return nil
}

// filterKeys are the keys that -f has for a source, and the values that they
// are known to take.
func filterKeys(source string) map[string][]string {
	boolean := []string{"true", "false"}
	switch source {
	case "images":
		return map[string][]string{"before": nil, "dangling": boolean, "label": nil, "reference": nil, "since": nil, "until": nil}
	case "containers", "stats", "logs":
		return map[string][]string{
			"ancestor": nil, "before": nil, "exited": nil, "expose": nil, "health": {"starting", "healthy", "unhealthy", "none"},
			"id": nil, "is-task": boolean, "label": nil, "name": nil, "network": nil, "publish": nil, "since": nil,
			"status": {"created", "running", "paused", "restarting", "removing", "exited", "dead"}, "volume": nil,
		}
	case "volumes":
		return map[string][]string{"dangling": boolean, "driver": nil, "label": nil, "name": nil}
	case "networks":
		return map[string][]string{
			"dangling": boolean, "driver": nil, "id": nil, "label": nil, "name": nil,
			"scope": {"swarm", "global", "local"}, "type": {"custom", "builtin"},
		}
	case "events":
		return map[string][]string{
			"config": nil, "container": nil, "daemon": nil, "event": nil, "image": nil, "label": nil, "network": nil, "node": nil,
			"plugin": nil, "scope": {"swarm", "local"}, "secret": nil, "service": nil,
			"type": {"config", "container", "daemon", "image", "network", "node", "plugin", "secret", "service", "volume"}, "volume": nil,
		}
	case "services":
		return map[string][]string{"id": nil, "label": nil, "mode": {"replicated", "global"}, "name": nil}
	case "tasks":
		return map[string][]string{"desired-state": {"running", "shutdown", "accepted"}, "id": nil, "label": nil, "name": nil, "node": nil, "service": nil}
	case "nodes":
		return map[string][]string{
			"id": nil, "label": nil, "membership": {"accepted", "pending"}, "name": nil, "node.label": nil, "role": {"manager", "worker"},
		}
	case "secrets", "configs":
		return map[string][]string{"id": nil, "label": nil, "name": nil}
	case "plugins":
		return map[string][]string{"capability": nil, "enabled": boolean}
	}
	return nil
}
