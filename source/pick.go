package source

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// identify gives what a record of a list is known by, names without a
// container's slash.
func identify(record json.RawMessage) (id string, names []string) {
	var r struct {
		Id    string
		Name  string
		Names []string
	}
	if json.Unmarshal(record, &r) != nil {
		return "", nil
	}
	if r.Name != "" {
		r.Names = append(r.Names, r.Name)
	}
	for i, n := range r.Names {
		r.Names[i] = strings.TrimPrefix(n, "/")
	}
	return r.Id, r.Names
}

// pick passes on the records that names mean, in the order of names, each once:
// as docker does, an exact id goes before an exact name and that before an
// unambiguous beginning of an id. Without names every record passes.
func pick(records Records, kind string, names []string, hint string) Records {
	if len(names) == 0 {
		return records
	}
	return func(yield func(json.RawMessage, error) bool) {
		type match struct{ id, name, prefix []json.RawMessage }
		found := make([]match, len(names))
		for record, err := range records {
			if err != nil {
				if !yield(nil, err) || Fatal(err) {
					return
				}
				continue
			}
			id, own := identify(record)
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
				*list = append(*list, slices.Clone(record))
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
				err = &NameError{Name: name, Message: fmt.Sprintf("%d %ss are meant by", len(m), kind)}
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
