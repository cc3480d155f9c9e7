package source

import (
	"regexp"
	"strings"

	"baleen/source/record"
)

// isGlob reports whether a name is a pattern, in which * stands for anything.
func isGlob(name string) bool { return strings.Contains(name, "*") }

// globText is the regular expression that a pattern stands for; star is that of *.
func globText(name, star string) string {
	parts := strings.Split(strings.TrimPrefix(name, "/"), "*")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return strings.Join(parts, star)
}

// namesAsFilters leaves patterns to the Engine's filter, so that containers that
// start later join.
func (r Request) namesAsFilters() Request {
	if len(r.Names) == 0 || !isGlob(r.Names[0]) {
		return r
	}
	for _, name := range r.Names { // no / as in the alias of a link; Podman 5 takes that character out
		r.Filters = r.Filters.With("name", "^"+globText(name, `[^\x2f]*`)+"$")
	}
	r.Names = nil
	return r
}

// namesOrGlobs refuses both at once.
func namesOrGlobs(source string, r Request) error {
	for _, name := range r.Names {
		if isGlob(name) != isGlob(r.Names[0]) {
			return &record.UsageError{Message: source + " takes names or patterns with *, not both"}
		}
	}
	return nil
}
