// Package record is the joint between sources, filters and sinks: what a stream of
// records is, what a record is, and what the errors of both mean. It imports
// nothing of baleen.
package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
)

// Seq is a stream of records, each one compact JSON value without a
// newline, valid until the next one is asked for. An error says that something
// is missing from the stream; after a fatal one (see [Fatal]) nothing follows.
type Seq = iter.Seq2[json.RawMessage, error]

// Flags gives the values of a command line's flags.
type Flags interface {
	Bool(name string) bool
	Int(name string) int
	String(name string) string
	StringSlice(name string) []string
	Duration(name string) time.Duration
	IsSet(name string) bool
}

// UsageError reports an invalid command line; nothing was asked of the Engine.
type UsageError struct{ Message string }

func (e *UsageError) Error() string { return e.Message }

// ExitCode is 2.
func (e *UsageError) ExitCode() int { return 2 }

// ExitCode is the exit code that err asks for, 1 if it asks for none.
func ExitCode(err error) int {
	var e interface{ ExitCode() int }
	if errors.As(err, &e) {
		return e.ExitCode()
	}
	return 1
}

// SyntaxError says where its input stops being JSON.
type SyntaxError struct {
	Offset int64  // bytes before the one at fault
	Reason string // in printable characters
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset, e.Reason)
}

// PartError is the failure of one of several things that were asked for.
type PartError struct{ Err error }

func (e *PartError) Error() string { return e.Err.Error() }

func (e *PartError) Unwrap() error { return e.Err }

// Fatal is false: the others go on.
func (e *PartError) Fatal() bool { return false }

// Fatal reports whether err ends the stream it came in, so that what was read
// before it is not the whole.
func Fatal(err error) bool {
	var f interface{ Fatal() bool }
	return !errors.As(err, &f) || f.Fatal()
}

// Quote is text as a JSON string with the shortest escapes.
func Quote(text string) json.RawMessage {
	b, _ := json.Marshal(text) // a string: cannot fail
	v, _ := NewScanner(bytes.NewReader(b)).Value()
	return v
}

// OneLine is s with each run of white space as one space.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
