package follow

import (
	"baleen/source/record"
	"encoding/json"
	"sync"
)

// A queue takes records from the goroutines that read them to the one that uses
// them, so that both can be at work. Records are copied into a buffer, which
// changes hands once a reader is about to wait, or when it is full: nobody waits
// for a record that is there, and readers are never far ahead.
type queue struct {
	idle func() // called before the user waits

	mu      sync.Mutex
	changed sync.Cond
	filling batch
	due     bool // filling may be taken
	closed  bool // no more comes
	stopped bool // no more is wanted
	taken   batch
}

type batch struct {
	text    []byte
	records []queued
}

type queued struct {
	end int // in the text, where the one before it ends
	err error
}

// full is how much text makes a batch full.
const full = 64 << 10

func newQueue(idle func()) *queue {
	q := &queue{idle: idle}
	q.changed.L = &q.mu
	return q
}

// put adds a record or an error, and reports whether more is wanted.
func (q *queue) put(r json.RawMessage, err error) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.filling.text) >= full && !q.stopped {
		q.hand()
		q.changed.Wait()
	}
	q.filling.text = append(q.filling.text, r...)
	q.filling.records = append(q.filling.records, queued{len(q.filling.text), err})
	return !q.stopped
}

// pass hands over what there is. A reader does so before it waits.
func (q *queue) pass() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.filling.records) > 0 {
		q.hand()
	}
}

func (q *queue) hand() {
	q.due = true
	q.changed.Broadcast()
}

// close says that no more comes.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.hand()
}

// stop says that no more is wanted, and waits until it is closed.
func (q *queue) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = true
	for q.changed.Broadcast(); !q.closed; {
		q.changed.Wait()
	}
}

// take waits for a batch, and reports whether there was one more.
func (q *queue) take() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.due {
		q.mu.Unlock()
		q.idle()
		q.mu.Lock()
	}
	for !q.due {
		q.changed.Wait()
	}
	if cap(q.taken.text) > record.KeptOutput {
		q.taken.text = nil
	}
	q.taken, q.filling = q.filling, batch{q.taken.text[:0], q.taken.records[:0]}
	q.due = q.closed
	q.changed.Broadcast()
	return len(q.taken.records) > 0
}

// all gives what was put.
func (q *queue) all(yield func(json.RawMessage, error) bool) {
	for q.take() {
		start := 0
		for _, r := range q.taken.records {
			var text json.RawMessage
			if r.end > start {
				text = q.taken.text[start:r.end:r.end]
			}
			if !yield(text, r.err) {
				return
			}
			start = r.end
		}
	}
}
