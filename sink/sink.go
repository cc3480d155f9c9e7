// Package sink is where results end: printed, or acted on. One file a sink.
package sink

import (
	"encoding/json"
	"errors"
	"iter"
)

// Results is what a filter let through, each one compact JSON value, valid
// until the next one is asked for. An error says that something is missing.
type Results = iter.Seq2[json.RawMessage, error]

// Flags gives the values of a command line's flags.
type Flags interface {
	Bool(name string) bool
	Int(name string) int
	String(name string) string
	IsSet(name string) bool
}

// Visible writes out the characters of a message that could steer a terminal.
func Visible(message string) string { return visible(message, "\n") }

// fatal reports whether err ended the stream that it came in, so that what came
// before it is not the whole. An error that does not says so with Fatal() false.
func fatal(err error) bool {
	var f interface{ Fatal() bool }
	return !errors.As(err, &f) || f.Fatal()
}
