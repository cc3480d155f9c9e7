package print

import (
	"baleen/sink"
	"baleen/source/record"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/go-units"
)

// Progress shows on the last lines of a terminal what takes long. A nil one
// shows nothing.
type Progress struct {
	w    io.Writer
	size func() (columns, lines int)
	done chan struct{}

	mu    sync.Mutex
	begun bool
	drawn int // lines on the terminal

	action, kind string
	total        int // targets; 0 if it is not known
	counts       map[string]int
	freed        int64

	layers layers
}

const (
	patience = 500 * time.Millisecond // before anything is shown
	redraw   = 100 * time.Millisecond
)

// NewProgress shows progress on a terminal of a size; where that is nil there is
// no terminal, and it gives nil, as it does for a dumb one.
func NewProgress(w io.Writer, size func() (columns, lines int)) *Progress {
	if size == nil || sink.Dumb() {
		return nil
	}
	return &Progress{w: w, size: size, done: make(chan struct{}), counts: map[string]int{}}
}

// Beside gives a writer to w, on the same terminal, that keeps clear of what is shown.
func (p *Progress) Beside(w io.Writer) io.Writer {
	if p == nil {
		return w
	}
	return besides{p, w}
}

type besides struct {
	p *Progress
	w io.Writer
}

func (b besides) Write(text []byte) (int, error) {
	b.p.mu.Lock()
	defer b.p.mu.Unlock()
	b.p.clear()
	return b.w.Write(text)
}

// begin shows what there is from now on, once it has taken long. With p.mu.
func (p *Progress) begin() {
	if p.begun {
		return
	}
	p.begun = true
	go func() {
		for wait := patience; ; wait = redraw {
			select {
			case <-time.After(wait):
				p.mu.Lock()
				p.draw()
				p.mu.Unlock()
			case <-p.done:
				return
			}
		}
	}()
}

func (p *Progress) clear() {
	if p.drawn > 1 {
		fmt.Fprintf(p.w, "\x1b[%dA", p.drawn-1)
	}
	if p.drawn > 0 {
		io.WriteString(p.w, "\r\x1b[J")
	}
	p.drawn = 0
}

func (p *Progress) draw() {
	select {
	case <-p.done:
		return
	default:
	}
	columns, height := p.size()
	lines := p.layers.lines(height - 1)
	if p.action != "" {
		lines = append(lines, p.bar())
	}
	for i, line := range lines {
		lines[i] = sink.Cut(line, columns-1)
	}
	p.clear()
	io.WriteString(p.w, strings.Join(lines, "\n"))
	p.drawn = len(lines)
}

func (p *Progress) bar() string {
	var done int
	for _, n := range p.counts {
		done += n
	}
	if p.total == 0 {
		return p.summary()
	}
	return fmt.Sprintf("%s %s %d/%d %s", p.action, meter(int64(done), int64(p.total)), done, p.total, plural(p.kind, p.total))
}

// Act notes that an action goes on; total is how many targets it has, 0 if that
// is not known.
func (p *Progress) Act(action, kind string, total int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.action, p.kind, p.total = action, kind, total
	p.begin()
}

// Count notes what became of a target, and how many bytes that frees.
func (p *Progress) Count(status string, freed int64) {
	if p == nil || status == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[status]++
	p.freed += freed
}

// summary says what was done: delete: 12 images done, 1 failed; up to 3.2GB freed.
func (p *Progress) summary() string {
	var parts []string
	for _, status := range []string{"done", "planned", "skipped", "failed"} {
		n := p.counts[status]
		if n == 0 && (status != "done" || len(p.counts) > 0) {
			continue
		}
		what := fmt.Sprintf("%d %s", n, status)
		if len(parts) == 0 {
			what = fmt.Sprintf("%d %s %s", n, plural(p.kind, n), status)
		}
		parts = append(parts, what)
	}
	line := p.action + ": " + strings.Join(parts, ", ")
	if p.freed > 0 {
		// Layers may be shared with what stays.
		line += fmt.Sprintf("; up to %s freed", units.HumanSize(float64(p.freed)))
	}
	return line
}

func plural(noun string, n int) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// Close clears the terminal, and says last what an action has done.
func (p *Progress) Close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.done)
	p.clear()
	if p.action != "" {
		fmt.Fprintf(p.w, "baleen: %s\n", p.summary())
	}
}

// Layers shows the progress messages among the records of a pull, a line for
// each layer. Those come no further if swallow says so.
func (p *Progress) Layers(records record.Seq, swallow bool) record.Seq {
	if p == nil {
		return records
	}
	return func(yield func(json.RawMessage, error) bool) {
		for record, err := range records {
			if err == nil && p.layer(record) && swallow {
				continue
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// layer notes a message, and reports whether it is about a layer.
func (p *Progress) layer(record json.RawMessage) bool {
	var m layer
	if json.Unmarshal(record, &m) != nil || m.ID == "" || m.Error != "" || strings.HasPrefix(m.Status, "Pulling from") {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begin()
	if i := slices.IndexFunc(p.layers, func(l layer) bool { return l.ID == m.ID }); i >= 0 {
		p.layers[i] = m
	} else {
		p.layers = append(p.layers, m)
	}
	return true
}

// layer is a progress message of a pull.
type layer struct {
	ID             string
	Status         string
	Error          string
	ProgressDetail struct{ Current, Total int64 }
}

type layers []layer

// lines are as many as there is room for: those that are complete go first.
func (l layers) lines(room int) (lines []string) {
	l = slices.Clone(l)
	for i := 0; i < len(l) && len(l) > room; {
		if l[i].Status == "Pull complete" || l[i].Status == "Already exists" {
			l = slices.Delete(l, i, i+1)
		} else {
			i++
		}
	}
	for _, m := range l[:min(len(l), max(room, 0))] {
		line := sink.Visible(m.ID+": "+m.Status, "")
		if d := m.ProgressDetail; d.Total > 0 {
			line += fmt.Sprintf(" %s %s/%s", meter(d.Current, d.Total), units.HumanSize(float64(d.Current)), units.HumanSize(float64(d.Total)))
		}
		lines = append(lines, line)
	}
	return lines
}

// meter draws how much of total is done.
func meter(done, total int64) string {
	const width = 30
	n := min(max(0, int(float64(done)/float64(max(total, 1))*width)), width)
	return "[" + strings.Repeat("=", max(n-1, 0)) + strings.Repeat(">", min(n, 1)) + strings.Repeat(" ", width-n) + "]"
}
