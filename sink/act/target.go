package act

import (
	"baleen/source/record"
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
	Result bool     // it came as a result of another run
	Means  string   // the id of the image that the reference ID has to mean still; "" for any
	Size   int64    // bytes that it takes up, as far as its record says

	Request  *Request // of --request, whose ID is the text of it
	Resource string   // the id of what a request is about
	Command  []string // of --exec
}

// resolve finds the target in a result: a string is used as it is, an object
// is the resource that its identity says.
func resolve(kind string, result json.RawMessage) (Target, error) {
	t := Target{Kind: kind}
	switch {
	case len(result) > 0 && result[0] == '"':
		t.ID = strings.TrimSpace(record.Text(result))
	case len(result) > 0 && result[0] == '{':
		is, err := record.Identify(result)
		if err != nil {
			return t, notATarget(kind, result, err.Error())
		}
		if is.Kind != "" && is.Kind != kind {
			return t, notATarget(kind, result, "it is of kind "+is.Kind)
		}
		t = Target{Kind: kind, ID: is.ID, Name: is.Name, Refs: is.Refs, Result: is.Result, Size: size(kind, result)}
		switch {
		case is.Ref != "":
			t.ID, t.Name = is.Ref, ""
			t.Means = is.ID
		case kind == "volume" && is.Kind == "": // has no id
			t.ID = is.Name
		case kind == "image":
			t.Record = t.ID != "" && !t.Result
		case t.ID == "":
			t.ID = is.Name
		}
		if t.ID == "" {
			return t, notATarget(kind, result, "it has no id")
		}
	default:
		return t, notATarget(kind, result, "neither a string nor an object")
	}
	if kind == "container" {
		t.ID = strings.TrimPrefix(t.ID, "/")
	}
	if t.Name == t.ID {
		t.Name = ""
	}
	if why := invalid(kind, t.ID); why != "" {
		return t, notATarget(kind, result, why)
	}
	return t, nil
}

// resolveEvent finds the target in an event: what it names, if that is one of
// kinds. Where there is only one kind a string will do, or another object.
func resolveEvent(kinds []string, result json.RawMessage) (Target, error) {
	is, err := record.Identify(result)
	switch {
	case err != nil:
		return Target{}, notATarget(strings.Join(kinds, " or "), result, err.Error())
	case len(kinds) == 1:
		return resolve(kinds[0], result)
	case is.Kind == "":
		return Target{}, notATarget(strings.Join(kinds, " or "), result, "it is no event")
	case !slices.Contains(kinds, is.Kind):
		return Target{}, notATarget(strings.Join(kinds, " or "), result, "it is of kind "+is.Kind)
	}
	return resolve(is.Kind, result)
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
	case strings.HasPrefix(id, "sha256:"):
		return "it is the id of an image"
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

func notATarget(kind string, result json.RawMessage, why string) error {
	text := string(result)
	if len(text) > 80 {
		text = strings.ToValidUTF8(text[:80], "") + "…"
	}
	return &TargetError{kind, text, record.OneLine(why)}
}

// TargetError says that a result is nothing to act on. The others are.
type TargetError struct{ kind, result, why string }

func (e *TargetError) Error() string {
	return fmt.Sprintf("cannot tell which %s to act on: %s: %s", e.kind, e.result, e.why)
}

// Fatal is false: the other results are acted on.
func (e *TargetError) Fatal() bool { return false }
