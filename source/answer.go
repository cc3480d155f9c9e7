package source

import (
	"baleen/source/record"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// answer is what the Engine says to one request. Reading tells first that it
// may have to wait; only the first byte may be waited for in vain.
type answer struct {
	*http.Response
	ctx   context.Context // ends with the request's, or when time is up
	what  string          // the request, for messages
	idle  func()
	begun bool // a byte of the body has come
	hurry *time.Timer
	done  func()
	came  time.Time // when the header came
}

func (a *answer) Read(p []byte) (int, error) {
	a.idle()
	n, err := a.Body.Read(p)
	a.begun = a.begun || n > 0
	a.patient()
	return n, err
}

// patient gives the Engine all the time that it wants from now on.
func (a *answer) patient() {
	if a.hurry != nil {
		a.hurry.Stop()
	}
}

func (a *answer) Close() error {
	a.patient()
	err := a.Body.Close()
	a.done()
	return err
}

// records gives the records of the answer and closes it: each element of an
// array, each value of a stream, or the one object. Where member is not "", the
// array is that member of an object.
func (a *answer) records(member string) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		defer a.Close()
		for record, err := range record.Split(a, member) {
			if err != nil {
				err = a.failure(err)
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// failure is what an error while reading means.
func (a *answer) failure(err error) error {
	var syntax *record.SyntaxError
	var log logError
	switch {
	case a.ctx.Err() != nil:
		// The reader's complaint is only what the end of the context looks like from below.
		return context.Cause(a.ctx)
	case errors.As(err, &syntax), errors.As(err, &log):
		return fmt.Errorf("%s: %w", a.what, err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errCut
	}
	return &LostError{a.what, err}
}

// records reads the answer to a GET that the Engine gives as soon as it can,
// see [answer.records]. A list that is null is empty.
func (e *Engine) records(ctx context.Context, path string, query url.Values, member string) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		a, err := e.get(ctx, path, query)
		if err != nil {
			yield(nil, err)
			return
		}
		for record, err := range a.records(member) {
			if string(record) == "null" {
				continue
			}
			if !yield(record, err) || err != nil {
				return
			}
		}
		if !a.begun {
			yield(nil, &LostError{a.what, errCut})
		}
	}
}

// stream asks for what the Engine tells as it happens.
func (e *Engine) stream(ctx context.Context, path string, query url.Values) (*answer, error) {
	a, err := e.get(ctx, path, query)
	if err == nil {
		a.patient()
	}
	return a, err
}

// now is the Engine's time, as far as can be told.
func (a *answer) now() time.Time {
	if said, err := http.ParseTime(a.Header.Get("Date")); err == nil {
		return said.Add(time.Since(a.came) + time.Second) // the header has whole seconds
	}
	return time.Now()
}
