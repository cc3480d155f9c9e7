package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/urfave/cli/v2"
)

func stats() Source {
	return Source{
		Name:    "stats",
		Usage:   "a sample a second of each container, as /containers/{id}/stats has them",
		Args:    "[NAME|ID...]",
		Kind:    "container",
		Filters: true,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "stopped containers too"},
			&cli.BoolFlag{Name: "no-stream", Usage: "one sample of each container, all taken at once"},
		},
		Examples: []string{
			"baleen stats web -q .cpu_stats.cpu_usage",
			"baleen stats -q '{name: name, mem: .memory_stats.usage}'",
			"baleen stats --no-stream -q 'select(.memory_stats.usage > .memory_stats.limit * 0.95)' --restart",
		},
		Live: func(f Values) bool { return !f.Bool("no-stream") },
		Check: func(r Request) error {
			if len(r.Names) > 0 && len(r.Filters) > 0 {
				return &UsageError{"stats takes names or -f, not both"}
			}
			return nil
		},
		Records: func(ctx context.Context, e *Engine, r Request) Records {
			return func(yield func(json.RawMessage, error) bool) {
				inner, cancel := context.WithCancel(ctx)
				s := &sampler{e: e, r: r, samples: make(chan sample), running: map[string]context.CancelFunc{}}
				go s.run(inner)
				defer func() {
					cancel()
					for range s.samples { // lets every goroutine go before the Engine does
					}
				}()
				for {
					m, ok := s.next()
					if !ok && ctx.Err() != nil {
						yield(nil, context.Cause(ctx))
					}
					if !ok || !yield(m.record, m.err) || m.err != nil && Fatal(m.err) {
						return
					}
				}
			}
		},
	}
}

// sampler follows many containers at once. Its channel has no room: a reader
// that is slow slows the Engine down, and nothing piles up in between.
type sampler struct {
	e       *Engine
	r       Request
	samples chan sample
	streams sync.WaitGroup

	mu      sync.Mutex
	running map[string]context.CancelFunc // by container id
}

type sample struct {
	record json.RawMessage
	err    error
}

// next waits only after it has said so.
func (s *sampler) next() (m sample, ok bool) {
	select {
	case m, ok = <-s.samples:
	default:
		s.e.wait()
		m, ok = <-s.samples
	}
	return m, ok
}

func (s *sampler) send(ctx context.Context, record json.RawMessage, err error) bool {
	select {
	case s.samples <- sample{record, err}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *sampler) run(ctx context.Context) {
	defer close(s.samples)
	defer s.streams.Wait()
	if len(s.r.Names) > 0 {
		for _, name := range s.r.Names {
			s.follow(ctx, name, name)
		}
		return
	}
	// The subscription comes first, so that no container starts between it and the list.
	live := !s.r.Flags.Bool("no-stream")
	var events *http.Response
	if live {
		var err error
		q := Filters{"type": {"container"}, "event": {"start", "die", "destroy"}}.put(url.Values{})
		if events, err = s.e.get(ctx, "/events", q); err != nil {
			s.send(ctx, nil, err)
			return
		}
	}
	if err := s.list(ctx, s.r.Filters, s.r.Flags.Bool("all")); err != nil {
		s.send(ctx, nil, err)
		return
	}
	if live {
		s.join(ctx, events)
	}
}

// list follows every container that the Engine lists.
func (s *sampler) list(ctx context.Context, f Filters, all bool) error {
	q := f.put(url.Values{})
	if all {
		q.Set("all", "1")
	}
	for record, err := range s.e.records(ctx, "/containers/json", q, "") {
		if err != nil {
			return err
		}
		id, _ := identify(record)
		s.follow(ctx, id, "")
	}
	return nil
}

// join follows containers as they start and leaves those that end.
func (s *sampler) join(ctx context.Context, events *http.Response) {
	for record, err := range s.e.split(ctx, events, "GET /events", "") {
		if err != nil {
			s.send(ctx, nil, err)
			return
		}
		var event struct {
			Action string
			Actor  struct{ ID string }
		}
		if err := json.Unmarshal(record, &event); err != nil {
			s.send(ctx, nil, fmt.Errorf("GET /events: %w", err))
			return
		}
		switch event.Action {
		case "start":
			err = s.list(ctx, s.r.Filters.with("id", event.Actor.ID), false)
		case "die":
			if !s.r.Flags.Bool("all") {
				s.leave(event.Actor.ID)
			}
		case "destroy":
			s.leave(event.Actor.ID)
		}
		if err != nil && !s.send(ctx, nil, err) {
			return
		}
	}
	if ctx.Err() == nil {
		s.send(ctx, nil, errors.New("GET /events: the Engine ended the stream"))
	}
}

func (s *sampler) leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stop := s.running[id]; stop != nil {
		stop()
		delete(s.running, id)
	}
}

// follow streams one container's samples; name is set where the user gave it.
func (s *sampler) follow(ctx context.Context, id, name string) {
	s.mu.Lock()
	if s.running[id] != nil {
		s.mu.Unlock()
		return
	}
	ctx, s.running[id] = context.WithCancel(ctx)
	s.mu.Unlock()
	s.streams.Go(func() {
		defer s.leave(id)
		if err := s.stream(ctx, id, name); err != nil && ctx.Err() == nil {
			s.send(ctx, nil, err)
		}
	})
}

func (s *sampler) stream(ctx context.Context, id, name string) error {
	path, ok := objectPath("container", id)
	if !ok {
		return &NameError{Name: name, Message: "no such container"}
	}
	q := url.Values{"stream": {"1"}}
	live := !s.r.Flags.Bool("no-stream")
	if !live {
		q.Set("stream", "0")
	}
	for record, err := range s.e.records(ctx, path+"/stats", q, "") {
		if gone(err) {
			if name == "" {
				return nil // it ended between the list and now
			}
			return &NameError{Name: name, Message: "no such container"}
		}
		if err != nil {
			return &streamError{fmt.Errorf("stats of %s: %w", id, err)}
		}
		if !s.send(ctx, slices.Clone(record), nil) {
			return nil
		}
	}
	if live && ctx.Err() == nil {
		// A removed container's stream ends like one that a dying Engine closes.
		if err := s.e.exists(ctx, path); err != nil && !gone(err) {
			return &streamError{fmt.Errorf("stats of %s: %w", id, err)}
		}
	}
	return nil
}

// exists is a 404 *StatusError if the container at path is no more.
func (e *Engine) exists(ctx context.Context, path string) error {
	resp, err := e.get(ctx, path+"/json", nil)
	if err == nil {
		resp.Body.Close()
	}
	return err
}

func gone(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Status == http.StatusNotFound
}

// streamError ends one of several streams; the others go on.
type streamError struct{ error }

func (e *streamError) Unwrap() error { return e.error }

// Fatal is false: the other streams go on.
func (e *streamError) Fatal() bool { return false }
