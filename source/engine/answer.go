package engine

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

// Answer is what the Engine says to one request. Reading tells first that it
// may have to wait; only the first byte may be waited for in vain.
type Answer struct {
	*http.Response
	ctx        context.Context // ends with the request's, or when time is up
	What       string          // the request, for messages
	Idle       func()
	begun      bool // a byte of the body has come
	list       bool // it has to be one
	timer      *time.Timer
	done       func()
	sentAt     time.Time // when it was asked for
	receivedAt time.Time // when the header came
}

func (a *Answer) Read(p []byte) (int, error) {
	a.Idle()
	n, err := a.Body.Read(p)
	a.begun = a.begun || n > 0
	a.StopTimer()
	return n, err
}

// StopTimer gives the Engine all the time that it wants from now on.
func (a *Answer) StopTimer() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

func (a *Answer) Close() error {
	a.StopTimer()
	err := a.Body.Close()
	a.done()
	return err
}

// Records gives the records of the answer and closes it: each element of an
// array, each value of a stream, or the one object. Where member is not "", the
// array is that member of an object.
func (a *Answer) Records(member string) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		defer a.Close()
		split := record.Split
		if a.list {
			split = record.SplitList
		}
		for record, err := range split(a, member) {
			if err != nil {
				err = a.Failure(err)
			} else if err = a.refusal(record); err != nil {
				yield(nil, err)
				return
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// Failure is what an error while reading means.
func (a *Answer) Failure(err error) error {
	var syntax *record.SyntaxError
	var log LogError
	switch {
	case a.ctx.Err() != nil:
		// The reader's complaint is only what the end of the context looks like from below.
		return context.Cause(a.ctx)
	case errors.As(err, &syntax), errors.As(err, &log), errors.Is(err, record.ErrNoList):
		return fmt.Errorf("%s: %w", a.What, err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errCut
	}
	return &LostError{a.What, err}
}

// Records reads the answer to a GET that the Engine gives as soon as it can,
// see [answer.records]. A list that is null is empty.
func (e *Engine) Records(ctx context.Context, path string, query url.Values, member string) record.Seq {
	return e.records(ctx, &url.URL{Path: path, RawQuery: query.Encode()}, member)
}

func (e *Engine) records(ctx context.Context, uri *url.URL, member string) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		a, err := e.DoURI(ctx, http.MethodGet, uri, nil, nil)
		if err != nil {
			yield(nil, err)
			return
		}
		for record, err := range a.Records(member) {
			if string(record) == "null" {
				continue
			}
			if !yield(record, err) || err != nil {
				return
			}
		}
		if !a.begun {
			yield(nil, &LostError{a.What, errCut})
		}
	}
}

// Stream asks for what the Engine tells as it happens.
func (e *Engine) Stream(ctx context.Context, path string, query url.Values) (*Answer, error) {
	a, err := e.get(ctx, path, query)
	if err == nil {
		a.StopTimer()
	}
	return a, err
}

// Now is what the Engine's clock shows, which its header told in whole seconds
// at some time between the request and the header's arrival.
func (a *Answer) Now() (earliest, latest time.Time) {
	now := time.Now()
	if said, err := http.ParseTime(a.Header.Get("Date")); err == nil {
		return said.Add(now.Sub(a.receivedAt)), said.Add(now.Sub(a.sentAt) + time.Second)
	}
	return now, now
}
