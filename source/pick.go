package source

import (
	"baleen/source/record"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// identify gives what a record of a list is known by, names without a
// container's slash.
func identify(record json.RawMessage) (id string, names []string) {
	var r struct {
		Id          string
		Name        string
		Names       []string
		Spec        struct{ Name string }     // Swarm's
		Description struct{ Hostname string } // a node's
	}
	if json.Unmarshal(record, &r) != nil {
		return "", nil
	}
	for _, name := range []string{r.Name, r.Spec.Name, r.Description.Hostname} {
		if name != "" {
			r.Names = append(r.Names, name)
		}
	}
	for i, n := range r.Names {
		r.Names[i] = strings.TrimPrefix(n, "/")
	}
	return r.Id, r.Names
}

// pick passes on the records that names mean, in the order of names, each once:
// as docker does, an exact id goes before an exact name and that before an
// unambiguous beginning of an id. Without names every record passes.
func pick(records record.Seq, kind string, names []string, hint string) record.Seq {
	if len(names) == 0 {
		return records
	}
	return func(yield func(json.RawMessage, error) bool) {
		type match struct{ id, name, prefix []json.RawMessage }
		found := make([]match, len(names))
		for raw, err := range records {
			if err != nil {
				if !yield(nil, err) || record.Fatal(err) {
					return
				}
				continue
			}
			id, own := identify(raw)
			for i, name := range names {
				m, list := &found[i], (*[]json.RawMessage)(nil)
				switch name = strings.TrimPrefix(name, "/"); {
				case id != "" && id == name:
					list = &m.id
				case slices.Contains(own, name):
					list = &m.name
				case name != "" && strings.HasPrefix(id, name):
					list = &m.prefix
				default:
					continue
				}
				*list = append(*list, slices.Clone(raw))
			}
		}
		var given []string
		for i, name := range names {
			m := found[i].id
			if len(m) == 0 {
				m = found[i].name
			}
			if len(m) == 0 {
				m = found[i].prefix
			}
			var err error
			switch len(m) {
			case 0:
				err = &NameError{Name: name, Message: "no such " + kind, Hint: hint}
			case 1:
				if slices.Contains(given, string(m[0])) {
					continue
				}
				given = append(given, string(m[0]))
			default:
				err = ambiguous(kind, name, len(m))
			}
			if err != nil {
				if !yield(nil, err) {
					return
				}
			} else if !yield(m[0], nil) {
				return
			}
		}
	}
}

func ambiguous(kind, name string, n int) error {
	return &NameError{Name: name, Message: fmt.Sprintf("%d %ss are meant by", n, kind)}
}

// refusal is err, or where the Engine refused a name that means several: that.
// Engines say it with different codes.
func (e *Engine) refusal(ctx context.Context, kind, name string, err error) error {
	var status *StatusError
	list := map[string]string{"container": "/containers/json?all=1", "network": "/networks"}[kind]
	if !errors.As(err, &status) || gone(err) || list == "" {
		return err
	}
	n := 0
	for record, err := range e.Get(ctx, list) {
		if id, _ := identify(record); err == nil && strings.HasPrefix(id, strings.TrimPrefix(name, "/")) {
			n++
		}
	}
	if n < 2 {
		return err
	}
	return ambiguous(kind, name, n)
}

// named lists the objects of a kind that the Engine keeps at path.
func (e *Engine) named(ctx context.Context, path, kind string, r Request) record.Seq {
	return pick(e.records(ctx, path, r.Filters.put(url.Values{}), ""), kind, r.Names, "")
}

// of is what the Engine has at path below the one object called name.
func (e *Engine) of(ctx context.Context, kind, name, path string) record.Seq {
	missing := &NameError{Name: name, Message: "no such " + kind}
	object, ok := objectPath(kind, name)
	return func(yield func(json.RawMessage, error) bool) {
		if !ok {
			yield(nil, missing)
			return
		}
		for record, err := range e.records(ctx, object+path, nil, "") {
			if gone(err) {
				err = missing
			} else {
				err = e.refusal(ctx, kind, name, err)
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// oneName checks that there is no second one.
func oneName(source, kind string) func(Request) error {
	return func(r Request) error {
		if len(r.Names) > 1 {
			return &record.UsageError{Message: fmt.Sprintf("%s takes one %s; what is %q?", source, kind, r.Names[1])}
		}
		return nil
	}
}
