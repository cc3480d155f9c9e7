package demo

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	containertypes "github.com/docker/docker/api/types/container"
)

// load is what a container's process pretends to do.
type load struct {
	exits    bool // at once
	exitCode int
	cpu      float64  // cores that it keeps busy
	memory   int64    // bytes
	network  float64  // bytes a second, received
	lines    []string // of its log, over and over; nil is "line 1", "line 2", …
}

// loadOf guesses the load from a command: "exit [CODE]" ends at once, "burn"
// keeps a core busy, "eat BYTES" holds memory; anything else idles.
func loadOf(argv []string) load {
	l := load{cpu: 0.002, memory: 6 << 20, network: 40}
	words := strings.Fields(strings.Join(argv, " "))
	number := func(word string) int {
		i := slices.Index(words, word)
		if i+1 == len(words) {
			return 0
		}
		n, _ := strconv.Atoi(words[i+1])
		return n
	}
	switch {
	case slices.Contains(words, "exit"):
		l.exits, l.exitCode = true, number("exit")
	case slices.Contains(words, "burn"):
		l.cpu = 1
	case slices.Contains(words, "eat"):
		l.memory = int64(number("eat"))
	}
	return l
}

// span is a time in which a container ran; to is zero as long as it does.
type span struct{ from, to time.Time }

func (s span) length(now time.Time) time.Duration {
	if !s.to.IsZero() {
		now = s.to
	}
	return now.Sub(s.from)
}

// ran is how long the container has run since it was started last.
func (ctr *container) ran(now time.Time) (d time.Duration) {
	for _, s := range ctr.spans {
		if !s.from.Before(ctr.started) {
			d += s.length(now)
		}
	}
	return d
}

func (ctr *container) stopClock(now time.Time) {
	if last := len(ctr.spans) - 1; last >= 0 && ctr.spans[last].to.IsZero() {
		ctr.spans[last].to = now
	}
}

func (ctr *container) memory(ran time.Duration) int64 {
	used := int64(float64(ctr.load.memory) * (1 + 0.02*math.Sin(ran.Seconds()/3)))
	if limit := ctr.host.Memory; limit > 0 {
		used = min(used, limit)
	}
	return used
}

// swing grows by about a second a second, by turns faster and slower.
func swing(ran time.Duration) float64 {
	t := ran.Seconds()
	return t + 0.4*math.Sin(t*0.9)
}

// sample is a record of a running container's stats, but for what was before.
func (e *Engine) sample(ctr *container, now time.Time) containertypes.StatsResponse {
	s := containertypes.StatsResponse{Name: "/" + ctr.name, ID: ctr.id}
	if !ctr.running() {
		return s
	}
	ran := ctr.ran(now)
	busy := uint64(ctr.load.cpu * swing(ran) * 1e9)
	used := uint64(ctr.memory(ran))
	file := used / 32
	limit := uint64(memory)
	if ctr.host.Memory > 0 {
		limit = uint64(ctr.host.Memory)
	}
	received := uint64(ctr.load.network * swing(ran))

	s.Read = now
	s.PidsStats = containertypes.PidsStats{Current: 1 + uint64(ctr.load.cpu*20), Limit: 9444}
	s.BlkioStats.IoServiceBytesRecursive = []containertypes.BlkioStatEntry{
		{Major: 8, Op: "read", Value: file &^ 4095}, {Major: 8, Op: "write", Value: uint64(ctr.load.network*2*ran.Seconds()) &^ 4095},
	}
	s.CPUStats = containertypes.CPUStats{
		CPUUsage:    containertypes.CPUUsage{TotalUsage: busy, UsageInKernelmode: busy / 4, UsageInUsermode: busy - busy/4},
		SystemUsage: uint64(now.Sub(e.booted)) * cpus, OnlineCPUs: cpus,
	}
	s.MemoryStats = containertypes.MemoryStats{Usage: used, Limit: limit, Stats: map[string]uint64{
		"active_anon": 4096, "active_file": file / 2, "anon": used - file, "anon_thp": 0, "file": file,
		"file_dirty": 0, "file_mapped": file / 4, "file_writeback": 0, "inactive_anon": used - file,
		"inactive_file": file / 2, "kernel_stack": 65536, "pgactivate": 12, "pgdeactivate": 0,
		"pgfault": 1500 + uint64(ran.Seconds()), "pglazyfree": 0, "pglazyfreed": 0, "pgmajfault": 3, "pgrefill": 0,
		"pgscan": 0, "pgsteal": 0, "shmem": 0, "slab": 250_000, "slab_reclaimable": 150_000, "slab_unreclaimable": 100_000,
		"sock": 0, "thp_collapse_alloc": 0, "thp_fault_alloc": 0, "unevictable": 0,
		"workingset_activate": 0, "workingset_nodereclaim": 0, "workingset_refault": 0,
	}}
	for name := range ctr.networks {
		if nw := e.networkOf(name); nw == nil || nw.Driver != "bridge" {
			continue
		}
		if s.Networks == nil {
			s.Networks = map[string]containertypes.NetworkStats{}
		}
		s.Networks["eth"+strconv.Itoa(len(s.Networks))] = containertypes.NetworkStats{
			RxBytes: received, RxPackets: received / 900, TxBytes: received * 3, TxPackets: received / 700,
		}
	}
	return s
}

// stats sends a sample a second, or one: the second, so that there is one
// before it, unless it is to be a one-shot or there will be no second.
func (e *Engine) stats(c *call) error {
	stream := c.flag("stream") || !c.query.Has("stream")
	oneShot := c.flag("one-shot") && !c.before("1.41")
	e.mu.Lock()
	ctr, err := e.container(c.name)
	e.mu.Unlock()
	if err != nil {
		return err
	}
	if stream && oneShot {
		return fail(400, "cannot have stream=true and one-shot=true")
	}
	if stream {
		c.start()
	} else {
		c.w.Header().Set("Content-Type", "application/json")
	}
	enc := json.NewEncoder(c.w)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var last containertypes.StatsResponse
	for n := 1; ; n++ {
		e.mu.Lock()
		s := e.sample(ctr, c.now())
		e.mu.Unlock()
		idle := s.Read.IsZero()
		if !idle || !oneShot {
			s.PreRead, s.PreCPUStats = last.Read, last.CPUStats
		}
		last = s
		if stream || oneShot || idle || n == 2 {
			if err := enc.Encode(s); err != nil || !stream {
				return nil
			}
			c.flush()
		}
		select {
		case <-tick.C:
		case <-ctr.removed:
			return nil
		case <-c.r.Context().Done():
			return nil
		}
	}
}
