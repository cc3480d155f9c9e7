package print

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"baleen/source/record"
)

// Columns are what --columns and --sort ask for. Each name is looked up by
// itself: first among a source's own columns, then as a path of the record, then
// both without regard to case.
type Columns struct {
	Names []string // nil takes what there is
	Sort  string   // a name, with - before it for descending; "" for none
	Human bool     // own columns are text for people, else values
	Known []string // keys that results may have, though the first one has them not
	Keep  []string // keys that a row has besides, where the result has them: what a screen knows a row by

	known map[string]column // how a name was found
}

// A column is where the values of a name are.
type column struct {
	own  bool
	path string
}

// parseColumns reads the flags.
func parseColumns(f record.Flags) (*Columns, error) {
	c := &Columns{Sort: f.String("sort")}
	if f.IsSet("columns") {
		c.Names = strings.Split(f.String("columns"), ",")
		for i, name := range c.Names {
			if c.Names[i] = strings.TrimSpace(name); c.Names[i] == "" {
				return nil, &record.UsageError{Message: "--columns: a name is empty"}
			}
		}
	}
	return c, nil
}

// own is a copy that has found no name yet.
func (c *Columns) own() *Columns {
	own := *c
	own.known = map[string]column{}
	return &own
}

// Asked reports whether there is anything to do.
func (c *Columns) Asked() bool { return c.Names != nil || c.Sort != "" }

// Rows makes an object of the columns of each result, in order if that was asked
// for. A result is the record, or where paired is true {"own", "raw", "record"}:
// the source's columns as text and as values, and the record.
func (c *Columns) Rows(results record.Seq, paired bool) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		c := c.own() // each of several Engines finds its columns by itself
		type row struct{ text, key json.RawMessage }
		var rows []row
		for v, err := range results {
			var r row
			if err == nil {
				r.text, r.key, err = c.row(v, paired)
			}
			switch {
			case err != nil:
				if !yield(nil, err) || record.Fatal(err) {
					return
				}
			case c.Sort == "":
				if !yield(r.text, nil) {
					return
				}
			default:
				rows = append(rows, row{slices.Clone(r.text), slices.Clone(r.key)})
			}
		}
		descending := strings.HasPrefix(c.Sort, "-")
		slices.SortStableFunc(rows, func(a, b row) int {
			if descending {
				a, b = b, a
			}
			return compare(a.key, b.key)
		})
		for _, r := range rows {
			if !yield(r.text, nil) {
				return
			}
		}
	}
}

// row gives the columns of one result, and what to sort it by.
func (c *Columns) row(v json.RawMessage, paired bool) (text, key json.RawMessage, err error) {
	var own, raw json.RawMessage
	if paired {
		own, raw, v = record.Member(v, "own"), record.Member(v, "raw"), record.Member(v, "record")
	}
	if len(v) == 0 || v[0] != '{' {
		return nil, nil, &record.UsageError{Message: fmt.Sprintf("--columns and --sort take objects, not %.40s", v)}
	}
	shown := raw
	if c.Human {
		shown = own
	}
	if c.Sort != "" {
		if key, err = c.value(strings.TrimPrefix(c.Sort, "-"), raw, v); err != nil {
			return nil, nil, err
		}
	}
	if c.Names == nil {
		if paired {
			return shown, key, nil
		}
		return v, key, nil
	}
	text = append(text, '{')
	for i, name := range c.Names {
		value, err := c.value(name, shown, v)
		if err != nil {
			return nil, nil, err
		}
		if value == nil {
			value = json.RawMessage("null")
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, record.Quote(name)...), ':'), value...)
	}
	for _, name := range c.Keep {
		value := record.Member(shown, name)
		if value == nil {
			value = record.Member(v, name)
		}
		if value != nil && !slices.Contains(c.Names, name) {
			text = append(append(append(text, ','), record.Quote(name)...), ':')
			text = append(text, value...)
		}
	}
	return append(text, '}'), key, nil
}

// value is what a record has under a name.
func (c *Columns) value(name string, own, v json.RawMessage) (json.RawMessage, error) {
	at, ok := c.known[name]
	if !ok {
		if at, ok = find(name, own, v); !ok {
			i := slices.IndexFunc(c.Known, func(known string) bool { return strings.EqualFold(known, name) })
			if i < 0 {
				return nil, unknownColumn(name, own, v)
			}
			at = column{false, c.Known[i]}
		}
		c.known[name] = at
	}
	if at.own {
		return record.Member(own, at.path), nil
	}
	return record.At(v, at.path), nil
}

func find(name string, own, v json.RawMessage) (column, bool) {
	if record.Member(own, name) != nil {
		return column{true, name}, true
	}
	if record.At(v, name) != nil {
		return column{false, name}, true
	}
	for key := range record.Members(own) {
		if strings.EqualFold(key, name) {
			return column{true, key}, true
		}
	}
	if path, ok := foldPath(v, name); ok {
		return column{false, path}, true
	}
	// A path may lead to what this record does not have, such as a label.
	first, _, deeper := strings.Cut(name, ".")
	for key := range record.Members(v) {
		if deeper && strings.EqualFold(key, first) {
			return column{false, key + name[len(first):]}, true
		}
	}
	return column{}, false
}

// foldPath is the path that a dotted name is without regard to case.
func foldPath(v json.RawMessage, name string) (string, bool) {
	for key, value := range record.Members(v) {
		if strings.EqualFold(key, name) {
			return key, true
		}
		if len(name) > len(key) && name[len(key)] == '.' && strings.EqualFold(key, name[:len(key)]) {
			if rest, ok := foldPath(value, name[len(key)+1:]); ok {
				return key + "." + rest, true
			}
		}
	}
	return "", false
}

func unknownColumn(name string, own, v json.RawMessage) error {
	message := fmt.Sprintf("no column %q", name)
	if keys := record.Keys(own, nil); len(keys) > 0 {
		message += "\nown columns: " + strings.Join(keys, ", ")
	}
	return &record.UsageError{Message: message + "\nkeys of the record: " + strings.Join(record.Keys(v, nil), ", ")}
}

// compare orders values as jq does: null, booleans, numbers, strings, the rest.
func compare(a, b json.RawMessage) int {
	rank := func(v json.RawMessage) int {
		if len(v) == 0 {
			return 0
		}
		switch v[0] {
		case 'n':
			return 0
		case 'f':
			return 1
		case 't':
			return 2
		case '"':
			return 4
		case '[', '{':
			return 5
		}
		return 3
	}
	if order := cmp.Compare(rank(a), rank(b)); order != 0 || rank(a) < 3 {
		return order
	}
	if rank(a) == 3 {
		x, _ := strconv.ParseFloat(string(a), 64)
		y, _ := strconv.ParseFloat(string(b), 64)
		return cmp.Compare(x, y)
	}
	return cmp.Compare(record.Text(a), record.Text(b))
}
