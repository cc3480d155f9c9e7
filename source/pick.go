package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// pick passes on the records that names mean, in the order of names, each once:
// as docker does, an exact id goes before an exact name and that before an
// unambiguous beginning of an id. A pattern means all names that match, if any.
// Without names every record passes.
func pick(records record.Seq, kind string, names []string, hint string) record.Seq {
	if len(names) == 0 {
		return records
	}
	return func(yield func(json.RawMessage, error) bool) {
		type match struct{ id, name, prefix []json.RawMessage }
		found, globs := make([]match, len(names)), make([]*regexp.Regexp, len(names))
		for i, name := range names {
			if isGlob(name) {
				globs[i] = regexp.MustCompile("^" + globText(name, ".*") + "$")
			}
		}
		for raw, err := range records {
			if err != nil {
				if !yield(nil, err) || record.Fatal(err) {
					return
				}
				continue
			}
			is, _ := record.Identify(raw) // what cannot be identified is not named
			for i, name := range names {
				m, list := &found[i], (*[]json.RawMessage)(nil)
				switch name = strings.TrimPrefix(name, "/"); {
				case globs[i] != nil && !globs[i].MatchString(is.Name):
					continue
				case globs[i] != nil:
					list = &m.name
				case is.ID != "" && is.ID == name:
					list = &m.id
				case is.Name != "" && is.Name == name:
					list = &m.name
				case name != "" && strings.HasPrefix(is.ID, name):
					list = &m.prefix
				default:
					continue
				}
				*list = append(*list, slices.Clone(raw))
			}
		}
		given := map[string]bool{}
		for i, name := range names {
			m := found[i].id
			if len(m) == 0 {
				m = found[i].name
			}
			if len(m) == 0 {
				m = found[i].prefix
			}
			var err error
			switch {
			case globs[i] != nil:
			case len(m) == 0:
				err = &engine.NameError{Name: name, Message: "no such " + kind, Hint: hint}
			case len(m) > 1:
				err = engine.Ambiguous(kind, name, len(m))
			}
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			for _, raw := range m {
				if given[string(raw)] {
					continue
				}
				given[string(raw)] = true
				if !yield(raw, nil) {
					return
				}
			}
		}
	}
}

// named lists the objects of a kind that the Engine keeps at path.
func named(ctx context.Context, e *engine.Engine, path, kind string, r Request) record.Seq {
	return pick(e.List(ctx, path, r.Filters.Put(url.Values{})), kind, r.Names, "")
}

// of is what the Engine has at path below the one object called name.
func of(ctx context.Context, e *engine.Engine, kind, name, path string) record.Seq {
	missing := &engine.NameError{Name: name, Message: "no such " + kind}
	object, ok := engine.ObjectPath(kind, name)
	return func(yield func(json.RawMessage, error) bool) {
		if !ok {
			yield(nil, missing)
			return
		}
		for raw, err := range e.Records(ctx, object+path, nil, "") {
			var status *engine.StatusError
			switch {
			case errors.As(err, &status) && status.Unknown(name):
				err = missing
			case errors.As(err, &status) && status.NotFound():
				err = &record.PartError{Err: err}
			default:
				err = engine.Refusal(ctx, e, kind, name, err)
			}
			if !yield(raw, err) {
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
