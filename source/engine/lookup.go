package engine

import (
	"baleen/source/record"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Container is what following one takes to know.
type Container struct {
	ID, Name string
	Config   struct{ Tty bool }
	State    struct {
		Status, StartedAt string
		Running           bool
	}
	Joined time.Time // a moment before it started, if that was while baleen watched
}

// container looks one up; it is a *NameError if there is none.
func LookUp(ctx context.Context, e *Engine, name string) (c Container, err error) {
	missing := &NameError{Name: name, Message: "no such container"}
	path, ok := ObjectPath("container", name)
	if !ok {
		return c, missing
	}
	for record, err := range e.Records(ctx, path+"/json", nil, "") {
		if Gone(err) {
			return c, missing
		}
		if err != nil {
			return c, Refusal(ctx, e, "container", name, err)
		}
		if err := json.Unmarshal(record, &c); err != nil {
			return c, fmt.Errorf("GET %s/json: %w", path, err)
		}
		c.Name = c.Name[min(1, len(c.Name)):]
	}
	return c, nil
}

// Gone reports that there is no such object, or not any more.
func Gone(err error) bool {
	var status *StatusError
	var name *NameError
	return errors.As(err, &name) || errors.As(err, &status) && status.Status == http.StatusNotFound
}

func Ambiguous(kind, name string, n int) error {
	return &NameError{Name: name, Message: fmt.Sprintf("%d %ss are meant by", n, kind)}
}

// Refusal is err, or where the Engine refused a name that means several: that.
// Engines say it with different codes.
func Refusal(ctx context.Context, e *Engine, kind, name string, err error) error {
	var status *StatusError
	list := map[string]string{"container": "/containers/json?all=1", "network": "/networks"}[kind]
	if !errors.As(err, &status) || Gone(err) || list == "" {
		return err
	}
	n := 0
	for v, err := range e.Get(ctx, list) {
		if is, _ := record.Identify(v); err == nil && strings.HasPrefix(is.ID, strings.TrimPrefix(name, "/")) {
			n++
		}
	}
	if n < 2 {
		return err
	}
	return Ambiguous(kind, name, n)
}

// ObjectPath is where the Engine keeps the object called name. It refuses a
// name that would lead elsewhere.
func ObjectPath(kind, name string) (string, bool) {
	name = strings.TrimPrefix(name, "/")
	if name == "" || slices.ContainsFunc(strings.Split(name, "/"), func(s string) bool { return s == "" || s == "." || s == ".." }) {
		return "", false
	}
	if kind != "image" && strings.Contains(name, "/") {
		return "", false
	}
	return "/" + kind + "s/" + name, true
}
