package sink

import "sync"

// Keyboard is that of the terminal, of which single keys may be read.
type Keyboard struct {
	mu      sync.Mutex
	restore func() // nil if there is nothing to restore
}

// Restore leaves the terminal as it was found.
func (k *Keyboard) Restore() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.restore != nil {
		k.restore()
		k.restore = nil
	}
}
