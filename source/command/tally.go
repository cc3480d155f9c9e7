package command

import (
	"fmt"
	"sync"

	"github.com/docker/go-units"
)

// Tally counts what became of the targets of actions.
type Tally struct {
	mu     sync.Mutex
	counts map[string]int
	freed  int64
}

// Count notes the status of one target and how many bytes that frees.
func (t *Tally) Count(status string, freed int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	t.counts[status]++
	t.freed += freed
}

// take says what was counted, and begins anew.
func (t *Tally) take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := fmt.Sprintf("%d done, %d skipped, %d failed", t.counts["done"], t.counts["skipped"], t.counts["failed"])
	verb := "freed"
	if n := t.counts["planned"]; n > 0 {
		text = fmt.Sprintf("%d planned, %s", n, text)
		verb = "freed or planned"
	}
	text += fmt.Sprintf(", %s %s", units.HumanSize(float64(t.freed)), verb)
	t.counts, t.freed = nil, 0
	return text
}
