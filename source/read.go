package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/urfave/cli/v2"
)

func read() Source {
	return Source{
		Name:  "read",
		Usage: "each JSON value in files or standard input; with -R each line as a string",
		Args:  "[FILE...]",
		Kind:  "any",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "raw-input", Aliases: []string{"R"}, Usage: "each line is a string, as in jq"},
			&cli.StringFlag{Name: "kind", Usage: "what actions act on: `KIND` is image, container, volume or network"},
		},
		Examples: []string{
			"baleen images | grep legacy | baleen read --kind image --delete",
			"docker ps -q | baleen read -R --kind container --stop",
		},
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			names := r.Names
			if len(names) == 0 {
				names = []string{"-"}
			}
			from := values
			if r.Flags.Bool("raw-input") {
				from = lines
			}
			var text []byte // of all files, for -Rs
			slurps := r.Flags.Bool("raw-input") && r.Flags.Bool("slurp")
			if slurps {
				from = func(in io.Reader) record.Seq {
					return func(yield func(json.RawMessage, error) bool) {
						more, err := io.ReadAll(in)
						if text = append(text, more...); err != nil {
							yield(nil, err)
						}
					}
				}
			}
			return func(yield func(json.RawMessage, error) bool) {
				for _, name := range names {
					if !readFile(ctx, e, r, name, from, yield) {
						return
					}
				}
				if slurps {
					yield(record.Quote(string(text)), nil)
				}
			}
		},
	}
}

// readFile yields what from finds in one file, and reports whether to go on
// with the next. Before an action, a file that cannot be read ends the stream:
// what it held is not known.
func readFile(ctx context.Context, e *engine.Engine, r Request, name string, from func(io.Reader) record.Seq, yield func(json.RawMessage, error) bool) bool {
	in := r.Stdin()
	if name == "-" {
		name = os.Stdin.Name()
	} else {
		f, err := os.Open(name)
		if err != nil && !r.Flags.IsSet("kind") {
			return yield(nil, &record.PartError{Err: err})
		}
		if err != nil {
			yield(nil, err)
			return false
		}
		defer f.Close()
		in = f
	}
	for raw, err := range from(&waiting{&interruptible{ctx, in}, e.Wait}) {
		if err != nil && ctx.Err() == nil {
			err = fmt.Errorf("%s: %w%s", name, err, notJSON(err))
		}
		other := ""
		if err == nil && (len(r.Engines) > 1 || r.Flags.IsSet("kind")) { // or it is acted on
			other = origin(raw)
		}
		switch {
		case other == "" || other == e.Name:
			if !yield(raw, err) || err != nil {
				return false
			}
		case e == r.Engines[0] && !slices.ContainsFunc(r.Engines, func(e *engine.Engine) bool { return e.Name == other }): // said once
			if !yield(nil, &record.PartError{Err: fmt.Errorf("%s: a record is of the Engine %s, which was not named", name, other)}) {
				return false
			}
		}
	}
	return true
}

// notJSON is the hint to what reads lines that are not JSON.
func notJSON(err error) string {
	var syntax *record.SyntaxError
	if errors.As(err, &syntax) {
		return "\n-R reads each line as a string: docker ps -q | baleen read -R --kind container"
	}
	return ""
}

// origin is the Engine that a record says it came from, and goes back to: baleen
// puts it before a key of that name that is the Engine's own.
func origin(v json.RawMessage) string {
	for key, value := range record.Members(v) {
		if key == "Engine" && value[0] == '"' {
			return record.Text(value)
		}
	}
	return ""
}

// values gives each JSON value that r holds.
func values(r io.Reader) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		s := record.NewScanner(r)
		if c, _ := s.Peek(); c == 0xEF { // the byte order mark that editors on Windows put first
			s.Literal("\ufeff")
		}
		for {
			v, err := s.Value()
			if err == io.EOF || !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// lines gives each line that r holds as a JSON string, without its newline.
func lines(r io.Reader) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		in := bufio.NewReaderSize(r, record.Chunk)
		var line, raw []byte
		for {
			part, err := in.ReadSlice('\n')
			if err == bufio.ErrBufferFull {
				line = append(line, part...)
				continue
			}
			if len(line) > 0 {
				line = append(line, part...)
				part = line
			}
			if len(part) > 0 {
				if cap(raw) > record.KeptOutput {
					raw = nil
				}
				raw, _ = jsontext.AppendQuote(raw[:0], bytes.TrimSuffix(part, []byte("\n"))) // what is not UTF-8 becomes U+FFFD
				if line = line[:0]; cap(line) > record.KeptOutput {
					line = nil
				}
				if !yield(raw, nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// waiting tells when a read may have to wait.
type waiting struct {
	io.Reader
	wait func()
}

func (w *waiting) Read(p []byte) (int, error) {
	w.wait()
	return w.Reader.Read(p)
}

// interruptible ends a read with its context, which a read of a terminal or a
// pipe does not do by itself; the abandoned read goes with the process.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i *interruptible) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	buf, done := make([]byte, len(p)), make(chan result, 1)
	go func() {
		n, err := i.r.Read(buf)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return copy(p, buf[:r.n]), r.err
	case <-i.ctx.Done():
		return 0, context.Cause(i.ctx)
	}
}
