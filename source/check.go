package source

import (
	"fmt"
	"strings"

	"baleen/source/record"
)

// Selection is what a filter says of which records are meant.
type Selection struct {
	Given   bool   // there is a filter, which may be blank
	Selects bool   // it is not blank
	Unsafe  string // why it may select everything by mistake, "" for nothing
}

// Validate refuses what is invalid, and above all an action on things that nobody
// selected.
func (s *Source) Validate(request Request, action string, filter Selection) error {
	names := request.Names
	switch {
	case s.Args == "" && len(names) > 0:
		return &record.UsageError{Message: fmt.Sprintf("%s takes no names; what is %q?", s.Name, names[0])}
	case len(names) < s.MinArgs:
		return &record.UsageError{Message: fmt.Sprintf("%s needs %s", s.Name, s.Args)}
	}
	for _, n := range names {
		if strings.TrimSpace(n) == "" {
			return &record.UsageError{Message: "a name is empty; an unset variable?"}
		}
	}
	if action != "" {
		if err := s.checkSelection(request, action, filter); err != nil {
			return err
		}
	}
	if s.Check != nil {
		return s.Check(request)
	}
	return nil
}

// checkSelection refuses an action whose words select everything, as an unset
// variable of the shell leaves them.
func (s *Source) checkSelection(request Request, action string, filter Selection) error {
	refuse := func(format string, args ...any) error {
		return &record.UsageError{Message: fmt.Sprintf("--%s: "+format, append([]any{action}, args...)...)}
	}
	if key, value, all := request.Filters.All(); all {
		if value == "" {
			return refuse("-f %s= has no value; an unset variable?", key)
		}
		return refuse("-f %s=%s matches everything; an unset variable?\n-q . says that all are meant", key, value)
	}
	for _, n := range request.Names {
		if strings.Trim(n, "*:/") == "" && s.Name != "read" {
			return refuse("the name %q matches everything; an unset variable?\n-q . says that all are meant", n)
		}
	}
	if filter.Given && !filter.Selects {
		return refuse("the filter is blank; an unset variable?")
	}
	if filter.Unsafe != "" {
		return refuse("%s", filter.Unsafe)
	}
	if len(request.Names) == 0 && len(request.Filters) == 0 && !filter.Selects && s.Name != "read" {
		return &record.UsageError{Message: fmt.Sprintf("--%s without a selection\nname what is meant, or use -f or -q; -q . means all", action)}
	}
	return nil
}
