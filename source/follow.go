package source

import (
	"baleen/source/record"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// follower reads a stream of each of many containers at once.
type follower struct {
	e         *Engine
	what      string // of each container, for messages
	names     []string
	filters   Filters // which containers, where there are no names
	all       bool    // stopped ones too
	live      bool    // those that start later join
	reconnect bool
	leave     []string                                     // events of a container at which its stream is of no more use
	stream    func(ctx context.Context, c container) error // sends what there is of c

	put     func(json.RawMessage, error) bool // takes what is sent
	pass    func()                            // before a stream waits
	streams sync.WaitGroup
	lose    context.CancelCauseFunc // ends the session

	mu      sync.Mutex
	running map[string]*running  // by container id
	named   map[string]container // by id, as far as they are still there
}

// running is a stream that is being read.
type running struct {
	stop  context.CancelFunc
	again bool // the container has started again meanwhile
}

// container is what following one takes to know.
type container struct {
	ID, Name string
	Config   struct{ Tty bool }
	State    struct {
		Status, StartedAt string
		Running           bool
	}
	joined time.Time // a moment before it started, if that was while baleen watched
}

func (f *follower) records(ctx context.Context) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		if len(f.names) == 1 && !f.reconnect {
			f.one(ctx, yield)
			return
		}
		out := newQueue(f.e.wait)
		f.put, f.pass, f.running = out.put, out.pass, map[string]*running{}
		inner, cancel := context.WithCancel(ctx)
		go func() {
			defer out.close()
			f.run(inner)
		}()
		defer out.stop() // lets every goroutine go before the Engine does
		defer cancel()
		for raw, err := range out.all {
			if !yield(raw, err) || err != nil && record.Fatal(err) {
				return
			}
		}
		if ctx.Err() != nil {
			yield(nil, context.Cause(ctx))
		}
	}
}

