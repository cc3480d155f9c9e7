package print

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"
)

// tty is a terminal that tells what was written to it.
type tty struct {
	mu   sync.Mutex
	b    bytes.Buffer
	news *sync.Cond
}

func newTTY() *tty {
	t := &tty{}
	t.news = sync.NewCond(&t.mu)
	return t
}

func (t *tty) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.news.Broadcast()
	return t.b.Write(p)
}

func (t *tty) size() (columns, lines int) { return 80, 4 }

// waitFor waits for text after what was seen before, and gives all up to it.
func (t *tty) waitFor(text string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer time.AfterFunc(10*time.Second, func() { panic("the terminal never shows " + text) }).Stop()
	for {
		if before, after, ok := strings.Cut(t.b.String(), text); ok {
			t.b.Reset()
			t.b.WriteString(after)
			return before
		}
		t.news.Wait()
	}
}

func TestLayers(t *testing.T) {
	screen := newTTY()
	p := NewProgress(screen, screen.size)
	messages := func(yield func(json.RawMessage, error) bool) {
		for _, m := range []string{
			`{"status":"Pulling from library/app","id":"1.27"}`,
			`{"status":"Already exists","progressDetail":{},"id":"aaaa"}`,
			`{"status":"Downloading","progressDetail":{"current":1,"total":2000000},"id":"bbbb"}`,
			`{"status":"Downloading","progressDetail":{"current":1500000,"total":3000000},"id":"cccc"}`,
			`{"status":"Downloading","progressDetail":{"current":2000000,"total":2000000},"id":"bbbb"}`,
			`{"status":"Waiting\u001b[2J","progressDetail":{},"id":"dddd"}`,
		} {
			yield(json.RawMessage(m), nil)
		}
		// Three lines of the four that the terminal has: a layer that is complete gives way.
		if before := screen.waitFor("bbbb: Downloading [=============================>] 2MB/2MB\n"); before != "" {
			t.Errorf("drawn before: %q", before)
		}
		screen.waitFor("cccc: Downloading [==============>               ] 1.5MB/3MB\n")
		screen.waitFor("dddd: Waiting^[[2J")
		yield(json.RawMessage(`{"status":"Status: done"}`), nil)
		yield(json.RawMessage(`{"status":"Pull complete","progressDetail":{},"id":"bbbb"}`), nil)
		screen.waitFor("bbbb: Pull complete\n")
	}
	var passed []string
	for record := range p.Layers(messages, true) {
		passed = append(passed, string(record))
		if len(passed) == 2 {
			p.Beside(screen).Write([]byte("a line\n"))
			screen.waitFor("\x1b[2A\r\x1b[Ja line\n")
		}
	}
	p.Close()
	if got := strings.Join(passed, "\n"); got != `{"status":"Pulling from library/app","id":"1.27"}`+"\n"+`{"status":"Status: done"}` {
		t.Errorf("went on:\n%s", got)
	}
	screen.waitFor("\x1b[2A\r\x1b[J")
	if rest := screen.b.String(); rest != "" {
		t.Errorf("after the end: %q", rest)
	}
}

func TestNoTerminalNoProgress(t *testing.T) {
	p := NewProgress(nil, nil)
	for range p.Layers(func(yield func(json.RawMessage, error) bool) { yield(json.RawMessage(`{"id":"a","status":"x"}`), nil) }, true) {
	}
	p.Act("delete", "image", 1)
	p.Count("done", 0)
	p.Close()
}

func TestSummary(t *testing.T) {
	screen := newTTY()
	p := NewProgress(screen, screen.size)
	p.Act("delete", "volume", 3)
	p.Count("done", 1)
	p.Count("failed", 0)
	p.Count("skipped", 0)
	p.Close()
	if got := screen.b.String(); got != "baleen: delete: 1 volume done, 1 skipped, 1 failed; up to 1B freed\n" {
		t.Error(got)
	}
}
