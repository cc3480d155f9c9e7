package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"iter"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// logLine is one line of a log, without its newline, valid until the next.
type logLine struct {
	stream  byte   // 1 for standard output, 2 for standard error
	time    []byte // as the Engine gave it
	text    []byte
	partial bool // it goes on with a line of which earlier parts were given
}

func (l logLine) appendRecord(b []byte) []byte {
	b = append(b, `,"stream":"`...)
	b = append(b, [...]string{"stdin", "stdout", "stderr"}[l.stream]...)
	b = append(b, `","time":`...)
	b, _ = jsontext.AppendQuote(b, l.time)
	b = append(b, `,"line":`...)
	b, _ = jsontext.AppendQuote(b, l.text) // what is not UTF-8 becomes U+FFFD
	if l.partial {
		b = append(b, `,"partial":true`...)
	}
	return append(b, '}')
}

const (
	piece   = 16 << 10 // bytes of a line that the Engine's log drivers keep together
	longest = 1 << 20  // bytes of a line that come in one record
)

// logLines cuts a log with time stamps into lines: with a terminal plain text,
// else frames, each with a header that says of which stream and how long it is.
// A line longer than piece comes in pieces, each with a time stamp, and one
// longer than longest is given in parts.
func logLines(r io.Reader, tty bool) iter.Seq2[logLine, error] {
	return func(yield func(logLine, error) bool) {
		in := bufio.NewReaderSize(r, record.Chunk)
		next := func(yield func(logLine, error) bool) error { return frames(in, yield) }
		if tty {
			next = func(yield func(logLine, error) bool) error { return plain(in, yield) }
		}
		if err := next(yield); err != nil {
			yield(logLine{}, err)
		}
	}
}

// openLine is a line that is not complete.
type openLine struct {
	text    bytes.Buffer
	stamp   []byte
	begun   bool
	more    bool // the last piece was a full one: what comes next goes on with it
	partial bool // parts of it were given
}

// give yields what there is of the line, and reports whether to go on.
func (o *openLine) give(stream byte, ended bool, yield func(logLine, error) bool) bool {
	if stream == 3 && ended {
		yield(logLine{}, engine.LogError(record.OneLine(o.text.String())))
		return false
	}
	ok := yield(logLine{stream, o.stamp, o.text.Bytes(), o.partial}, nil)
	o.partial = !ended
	o.begun, o.more = !ended, o.more && !ended
	if o.text.Reset(); o.text.Cap() > record.KeptOutput {
		o.text = bytes.Buffer{}
	}
	return ok
}

// add takes text without a newline.
func (o *openLine) add(text []byte) {
	o.text.Write(text)
	o.begun = true
}

// frames yields the lines of a log with headers until yield says to stop.
func frames(in *bufio.Reader, yield func(logLine, error) bool) error {
	var header [8]byte
	var open [4]openLine // of each stream
	payload := make([]byte, 0, piece+64)
	for {
		if _, err := io.ReadFull(in, header[:]); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		stream, size := header[0], int64(binary.BigEndian.Uint32(header[4:]))
		if int(stream) >= len(open) || header[1]|header[2]|header[3] != 0 {
			return engine.LogError("this is no log")
		}
		o := &open[stream]
		length, first := 0, true // of the piece that stands last in the frame
		for size > 0 {
			n := min(size, longest)
			payload = slices.Grow(payload[:0], int(n))[:n]
			if _, err := io.ReadFull(in, payload); err != nil {
				return cmp.Or(map[bool]error{true: io.ErrUnexpectedEOF}[err == io.EOF], err)
			}
			size -= n
			for rest := payload; len(rest) > 0; {
				if first {
					stamp, text := cutTime(rest)
					if o.begun && !o.more && !o.give(stream, true, yield) {
						return nil
					}
					if rest = text; !o.begun {
						o.stamp = append(o.stamp[:0], stamp...)
						o.begun = true
					}
					length, first = 0, false
				}
				i := bytes.IndexByte(rest, '\n')
				if i < 0 {
					o.add(rest)
					length += len(rest)
					break
				}
				o.add(rest[:i])
				if rest, first = rest[i+1:], true; !o.give(stream, true, yield) {
					return nil
				}
			}
			if o.text.Len() >= longest && !o.give(stream, false, yield) {
				return nil
			}
		}
		o.more = !first && length == piece
	}
	for stream := range open {
		if o := &open[stream]; o.begun && (o.text.Len() > 0 || !o.partial) && !o.give(byte(stream), true, yield) {
			return nil
		}
	}
	return nil
}

// plain yields the lines of a terminal until yield says to stop. In a line that is
// longer than a piece a time stamp stands between the pieces.
func plain(in *bufio.Reader, yield func(logLine, error) bool) error {
	var line []byte // what has come of the line and is not in open yet
	var open openLine
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return err
		}
		ended := err != bufio.ErrBufferFull
		if !open.begun && len(line) > 0 && (ended || len(line) >= stampSize) {
			stamp, rest := cutTime(line)
			open.stamp, open.begun = append(open.stamp[:0], stamp...), true
			line = append(line[:0], rest...)
		}
		text := line
		if ended {
			text = bytes.TrimSuffix(line, []byte("\n"))
		}
		for len(text) > piece && (ended || len(text) > piece+stampSize) {
			open.add(text[:piece])
			_, text = cutTime(text[piece:])
		}
		switch {
		case ended && open.begun:
			open.add(text)
			open.text.Truncate(len(bytes.TrimSuffix(open.text.Bytes(), []byte("\r"))))
			line = line[:0]
			if !open.give(1, true, yield) {
				return nil
			}
		case !ended:
			line = append(line[:0], text...)
			if open.text.Len() >= longest && !open.give(1, false, yield) {
				return nil
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// stampSize is the most that a time stamp and the space behind it take.
const stampSize = len("2006-01-02T15:04:05.000000000+07:00 ")

// cutTime takes the time stamp off a line that begins with one.
func cutTime(line []byte) (stamp, text []byte) {
	i := bytes.IndexByte(line[:min(len(line), stampSize)], ' ')
	if i < len("2006-01-02T15:04:05Z") || line[4] != '-' || line[7] != '-' || line[10] != 'T' || line[13] != ':' {
		return nil, line
	}
	return line[:i], line[i+1:]
}
