package sink

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/urfave/cli/v2"
)

// UsageError says that the flags cannot be meant.
type UsageError struct{ Message string }

func (e *UsageError) Error() string { return e.Message }

// PrintFlags are the flags that say how results are printed.
func PrintFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT`: ndjson (one result a line) or json (one array)", Value: "ndjson"},
		&cli.BoolFlag{Name: "raw-output", Aliases: []string{"r"}, Usage: "strings without quotes"},
		&cli.BoolFlag{Name: "join-output", Aliases: []string{"j"}, Usage: "like -r, and no newlines"},
		&cli.BoolFlag{Name: "raw-output0", Usage: "like -r, with NUL for newline (xargs -0)"},
		&cli.BoolFlag{Name: "compact-output", Aliases: []string{"c"}, Usage: "one result a line (the default)"},
		&cli.IntFlag{Name: "indent", Usage: "indent by `N` spaces, at most 7"},
		&cli.BoolFlag{Name: "tab", Usage: "indent by tabs"},
		&cli.BoolFlag{Name: "color-output", Aliases: []string{"C"}, Usage: "colour even in a pipe"},
		&cli.BoolFlag{Name: "monochrome-output", Aliases: []string{"M"}, Usage: "no colour"},
	}
}

// Printer writes results as lines. What it is given leaves when it is flushed,
// or when a fair amount has come together; never a part of a line by itself.
type Printer struct {
	w     io.Writer
	f     formatter
	raw   bool
	end   string // after each result
	array bool
	count int

	mu  sync.Mutex // sources flush from their own goroutines
	buf []byte
	err error // of an earlier write
}

// NewPrinter prints to w as f says, in colour if w is a terminal, unless
// NO_COLOR is set; JQ_COLORS changes the colours as it does in jq.
func NewPrinter(w io.Writer, f Flags, terminal bool) (*Printer, error) {
	p := &Printer{w: w, end: "\n", raw: f.Bool("raw-output")}
	switch f.String("output") {
	case "ndjson":
	case "json":
		p.array = true
		p.f.indent = "  "
	default:
		return nil, &UsageError{fmt.Sprintf("--output is ndjson or json, not %q", f.String("output"))}
	}
	if f.Bool("join-output") {
		p.raw, p.end = true, ""
	}
	if f.Bool("raw-output0") {
		p.raw, p.end = true, "\x00"
	}
	if p.array && p.raw {
		return nil, &UsageError{"-o json does not go with -r, -j or --raw-output0"}
	}
	if f.IsSet("indent") {
		n := f.Int("indent")
		if n < 0 || n > 7 {
			return nil, &UsageError{"--indent takes 0 to 7"}
		}
		p.f.indent = "       "[:n]
	}
	if f.Bool("tab") {
		p.f.indent = "\t"
	}
	if f.Bool("compact-output") {
		p.f.indent = ""
	}
	if f.Bool("color-output") || terminal && os.Getenv("NO_COLOR") == "" && !f.Bool("monochrome-output") {
		p.f.colors = parseColors(os.Getenv("JQ_COLORS"))
	}
	return p, nil
}

// flushAt is how much is held at most: a list costs one write per network read,
// not one per record.
const flushAt = 64 << 10

// Print adds one result. Its error is that of a write, now or earlier.
func (p *Printer) Print(result json.RawMessage) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	if p.raw && len(result) > 0 && result[0] == '"' {
		var s string
		if err := json.Unmarshal(result, &s); err != nil {
			return err
		}
		if p.end == "\x00" && bytes.IndexByte([]byte(s), 0) >= 0 {
			return errors.New("--raw-output0: a string holds a NUL")
		}
		p.buf = append(p.buf, s...)
	} else {
		if p.array {
			p.buf = append(p.buf, p.f.between(p.count)...)
		}
		p.buf = p.f.append(p.buf, result, p.array)
	}
	p.count++
	if !p.array {
		p.buf = append(p.buf, p.end...)
	}
	if len(p.buf) >= flushAt {
		return p.flush()
	}
	return nil
}

// Flush sends what there is to the reader.
func (p *Printer) Flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.flush()
}

func (p *Printer) flush() error {
	if p.err == nil && len(p.buf) > 0 {
		_, p.err = p.w.Write(p.buf)
		p.buf = p.buf[:0]
	}
	return p.err
}

// Close ends the output: a JSON array gets its bracket.
func (p *Printer) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.array && p.count == 0 {
		p.buf = append(p.buf, "[]\n"...)
	} else if p.array {
		p.buf = append(p.buf, "\n]\n"...)
	}
	return p.flush()
}
