//lint:file-ignore SA1019 the Engine still says what is deprecated

package demo

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	timetypes "github.com/docker/docker/api/types/time"
)

// replayed is how many events the Engine remembers.
const replayed = 256

// emit tells the world that something has changed.
func (e *Engine) emit(kind events.Type, action events.Action, id string, attributes map[string]string) {
	e.emitAt(time.Now(), kind, action, id, attributes)
}

func (e *Engine) emitAt(at time.Time, kind events.Type, action events.Action, id string, attributes map[string]string) {
	m := events.Message{
		Type: kind, Action: action, Actor: events.Actor{ID: id, Attributes: attributes},
		Scope: "local", Time: at.Unix(), TimeNano: at.UnixNano(),
	}
	if kind == events.ContainerEventType || kind == events.ImageEventType {
		m.Status, m.ID = string(action), id
	}
	if kind == events.ContainerEventType {
		m.From = attributes["image"]
	}
	if len(e.recent) == replayed {
		e.recent = e.recent[1:]
	}
	e.recent = append(e.recent, m)
	e.emitted++
	close(e.changed)
	e.changed = make(chan struct{})
}

// emitLabelled is emit for an object whose labels are among its attributes.
func (e *Engine) emitLabelled(kind events.Type, action events.Action, id string, labels, more map[string]string) {
	attributes := maps.Clone(labels)
	if attributes == nil {
		attributes = map[string]string{}
	}
	maps.Copy(attributes, more)
	e.emit(kind, action, id, attributes)
}

func (e *Engine) events(c *call) error {
	since, err := eventTime(c.query.Get("since"))
	if err != nil {
		return err
	}
	until, err := eventTime(c.query.Get("until"))
	if err != nil {
		return err
	}
	if !until.IsZero() && until.Before(since) {
		return fail(400, "`since` time (%s) cannot be after `until` time (%s)", c.query.Get("since"), c.query.Get("until"))
	}
	args, err := filters.FromJSON(c.query.Get("filters"))
	if err != nil {
		return err
	}

	var timeout <-chan time.Time
	if !until.IsZero() {
		timeout = time.After(time.Until(until))
	}
	e.mu.Lock()
	next := e.emitted
	var pulse <-chan time.Time
	if e.alive {
		ticker := time.NewTicker(3 * time.Second)
		defer ticker.Stop()
		pulse = ticker.C
	}
	e.mu.Unlock()
	if !since.IsZero() || !until.IsZero() {
		next = 0
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.start()
	enc := json.NewEncoder(c.w)
	for {
		e.mu.Lock()
		// A reader that is too slow loses what is no longer remembered.
		missed := e.recent[len(e.recent)-min(e.emitted-next, len(e.recent)):]
		changed := e.changed
		next = e.emitted
		e.mu.Unlock()
		for _, m := range missed {
			if m.TimeNano < since.UnixNano() && !since.IsZero() || !until.IsZero() && m.TimeNano > until.UnixNano() || !wanted(args, m) {
				continue
			}
			if err := enc.Encode(m); err != nil {
				return nil
			}
		}
		c.flush()
		if !until.IsZero() && !time.Now().Before(until) {
			return nil
		}
		select {
		case <-changed:
		case at := <-pulse:
			e.mu.Lock()
			e.pulse(at)
			e.mu.Unlock()
		case <-timeout:
		case <-c.r.Context().Done():
			return nil
		}
	}
}

// eventTime reads a time in seconds since 1970; no time is the zero time.
func eventTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	sec, nsec, err := timetypes.ParseTimestamps(s, 0)
	if err != nil {
		return time.Time{}, &failure{http.StatusInternalServerError, err.Error()}
	}
	return time.Unix(sec, nsec), nil
}

// wanted reports whether filters let an event through.
func wanted(args filters.Args, m events.Message) bool {
	named := func(kind string) bool {
		return args.FuzzyMatch(kind, m.Actor.ID) || args.FuzzyMatch(kind, m.Actor.Attributes["name"])
	}
	for _, kind := range []string{"daemon", "container", "plugin", "volume", "network", "node", "service", "secret", "config"} {
		if !named(kind) {
			return false
		}
	}
	image := m.Actor.Attributes["image"]
	if m.Type == events.ImageEventType {
		image = m.Actor.Attributes["name"]
	}
	return args.ExactMatch("event", string(m.Action)) &&
		args.ExactMatch("type", string(m.Type)) &&
		args.ExactMatch("scope", m.Scope) &&
		(args.ExactMatch("image", m.Actor.ID) || args.ExactMatch("image", image) || args.ExactMatch("image", untagged(image)) || args.ExactMatch("image", untagged(m.Actor.ID))) &&
		args.MatchKVList("label", m.Actor.Attributes)
}

// untagged is an image's name without tag and digest.
func untagged(name string) string {
	if ref, err := reference.ParseNormalizedNamed(name); err == nil && !strings.HasPrefix(name, "sha256:") {
		return reference.FamiliarName(ref)
	}
	return name
}
