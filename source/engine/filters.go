package engine

import (
	"baleen/source/record"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Filters are the Engine's own: the same key twice means or, different keys
// mean and.
type Filters map[string][]string

// ParseFilters reads KEY=VALUE words.
func ParseFilters(words []string) (Filters, error) {
	f := Filters{}
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		if !ok || key == "" {
			return nil, &record.UsageError{Message: fmt.Sprintf("-f takes KEY=VALUE, not %q", w)}
		}
		value = strings.TrimSpace(value)
		if d, err := record.ParseDuration(value); err == nil && key == "until" { // since= and before= are names
			value = d.String() // the Engine knows neither days nor weeks
		}
		f[key] = append(f[key], value)
	}
	return f, nil
}

// All returns a filter that the Engine takes to mean everything: one without a
// value, or a pattern of a name that every name matches.
func (f Filters) All() (key, value string, ok bool) {
	for _, key := range slices.Sorted(maps.Keys(f)) {
		for _, value := range f[key] {
			if value == "" || key == "name" && matchesAll(value) || key == "reference" && strings.Trim(value, "*:/") == "" {
				return key, value, true
			}
		}
	}
	return "", "", false
}

// matchesAll reports whether an expression matches names that have nothing in
// common, with the slash that a container's may have and without.
func matchesAll(expression string) bool {
	r, err := regexp.Compile(expression)
	return err == nil && (r.MatchString("q") || r.MatchString("/q")) && (r.MatchString("7_Z") || r.MatchString("/7_Z"))
}

// With is f and one more value.
func (f Filters) With(key string, values ...string) Filters {
	g := maps.Clone(f)
	if g == nil {
		g = Filters{}
	}
	g[key] = append(slices.Clone(g[key]), values...)
	return g
}

// Put adds the filters to a query in the form that the Engine takes.
func (f Filters) Put(q url.Values) url.Values {
	if len(f) > 0 {
		b, _ := json.Marshal(map[string][]string(f)) // strings only: cannot fail
		q.Set("filters", string(b))
	}
	return q
}
