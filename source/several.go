package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"sync"
)

// EngineError is an error of one of several Engines. The others are served.
type EngineError struct {
	Engine string
	Err    error
}

func (e *EngineError) Error() string { return e.Engine + ": " + e.Err.Error() }

func (e *EngineError) Unwrap() error { return e.Err }

// Fatal is false: the other Engines go on.
func (e *EngineError) Fatal() bool { return false }

// Stdin gives standard input. It can be read once only: for several Engines what
// was read is kept, and each gets all of it.
func Stdin(several bool) func() io.Reader {
	if !several {
		return func() io.Reader { return os.Stdin }
	}
	var s shared
	return func() io.Reader { return &sharedReader{s: &s} }
}

type shared struct {
	mu   sync.Mutex
	read []byte
	err  error
}

type sharedReader struct {
	s  *shared
	at int
}

func (r *sharedReader) Read(p []byte) (int, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.at == len(r.s.read) && r.s.err == nil {
		var n int
		n, r.s.err = os.Stdin.Read(p)
		r.s.read = append(r.s.read, p[:n]...)
	}
	n := copy(p, r.s.read[r.at:])
	if r.at += n; n == 0 {
		return 0, r.s.err
	}
	return n, nil
}

// Named gives each record that is an object a first key "Engine" with name,
// unless it has that anywhere.
func Named(name string, records record.Seq) record.Seq {
	quoted := record.Quote(name)
	member := append([]byte(`"Engine":`), quoted...)
	return func(yield func(json.RawMessage, error) bool) {
		var named []byte
		for v, err := range records {
			has := bytes.Contains(v, member) && bytes.Equal(record.Member(v, "Engine"), quoted)
			if len(v) > 1 && v[0] == '{' && !has {
				named = append(append(named[:0], '{'), member...)
				if v[1] != '}' {
					named = append(named, ',')
				}
				named = append(named, v[1:]...)
				v = named
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// Own has a record that has a key "Engine" of its Engine's come with name before
// it: whoever reads the records takes the first for where it came from.
func Own(name string, records record.Seq) record.Seq {
	member := []byte(`"Engine":`)
	rare := member[1:] // a search for a quote, which all records are full of, takes longer
	return func(yield func(json.RawMessage, error) bool) {
		for v, err := range records {
			if bytes.Contains(v, rare) && record.Member(v, "Engine") != nil {
				v = slices.Concat([]byte{'{'}, member, record.Quote(name), []byte(","), v[1:])
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// Several interleaves what each gives of each of many Engines, as it comes. An
// Engine that fails is an [*EngineError] and costs the others nothing. Before
// anything is waited for, idle is called.
func Several(ctx context.Context, engines []*engine.Engine, idle func(), each func(context.Context, *engine.Engine) record.Seq) record.Seq {
	type result struct {
		record json.RawMessage
		err    error
	}
	if len(engines) == 1 {
		return func(yield func(json.RawMessage, error) bool) {
			defer engines[0].Close()
			each(ctx, engines[0])(yield)
		}
	}
	return func(yield func(json.RawMessage, error) bool) {
		inner, cancel := context.WithCancel(ctx)
		results := make(chan result)
		var all sync.WaitGroup
		for _, e := range engines {
			all.Go(func() {
				defer e.Close()
				for record, err := range each(inner, e) {
					if err != nil {
						err = &EngineError{e.Name, err}
					}
					select {
					case results <- result{slices.Clone(record), err}:
					case <-inner.Done():
						return
					}
				}
			})
		}
		go func() {
			all.Wait()
			close(results)
		}()
		defer func() {
			cancel()
			for range results { // lets every goroutine go
			}
		}()
		for {
			var r result
			var more bool
			select {
			case r, more = <-results:
			default:
				idle()
				r, more = <-results
			}
			if !more && ctx.Err() != nil {
				yield(nil, context.Cause(ctx))
			}
			if !more || !yield(r.record, r.err) {
				return
			}
		}
	}
}
