package follow

import (
	"baleen/source/engine"
	"baleen/source/record"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Follower reads a stream of each of many containers at once.
type Follower struct {
	E         *engine.Engine
	What      string // of each container, for messages
	Names     []string
	Filters   engine.Filters // which containers, where there are no names
	All       bool           // stopped ones too
	Live      bool           // those that start later join
	Reconnect bool
	Leave     []string // events of a container at which its stream is of no more use
	// Stream sends what there is of c through the follower that it is given.
	Stream func(ctx context.Context, f *Follower, c engine.Container) error

	put     func(json.RawMessage, error) bool // takes what is sent
	Pass    func()                            // before a stream waits
	streams sync.WaitGroup
	lose    context.CancelCauseFunc // ends the session

	mu      sync.Mutex
	running map[string]*running         // by container id
	named   map[string]engine.Container // by id, as far as they are still there
}

// running is a stream that is being read.
type running struct {
	stop  context.CancelFunc
	again bool // the container has started again meanwhile
}

// Records gives what the streams send, as it comes.
func (f *Follower) Records(ctx context.Context) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		if len(f.Names) == 1 && !f.Reconnect {
			if c, err := engine.LookUp(ctx, f.E, f.Names[0]); err != nil {
				yield(nil, err)
			} else {
				f.Of(ctx, c)(yield)
			}
			return
		}
		out := newQueue(f.E.Wait)
		f.put, f.Pass, f.running = out.put, out.pass, map[string]*running{}
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

// Of gives what the stream of one container sends.
func (f *Follower) Of(ctx context.Context, c engine.Container) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		stopped := false
		one := &Follower{E: f.E, What: f.What, Names: f.Names, Live: f.Live, Reconnect: f.Reconnect, Stream: f.Stream, Pass: f.Pass}
		if one.Pass == nil {
			one.Pass = f.E.Wait
		}
		one.put = func(v json.RawMessage, err error) bool {
			stopped = stopped || !yield(v, err)
			return !stopped
		}
		err := one.failure(ctx, c, one.Stream(ctx, one, c))
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// Ordered gives what the streams of all containers send, all asked at once, in the
// order of the Engine's list or of the names. They have to end by themselves.
func (f *Follower) Ordered(ctx context.Context) record.Seq {
	type sent struct {
		record json.RawMessage
		err    error
	}
	return func(yield func(json.RawMessage, error) bool) {
		inner, cancel := context.WithCancel(ctx)
		defer cancel()
		containers, ok := f.Containers(ctx, yield)
		if !ok {
			return
		}
		f.Pass = func() {}
		all := make([]chan []sent, len(containers))
		for i, c := range containers {
			all[i] = make(chan []sent, 1)
			go func() {
				var list []sent
				for v, err := range f.Of(inner, c) {
					list = append(list, sent{slices.Clone(v), err})
				}
				all[i] <- list
			}()
		}
		for _, one := range all {
			f.E.Wait()
			for _, s := range <-one {
				if !yield(s.record, s.err) || s.err != nil && record.Fatal(s.err) {
					return
				}
			}
		}
	}
}

// Containers are those that names mean, or that the Engine lists. It yields the
// errors of names, and is false if yield wants no more or nothing is to be had.
func (f *Follower) Containers(ctx context.Context, yield func(json.RawMessage, error) bool) (all []engine.Container, ok bool) {
	if len(f.Names) == 0 {
		q := f.Filters.Put(url.Values{})
		if f.All {
			q.Set("all", "1")
		}
		for v, err := range f.E.List(ctx, "/containers/json", q) {
			var is record.Identity
			if err == nil {
				is, err = record.Identify(v)
			}
			if err != nil {
				yield(nil, err)
				return nil, false
			}
			all = append(all, engine.Container{ID: is.ID, Name: cmp.Or(is.Name, is.ID)})
		}
		return all, true
	}
	found, errs := f.lookUp(ctx)
	for i, c := range found {
		switch {
		case errs[i] != nil:
			if !yield(nil, errs[i]) || record.Fatal(errs[i]) {
				return nil, false
			}
		case !slices.ContainsFunc(all, func(other engine.Container) bool { return other.ID == c.ID }):
			all = append(all, c)
		}
	}
	return all, true
}

// lookUp asks for all names at once.
func (f *Follower) lookUp(ctx context.Context) (found []engine.Container, errs []error) {
	found, errs = make([]engine.Container, len(f.Names)), make([]error, len(f.Names))
	var asked sync.WaitGroup
	for i, name := range f.Names {
		asked.Go(func() { found[i], errs[i] = engine.LookUp(ctx, f.E, name) })
	}
	asked.Wait()
	return found, errs
}

// Send passes a record or an error on, and reports whether more is wanted.
func (f *Follower) Send(ctx context.Context, record json.RawMessage, err error) bool {
	more := f.put(record, err)
	if err != nil {
		f.Pass()
	}
	return more && ctx.Err() == nil
}

// Open asks for what is to be sent.
func (f *Follower) Open(ctx context.Context, path string, query url.Values) (*engine.Answer, error) {
	a, err := f.E.Stream(ctx, path, query)
	if err == nil {
		a.Idle = f.Pass
	}
	return a, err
}

func (f *Follower) run(ctx context.Context) {
	err := error(nil)
	if f.Reconnect {
		err = engine.Outlive(ctx, f.What, func(up func()) error { return f.session(ctx, up) }, func(n error) { f.Send(ctx, nil, n) })
	} else {
		err = f.session(ctx, func() {})
	}
	if err != nil {
		f.Send(ctx, nil, err)
	}
}

// session follows until nothing is left to follow or the Engine is lost.
func (f *Follower) session(outer context.Context, up func()) error {
	ctx, lose := context.WithCancelCause(outer)
	f.lose = lose
	defer f.streams.Wait()
	defer lose(nil)
	// The subscription comes first, so that no container starts between it and the list.
	var events *engine.Answer
	if f.Live && (len(f.Names) == 0 || f.Reconnect) {
		var err error
		q := engine.Filters{"type": {"container"}, "event": {"start", "die", "destroy", "died", "remove"}}.Put(url.Values{}) // Docker's, Podman's
		if events, err = f.E.Stream(ctx, "/events", q); err != nil {
			return err
		}
		defer events.Close()
	}
	err := error(nil)
	if len(f.Names) > 0 {
		err = f.resolve(ctx)
	} else {
		err = f.list(ctx, f.Filters, f.All, time.Time{})
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
func (f *Follower) resolve(ctx context.Context) error {
	first := f.named == nil
	if first {
		f.named = map[string]engine.Container{}
		found, errs := f.lookUp(ctx)
		for i, c := range found {
			switch {
			case errs[i] == nil:
				f.named[c.ID] = c
			case record.Fatal(errs[i]):
				return errs[i]
			case !f.Send(ctx, nil, errs[i]):
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
func (f *Follower) list(ctx context.Context, filters engine.Filters, all bool, joined time.Time) error {
	q := filters.Put(url.Values{})
	if all {
		q.Set("all", "1")
	}
	for v, err := range f.E.List(ctx, "/containers/json", q) {
		if err != nil {
			return err
		}
		is, err := record.Identify(v)
		if err != nil {
			return err
		}
		f.follow(ctx, engine.Container{ID: is.ID, Name: cmp.Or(is.Name, is.ID), Joined: joined})
	}
	return nil
}

// join follows containers as they start and leaves those that end.
func (f *Follower) join(ctx context.Context, events *engine.Answer) error {
	for record, err := range events.Records("") {
		if err != nil {
			return err
		}
		var event struct {
			Action   string
			Actor    struct{ ID string }
			TimeNano int64
		}
		if err := json.Unmarshal(record, &event); err != nil {
			return fmt.Errorf("%s: %w", events.What, err)
		}
		if event.Action == "remove" { // Podman's
			event.Action = "destroy"
		}
		id := event.Actor.ID
		if slices.Contains(f.Leave, event.Action) {
			f.stop(id)
		}
		switch {
		case event.Action == "start" && len(f.Names) > 0:
			if c, ok := f.named[id]; ok {
				f.follow(ctx, c)
			}
		case event.Action == "start":
			if err := f.list(ctx, f.Filters.With("id", id), false, time.Unix(0, event.TimeNano-int64(time.Second))); err != nil {
				return err
			}
		case event.Action == "destroy" && len(f.Names) > 0:
			if delete(f.named, id); len(f.named) == 0 {
				return nil
			}
		}
	}
	return &engine.LostError{What: events.What, Err: engine.ErrEnded}
}

func (f *Follower) stop(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.running[id]; r != nil {
		r.stop()
		delete(f.running, id)
	}
}

// follow reads one container's stream, and once more each time that it has
// started again.
func (f *Follower) follow(ctx context.Context, c engine.Container) {
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
			if err := f.failure(ctx, c, f.Stream(ctx, f, c)); err != nil && record.Fatal(err) {
				f.lose(err)
			} else if err != nil {
				f.Send(ctx, nil, err)
			}
		}
	})
}

// failure is what the end of c's stream means, nil if that is no failure.
func (f *Follower) failure(ctx context.Context, c engine.Container, err error) error {
	if err == nil || ctx.Err() != nil || engine.Gone(err) { // it may end between the list and now
		return nil
	}
	engine := engine.Lost(err) && (f.Reconnect || engine.Lost(f.E.Answers(ctx)))
	err = fmt.Errorf("%s of %s: %w", f.What, c.Name, err)
	if engine {
		return err
	}
	return &record.PartError{Err: err}
}

// ended notes that r is over, unless it is to be read again.
func (f *Follower) ended(ctx context.Context, id string, r *running) (again bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	again, r.again = r.again && ctx.Err() == nil, false
	if !again && f.running[id] == r {
		delete(f.running, id)
	}
	return again
}
