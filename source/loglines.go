package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"iter"

	"github.com/go-json-experiment/json/jsontext"
)

// logLine is one line of a log, without its newline, valid until the next.
type logLine struct {
	stream byte   // 1 for standard output, 2 for standard error
	time   []byte // as the Engine gave it
	text   []byte
}

func (l logLine) appendRecord(b []byte) []byte {
	b = append(b, `,"stream":"`...)
	b = append(b, [...]string{"stdin", "stdout", "stderr"}[l.stream]...)
	b = append(b, `","time":`...)
	b, _ = jsontext.AppendQuote(b, l.time)
	b = append(b, `,"line":`...)
	b, _ = jsontext.AppendQuote(b, l.text) // what is not UTF-8 becomes U+FFFD
	return append(b, '}')
}

// partial is how many bytes of a line the Engine's log drivers keep together.
const partial = 16 << 10

// logLines cuts a log with time stamps into lines: with a terminal plain text,
// else frames, each with a header that says of which stream and how long it is.
// A line longer than partial comes in pieces, each with a time stamp.
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

// frames yields the lines of a log with headers until yield says to stop.
func frames(in *bufio.Reader, yield func(logLine, error) bool) error {
	var header [8]byte
	var open [4]bytes.Buffer // of each stream, the line that is not complete
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
		b := &open[stream]
		before := b.Len()
		if n, err := io.CopyN(b, in, size); err == io.EOF && n < size {
			return io.ErrUnexpectedEOF
		} else if err != nil {
			return err
		}
		if before > 0 {
			line := b.Bytes()
			_, more := cutTime(line[before:])
			b.Truncate(before + copy(line[before:], more))
		}
		for i := bytes.IndexByte(b.Bytes()[before:], '\n'); i >= 0; i = bytes.IndexByte(b.Bytes(), '\n') {
			line := b.Next(before + i + 1)
			before = 0
			if !yieldLine(stream, line[:len(line)-1], yield) {
				return nil
			}
		}
		if b.Len() == 0 && b.Cap() > record.KeptOutput {
			*b = bytes.Buffer{}
		}
	}
	for stream := range open {
		if line := open[stream].Bytes(); len(line) > 0 && !yieldLine(byte(stream), line, yield) {
			return nil
		}
	}
	return nil
}

// yieldLine passes a line on, or what the Engine says in place of one.
func yieldLine(stream byte, line []byte, yield func(logLine, error) bool) bool {
	stamp, text := cutTime(line)
	if stream == 3 {
		yield(logLine{}, engine.LogError(record.OneLine(string(text))))
		return false
	}
	return yield(logLine{stream, stamp, text}, nil)
}

// plain yields the lines of a terminal until yield says to stop.
func plain(in *bufio.Reader, yield func(logLine, error) bool) error {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && err != io.EOF {
			return err
		}
		if len(line) > 0 {
			stamp, rest := cutTime(bytes.TrimSuffix(line, []byte("\n")))
			text := rest[:0]
			for len(rest) > partial {
				text = append(text, rest[:partial]...)
				_, rest = cutTime(rest[partial:])
			}
			text = bytes.TrimSuffix(append(text, rest...), []byte("\r"))
			if !yield(logLine{1, stamp, text}, nil) {
				return nil
			}
		}
		if err == io.EOF {
			return nil
		}
		if line = line[:0]; cap(line) > record.KeptOutput {
			line = nil
		}
	}
}

// cutTime takes the time stamp off a line that begins with one.
func cutTime(line []byte) (stamp, text []byte) {
	i := bytes.IndexByte(line[:min(len(line), len("2006-01-02T15:04:05.000000000+07:00 "))], ' ')
	if i < len("2006-01-02T15:04:05Z") || line[4] != '-' || line[7] != '-' || line[10] != 'T' || line[13] != ':' {
		return nil, line
	}
	return line[:i], line[i+1:]
}
