package act

import (
	"baleen/source/record"
	"context"
	"fmt"
	"iter"
	"time"
)

// perform acts on targets as they come, parallel at a time, and emits what
// became of them until emit says to stop. Of a stream, a target that comes while
// it is being acted on is acted on once more afterwards: what it came for may
// have happened since.
func (r *Run) perform(ctx context.Context, targets iter.Seq2[Target, error], parallel int, emit func(outcome) bool) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	coming, out := make(chan outcome), make(chan outcome)
	go func() {
		defer close(coming)
		for t, err := range targets {
			select {
			case coming <- outcome{target: t, err: err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	in := coming // nil once no more is taken
	busy, again := map[string]bool{}, map[string]Target{}
	period, _ := record.FlagDuration(r.Flags, "cooldown") // checked before
	rests := cooldown{period: period, until: map[string]rest{}}
	stopped := false // what was remembered is dropped, too
	begin := func(t Target) {
		switch skip, said := rests.begin(t.ID); {
		case said:
		case skip:
			emit(r.skipped(t))
		case r.Live && !r.Limit.take():
			emit(outcome{err: fmt.Errorf("--max %d: reached, no more is done", r.Limit.max)})
			in, stopped = nil, true
		default:
			busy[t.ID] = true
			go func() { out <- r.act(ctx, t) }()
		}
	}
	for in != nil || len(busy) > 0 {
		next := in
		if len(busy) >= parallel {
			next = nil
		}
		select {
		case o, more := <-next:
			switch {
			case !more:
				in = nil
			case o.err != nil:
				if !emit(r.failure(o.err)) {
					in, stopped = nil, true
				}
			case ctx.Err() != nil:
			case busy[o.target.ID]:
				if r.Live {
					again[o.target.ID] = o.target
				}
			default:
				begin(o.target)
			}
		case o := <-out:
			delete(busy, o.target.ID)
			if !emit(o) {
				in, stopped = nil, true
			}
			if t, ok := again[o.target.ID]; ok && !stopped && ctx.Err() == nil {
				delete(again, t.ID)
				begin(t)
			}
		}
	}
}

// skipped is the outcome of a target that was acted on a moment ago.
func (r *Run) skipped(t Target) outcome {
	o := r.outcome(t)
	o.result.Status, o.result.Error = "skipped", "acted on within --cooldown"
	return o
}

// cooldown is when targets may be acted on again.
type cooldown struct {
	period time.Duration
	until  map[string]rest
}

type rest struct {
	end  time.Time
	told bool // that the target was skipped
}

// begin reports whether to skip a target, and whether that was said already in
// this period. Where it is neither, the period begins.
func (c *cooldown) begin(id string) (skip, said bool) {
	if c.period == 0 {
		return false, false
	}
	now := time.Now()
	if r := c.until[id]; now.Before(r.end) {
		c.until[id] = rest{r.end, true}
		return true, r.told
	}
	for other, r := range c.until {
		if !now.Before(r.end) {
			delete(c.until, other)
		}
	}
	c.until[id] = rest{end: now.Add(c.period)}
	return false, false
}
