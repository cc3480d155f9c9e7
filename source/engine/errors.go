package engine

import (
	"fmt"
	"io"
	"time"
)

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

// lateError is an answer that did not begin within that time.
type lateError time.Duration

func (e lateError) Error() string { return "no answer within " + time.Duration(e).String() }

// StatusError is a refusal by the Engine.
type StatusError struct {
	Method, Path string
	Status       int    // HTTP status
	Message      string // the Engine's own, on one line
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s: %s (%d)", e.Method, e.Path, e.Message, e.Status)
}

// StatusCode is the HTTP status.
func (e *StatusError) StatusCode() int { return e.Status }

// ReadOnlyError is the connection's refusal to send a request that could
// change something when no action asked for it.
type ReadOnlyError struct{ Method, Path string }

func (e *ReadOnlyError) Error() string {
	return fmt.Sprintf("%s %s: refused, this connection only reads", e.Method, e.Path)
}

// LogError is what a log says of itself.
type LogError string

func (e LogError) Error() string { return string(e) }

// errorPatience is how long the body of an error's answer may take.
const errorPatience = 2 * time.Second

// errorBody reads what an Engine says of an error, or as much of it as has come
// when that takes too long: the status has to be told all the same.
func errorBody(body io.ReadCloser) []byte {
	read := make(chan []byte, 1)
	go func() {
		b, _ := io.ReadAll(io.LimitReader(body, 64<<10))
		read <- b
	}()
	select {
	case b := <-read:
		return b
	case <-time.After(errorPatience):
		body.Close() // ends the read
		return <-read
	}
}