// one reads the stream of one container, with nothing in between.
func (f *follower) one(ctx context.Context, yield func(json.RawMessage, error) bool) {
	stopped := false
	f.put = func(record json.RawMessage, err error) bool {
		stopped = stopped || !yield(record, err)
		return !stopped
	}
	f.pass = f.e.wait
	c, err := f.e.container(ctx, f.names[0])
	if err == nil {
		err = f.failure(ctx, c, f.stream(ctx, c))
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil && !stopped {
		yield(nil, err)
	}
}

func (f *follower) send(ctx context.Context, record json.RawMessage, err error) bool {
	more := f.put(record, err)
	if err != nil {
		f.pass()
	}
	return more && ctx.Err() == nil
}

// open asks for what is to be sent.
func (f *follower) open(ctx context.Context, path string, query url.Values) (*answer, error) {
	a, err := f.e.stream(ctx, path, query)
	if err == nil {
		a.idle = f.pass
	}
	return a, err
}

func (f *follower) run(ctx context.Context) {
	err := error(nil)
	if f.reconnect {
		err = outlive(ctx, f.what, func(up func()) error { return f.session(ctx, up) }, func(n error) { f.send(ctx, nil, n) })
	} else {
		err = f.session(ctx, func() {})
	}
	if err != nil {
		f.send(ctx, nil, err)
	}
}

// session follows until nothing is left to follow or the Engine is lost.
func (f *follower) session(outer context.Context, up func()) error {
	ctx, lose := context.WithCancelCause(outer)
	f.lose = lose
	defer f.streams.Wait()
	defer lose(nil)
	// The subscription comes first, so that no container starts between it and the list.
	var events *answer
	if f.live && (len(f.names) == 0 || f.reconnect) {
		var err error
		q := Filters{"type": {"container"}, "event": {"start", "die", "destroy", "died", "remove"}}.put(url.Values{}) // Docker's, Podman's
		if events, err = f.e.stream(ctx, "/events", q); err != nil {
			return err
		}
		defer events.Close()
	}
	err := error(nil)
	if len(f.names) > 0 {
		err = f.resolve(ctx)
	} else {
		err = f.list(ctx, f.filters, f.all, time.Time{})
	}
	if err != nil {
		return err
	}
	up()
	if events != nil {
		err = f.join(ctx, events)
	} else {
		f.streams.Wait()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// resolve follows the containers that names mean.
func (f *follower) resolve(ctx context.Context) error {
	first := f.named == nil
	if first {
		f.named = map[string]container{}
		found := make([]container, len(f.names))
		errs := make([]error, len(f.names))
		var asked sync.WaitGroup
		for i, name := range f.names {
			asked.Go(func() { found[i], errs[i] = f.e.container(ctx, name) })
		}
		asked.Wait()
		for i, c := range found {
			switch {
			case errs[i] == nil:
				f.named[c.ID] = c
			case record.Fatal(errs[i]):
				return errs[i]
			case !f.send(ctx, nil, errs[i]):
				return nil
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.named)) {
		f.follow(ctx, f.named[id])
	}
	return nil
}

// list follows every container that the Engine lists.
func (f *follower) list(ctx context.Context, filters Filters, all bool, joined time.Time) error {
	q := filters.put(url.Values{})
	if all {
		q.Set("all", "1")
	}
	for record, err := range f.e.records(ctx, "/containers/json", q, "") {
		if err != nil {
			return err
		}
		c := container{joined: joined}
		var names []string
		c.ID, names = identify(record)
		if c.Name = c.ID; len(names) > 0 {
			c.Name = names[0]
		}
		f.follow(ctx, c)
	}
	return nil
}

// join follows containers as they start and leaves those that end.
func (f *follower) join(ctx context.Context, events *answer) error {
	for record, err := range events.records("") {
		if err != nil {
			return err
		}
		var event struct {
			Action   string
			Actor    struct{ ID string }
			TimeNano int64
		}
		if err := json.Unmarshal(record, &event); err != nil {
			return fmt.Errorf("%s: %w", events.what, err)
		}
		if event.Action == "remove" { // Podman's
			event.Action = "destroy"
		}
		id := event.Actor.ID
		if slices.Contains(f.leave, event.Action) {
			f.stop(id)
		}
		switch {
		case event.Action == "start" && len(f.names) > 0:
			if c, ok := f.named[id]; ok {
				f.follow(ctx, c)
			}
		case event.Action == "start":
			if err := f.list(ctx, f.filters.with("id", id), false, time.Unix(0, event.TimeNano-int64(time.Second))); err != nil {
				return err
			}
		case event.Action == "destroy" && len(f.names) > 0:
			if delete(f.named, id); len(f.named) == 0 {
				return nil
			}
		}
	}
	return &LostError{events.what, errEnded}
}

func (f *follower) stop(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.running[id]; r != nil {
		r.stop()
		delete(f.running, id)
	}
}

// follow reads one container's stream, and once more each time that it has
// started again.
func (f *follower) follow(ctx context.Context, c container) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.running[c.ID]; r != nil {
		r.again = true
		return
	}
	ctx, stop := context.WithCancel(ctx)
	r := &running{stop: stop}
	f.running[c.ID] = r
	f.streams.Go(func() {
		defer stop()
		for more := true; more; more = f.ended(ctx, c.ID, r) {
			if err := f.failure(ctx, c, f.stream(ctx, c)); err != nil && record.Fatal(err) {
				f.lose(err)
			} else if err != nil {
				f.send(ctx, nil, err)
			}
		}
	})
}

// failure is what the end of c's stream means, nil if that is no failure.
func (f *follower) failure(ctx context.Context, c container, err error) error {
	if err == nil || ctx.Err() != nil || gone(err) { // it may end between the list and now
		return nil
	}
	engine := lost(err) && (f.reconnect || lost(f.e.answers(ctx)))
	err = fmt.Errorf("%s of %s: %w", f.what, c.Name, err)
	if engine {
		return err
	}
	return &record.PartError{Err: err}
}

// ended notes that r is over, unless it is to be read again.
func (f *follower) ended(ctx context.Context, id string, r *running) (again bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	again, r.again = r.again && ctx.Err() == nil, false
	if !again && f.running[id] == r {
		delete(f.running, id)
	}
	return again
}

// container looks one up; it is a *NameError if there is none.
func (e *Engine) container(ctx context.Context, name string) (c container, err error) {
	missing := &NameError{Name: name, Message: "no such container"}
	path, ok := objectPath("container", name)
	if !ok {
		return c, missing
	}
	for record, err := range e.records(ctx, path+"/json", nil, "") {
		if gone(err) {
			return c, missing
		}
		if err != nil {
			return c, e.refusal(ctx, "container", name, err)
		}
		if err := json.Unmarshal(record, &c); err != nil {
			return c, fmt.Errorf("GET %s/json: %w", path, err)
		}
		c.Name = c.Name[min(1, len(c.Name)):]
	}
	return c, nil
}

// answers is the error with which the Engine cannot be reached, if it cannot.
func (e *Engine) answers(ctx context.Context) error {
	a, err := e.get(ctx, "/_ping", nil)
	if err == nil {
		a.Close()
	}
	return err
}

// gone reports that there is no such object, or not any more.
func gone(err error) bool {
	var status *StatusError
	var name *NameError
	return errors.As(err, &name) || errors.As(err, &status) && status.Status == http.StatusNotFound
}
