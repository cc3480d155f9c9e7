package act

import (
	"baleen/source/record"
	"context"
	"sync"
)

// Limit is how many targets may be acted on by all runs together, one for each
// Engine. No run begins before every one has said how many it has; a run that
// fails before has none.
type Limit struct {
	max int // negative for no limit

	mu    sync.Mutex
	open  int           // runs that have not counted
	all   chan struct{} // closed when none is open
	total int
}

// NewLimit allows several runs to act on max targets, on any number if max is negative.
func NewLimit(max, runs int) *Limit {
	return &Limit{max: max, open: runs, all: make(chan struct{})}
}

// LimitFromFlags allows several runs what --max says.
func LimitFromFlags(f record.Flags, runs int) *Limit {
	if !f.IsSet("max") {
		return NewLimit(-1, runs)
	}
	return NewLimit(f.Int("max"), runs)
}

// count adds the targets of one run, and waits for the others. It gives the
// targets of all, and whether these are too many.
func (l *Limit) count(ctx context.Context, targets int) (total int, over bool) {
	if l.max < 0 {
		return 0, false
	}
	l.mu.Lock()
	l.total += targets
	if l.open--; l.open == 0 {
		close(l.all)
	}
	l.mu.Unlock()
	select {
	case <-l.all:
	case <-ctx.Done():
		return targets, true
	}
	return l.total, l.total > l.max
}

// take counts one more target of a live run, and is false if that is too many.
func (l *Limit) take() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.max >= 0 && l.total == l.max {
		return false
	}
	l.total++
	return true
}
