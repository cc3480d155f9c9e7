package print

import (
	"baleen/source/record"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"
)

// PrintFlags are the flags that say how results are printed.
func PrintFlags() []cli.Flag {
	var outputs []string
	for _, o := range Outputs() {
		outputs = append(outputs, o.Name+" ("+o.Usage+")")
	}
	return []cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT`: " + strings.Join(outputs, ", "), Value: Outputs()[0].Name},
		&cli.BoolFlag{Name: "table", Aliases: []string{"t"}, Usage: "-o table"},
		&cli.StringFlag{Name: "columns", Usage: "`A,B,C`: these columns in this order: the source's own, or paths of the record (Labels.team)"},
		&cli.StringFlag{Name: "sort", Usage: "rows of a table, csv or tsv by `COLUMN`; -COLUMN for descending"},
		&cli.BoolFlag{Name: "no-headers", Usage: "tables, csv and tsv without a header"},
		&cli.BoolFlag{Name: "raw-output", Aliases: []string{"r"}, Usage: "strings without quotes"},
		&cli.BoolFlag{Name: "join-output", Aliases: []string{"j"}, Usage: "like -r, and no newlines"},
		&cli.BoolFlag{Name: "raw-output0", Usage: "like -r, with NUL for newline (xargs -0)"},
		&cli.BoolFlag{Name: "ascii-output", Usage: "characters outside of ASCII as escapes"},
		&cli.BoolFlag{Name: "seq", Usage: "the ASCII character RS before each result"},
		&cli.BoolFlag{Name: "unbuffered", Usage: "taken as jq takes it: results never wait in a buffer"},
		&cli.BoolFlag{Name: "compact-output", Aliases: []string{"c"}, Usage: "one result a line (the default)"},
		&cli.IntFlag{Name: "indent", Usage: "indent by `N` spaces, at most 7"},
		&cli.BoolFlag{Name: "tab", Usage: "indent by tabs"},
		&cli.StringFlag{Name: "webhook", Usage: "also send each result to `URL`, as a POST of JSON"},
		&cli.BoolFlag{Name: "color-output", Aliases: []string{"C"}, Usage: "colour even in a pipe"},
		&cli.BoolFlag{Name: "monochrome-output", Aliases: []string{"M"}, Usage: "no colour"},
	}
}

// Printer writes results as an output lays them out. What it is given leaves
// when it is flushed, or when a fair amount has come together; never a part of
// a line by itself.
type Printer struct {
	w io.Writer
	e encoder

	mu    sync.Mutex // sources flush from their own goroutines
	buf   []byte
	err   error       // of an earlier write
	timer *time.Timer // writes what the encoder holds; nil if it is not due

	webhook *webhook // nil for none

	Engines bool                        // each row names its Engine
	Screen  bool                        // the terminal is drawn anew with each result
	rows    func(record.Seq) record.Seq // nil for the results as they are
}

// newPrinter prints on page as o and the flags say.
func newPrinter(o Output, page Page, f record.Flags) (*Printer, error) {
	for _, name := range []string{"raw-output", "join-output", "raw-output0", "compact-output", "indent", "tab", "ascii-output", "seq"} {
		if !o.JSON && f.IsSet(name) {
			return nil, &record.UsageError{Message: fmt.Sprintf("--%s does not go with -o %s", name, o.Name)}
		}
	}
	page.Headless = f.Bool("no-headers")
	if !o.Rows || o.Name == "chart" {
		for _, name := range []string{"sort", "no-headers"} {
			if f.IsSet(name) {
				return nil, &record.UsageError{Message: fmt.Sprintf("--%s goes with tables, csv and tsv, not with -o %s", name, o.Name)}
			}
		}
	}
	e, err := o.New(page, f)
	p := &Printer{w: page.W, e: e, Screen: e.screen}
	if err == nil && f.IsSet("webhook") {
		p.webhook, err = newWebhook(f.String("webhook"))
	}
	return p, err
}

const (
	// flushAt is how much is buffered at most: a list costs one write per
	// network read, not one per record.
	flushAt = 64 << 10
	// holdFor is how long an encoder may hold results back to see more.
	holdFor = 200 * time.Millisecond
)

// Print adds one result. Its error is that of a write, now or earlier.
func (p *Printer) Print(result json.RawMessage) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	if p.webhook != nil {
		p.webhook.add(result)
	}
	if p.e.through != nil && len(result) > 1<<20 { // one that large is not copied
		if before, after, ok := p.e.through(result); ok {
			p.buf = append(p.buf, before...)
			if p.write() == nil {
				_, p.err = p.w.Write(result)
			}
			p.buf = append(p.buf, after...)
			return p.write()
		}
	}
	buf, err := p.e.add(p.buf, result)
	if err != nil {
		return err
	}
	p.buf = buf
	if len(p.buf) >= flushAt {
		return p.write()
	}
	return nil
}

// Flush sends what there is to the reader.
func (p *Printer) Flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.e.held != nil && p.timer == nil {
		p.timer = time.AfterFunc(holdFor, p.writeHeld)
	}
	return p.write()
}

// holds reports whether results are kept back.
func (p *Printer) holds() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.e.holds != nil && p.e.holds()
}

func (p *Printer) writeHeld() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil { // not closed meanwhile
		p.timer = nil
		p.buf = p.e.held(p.buf)
		p.write()
	}
}

func (p *Printer) write() error {
	if p.err == nil && len(p.buf) > 0 {
		_, p.err = p.w.Write(p.buf)
		p.buf = p.buf[:0]
	}
	return p.err
}

// Close ends the output: what was held back comes, a JSON array gets its bracket.
func (p *Printer) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if p.e.held != nil {
		p.buf = p.e.held(p.buf)
		p.e.held = nil // a source that still flushes is late
	}
	if p.e.end != nil {
		p.buf = p.e.end(p.buf)
	}
	err := p.write()
	if p.webhook != nil {
		err = errors.Join(err, p.webhook.close())
		p.webhook = nil
	}
	return err
}
