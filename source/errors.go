package source

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// UsageError says that the command line cannot be meant; nothing was asked of
// the Engine.
type UsageError struct{ Message string }

func (e *UsageError) Error() string { return e.Message }

// NameError says that a name names nothing, or more than one thing. The other
// names are served all the same.
type NameError struct {
	Name    string
	Message string
	Hint    string
}

func (e *NameError) Error() string {
	s := fmt.Sprintf("%s: %q", e.Message, e.Name)
	if e.Hint != "" {
		s += "\n" + e.Hint
	}
	return s
}

// Fatal is false: the stream goes on after a NameError.
func (e *NameError) Fatal() bool { return false }

// A SyntaxError says where its input stops being JSON.
type SyntaxError struct {
	Offset int64  // bytes before the one at fault
	Reason string // in printable characters
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset, e.Reason)
}

// lateError is an answer that did not begin within that time.
type lateError time.Duration

func (e lateError) Error() string { return "no answer within " + time.Duration(e).String() }

// partError is the failure of one of several things that were asked for.
type partError struct{ error }

func (e *partError) Unwrap() error { return e.error }

// Fatal is false: the others go on.
func (e *partError) Fatal() bool { return false }

// Fatal reports whether err ends the stream it came in, so that what was read
// before it is not the whole.
func Fatal(err error) bool {
	var f interface{ Fatal() bool }
	return !errors.As(err, &f) || f.Fatal()
}

// StatusError is a refusal by the Engine.
type StatusError struct {
	Method, Path string
	Status       int    // HTTP status
	Message      string // the Engine's own, on one line
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s: %s (%d)", e.Method, e.Path, e.Message, e.Status)
}

// ReadOnlyError is the connection's refusal to send a request that could
// change something when no action asked for it.
type ReadOnlyError struct{ Method, Path string }

func (e *ReadOnlyError) Error() string {
	return fmt.Sprintf("%s %s: refused, this connection only reads", e.Method, e.Path)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
