package act

import (
	"baleen/source/record"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"
)

// Target is one resource to act on.
type Target struct {
	Kind   string
	ID     string   // what the Engine is told: an id, a name or a reference
	Name   string   // what people call it; "" where that is not known or is ID
	Refs   []string // an image record's tags and digests; nil where the record has none
	Record bool     // it came as a record, not as a string
	Size   int64    // bytes that it takes up, as far as its record says
}

// resolve finds the target in a result: a string is used as it is, an object
// is the resource whose id or name it carries.
func resolve(kind string, result json.RawMessage) (Target, error) {
	t := Target{Kind: kind}
	switch {
	case len(result) > 0 && result[0] == '"':
		if err := json.Unmarshal(result, &t.ID); err != nil {
			return t, err
		}
	case len(result) > 0 && result[0] == '{':
		// Keys are matched in either case: the Engine writes Id, ID and id.
		var r struct {
			ID                    string
			Name                  string
			Names                 []string
			Container             string
			RepoTags, RepoDigests []string
			Action, Target        string // a result, such as of a dry run
		}
		if err := json.Unmarshal(result, &r); err != nil {
			return t, notATarget(kind, result, "its id or name is no string")
		}
		name := r.Name
		if name == "" && len(r.Names) > 0 {
			name = r.Names[0]
		}
		switch kind {
		case "volume": // has no id
			r.ID = ""
		case "container":
			name = cmp.Or(r.Container, strings.TrimPrefix(name, "/")) // a process may have a name
		case "image":
			if tags := tagged(r.RepoTags); name == "" && len(tags) > 0 {
				name = tags[0]
			}
			t.Refs = slices.Concat(r.RepoTags, r.RepoDigests)
			t.Record = r.ID != ""
		}
		t.ID, t.Name = r.ID, name
		t.Size = size(kind, result)
		if r.Action != "" && r.Target != "" {
			t.ID = r.Target
		}
		if t.ID == "" {
			t.ID, t.Name = name, ""
		}
		if t.ID == "" {
			return t, notATarget(kind, result, "it carries neither id nor name")
		}
	default:
		return t, notATarget(kind, result, "neither a string nor an object")
	}
	t.ID = strings.TrimSpace(t.ID)
	if kind == "container" {
		t.ID = strings.TrimPrefix(t.ID, "/")
	}
	if why := invalid(kind, t.ID); why != "" {
		return t, notATarget(kind, result, why)
	}
	return t, nil
}

// resolveEvent finds the target in an event: what it names, if that is one of
// kinds. Where there is only one kind a string will do, or another object.
func resolveEvent(kinds []string, result json.RawMessage) (Target, error) {
	var event struct {
		Type  string
		Actor struct {
			ID         string
			Attributes struct{ Name string }
		}
	}
	isEvent := json.Unmarshal(result, &event) == nil
	id := cmp.Or(event.Actor.ID, event.Actor.Attributes.Name) // Podman's volumes have only a name there
	isEvent = isEvent && event.Type != "" && id != ""
	switch {
	case !isEvent && len(kinds) == 1:
		return resolve(kinds[0], result)
	case !isEvent:
		return Target{}, notATarget(strings.Join(kinds, " or "), result, "it is no event")
	case !slices.Contains(kinds, event.Type):
		return Target{}, notATarget(strings.Join(kinds, " or "), result, "the event is of a "+event.Type)
	}
	t := Target{Kind: event.Type, ID: id, Name: event.Actor.Attributes.Name}
	if t.Name == t.ID {
		t.Name = ""
	}
	if why := invalid(t.Kind, t.ID); why != "" {
		return t, notATarget(t.Kind, result, why)
	}
	return t, nil
}

// invalid says why id cannot name a resource. The id becomes part of a URL's
// path, where a slash or dots could lead to another resource.
func invalid(kind, id string) string {
	switch {
	case id == "":
		return "it is empty"
	case kind == "image":
		if _, err := reference.ParseAnyReference(id); err != nil {
			return err.Error()
		}
	case id == "." || id == ".." || strings.ContainsAny(id, "/\\\x00"):
		return fmt.Sprintf("it cannot name a %s", kind)
	}
	return ""
}

// key is the one spelling of a name of the target.
func (t Target) key(name string) string {
	if t.Kind == "image" {
		if ref, err := reference.ParseNormalizedNamed(name); err == nil {
			return reference.TagNameOnly(ref).String()
		}
	}
	return name
}

// size is what a record says that the Engine could have back.
func size(kind string, raw json.RawMessage) int64 {
	path := "Size"
	switch kind {
	case "container":
		path = "SizeRw"
	case "volume":
		path = "UsageData.Size"
	}
	n, _ := strconv.ParseInt(string(record.At(raw, path)), 10, 64)
	return max(n, 0) // -1 is unknown
}

func tagged(tags []string) []string {
	return slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return t == "<none>:<none>" })
}

func notATarget(kind string, result json.RawMessage, why string) error {
	text := string(result)
	if len(text) > 80 {
		text = strings.ToValidUTF8(text[:80], "") + "…"
	}
	return &TargetError{fmt.Sprintf("no %s to act on: %s: %s", kind, text, why)}
}

// TargetError says that a result is nothing to act on. The others are.
type TargetError struct{ message string }

func (e *TargetError) Error() string { return e.message }

// Fatal is false: the other results are acted on.
func (e *TargetError) Fatal() bool { return false }
