package act

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"baleen/source/record"
)

// Seen is what the names in the records of a run meant when these were read. A
// filter may make a string of a record: what it names is acted on by the id that
// the record had, since a name can move to another resource meanwhile.
type Seen struct {
	mu  sync.Mutex
	ids map[string][]string // by kind and name
}

// Records notes what records are as they pass.
func (s *Seen) Records(records record.Seq) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		for v, err := range records {
			if err == nil && len(v) > 0 && v[0] == '{' {
				s.note(v)
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

func (s *Seen) note(v json.RawMessage) {
	is, err := record.Identify(v)
	if err != nil || is.ID == "" {
		return
	}
	switch is.Kind {
	case "container", "network":
		s.Note(is.Kind, is.Name, is.ID)
	case "image":
		for _, ref := range is.Refs {
			s.Note(is.Kind, ref, is.ID)
		}
	}
}

// Note says that a name means an id.
func (s *Seen) Note(kind, name, id string) {
	key := Target{Kind: kind}.key(name)
	if key == "" || strings.HasPrefix(key, "<none>") {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids == nil {
		s.ids = map[string][]string{}
	}
	if key = kind + " " + key; !slices.Contains(s.ids[key], id) {
		s.ids[key] = append(s.ids[key], id)
	}
}

// settle has a target that was named go by the id that its name meant.
func (s *Seen) settle(t Target) (Target, error) {
	if s == nil || t.Record || t.Means != "" {
		return t, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := s.ids[t.Kind+" "+t.key(t.ID)]
	switch {
	case len(ids) == 0:
		return t, nil
	case len(ids) > 1:
		return t, &TargetError{t.Kind, t.ID, "the name has meant several"}
	case t.Kind == "image":
		t.Means = ids[0]
	case ids[0] != t.ID:
		t.ID, t.Name = ids[0], t.ID
	}
	return t, nil
}
