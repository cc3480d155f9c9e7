package source

import (
	"baleen/source/engine"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

const stamp = "2026-01-02T03:04:05.123456789Z"

func frame(stream byte, text string) string {
	return string(binary.BigEndian.AppendUint32([]byte{stream, 0, 0, 0}, uint32(len(text)))) + text
}

// spell writes lines as S:TEXT, one after another, and the error at the end.
func spell(lines iter.Seq2[logLine, error]) string {
	var b strings.Builder
	for l, err := range lines {
		if err != nil {
			return b.String() + "error: " + err.Error()
		}
		b.WriteString(string('0'+rune(l.stream)) + ":" + string(l.text) + "|")
	}
	return b.String()
}

func TestLogLines(t *testing.T) {
	long := strings.Repeat("x", piece)
	for _, c := range []struct {
		name, log string
		tty       bool
		want      string
	}{
		{"nothing", "", false, ""},
		{"two streams", frame(1, stamp+" a\n") + frame(2, stamp+" b\n"), false, "1:a|2:b|"},
		{"several lines in a frame", frame(1, stamp+" a\n"+stamp+" \n"+stamp+" b c\n"), false, "1:a|1:|1:b c|"},
		{"a line in several frames", frame(1, stamp+" "+long) + frame(2, stamp+" e\n") + frame(1, stamp+" y\n"), false, "2:e|1:" + long + "y|"},
		{"no newline at the end", frame(1, stamp+" a\n") + frame(2, stamp+" b"), false, "1:a|2:b|"},
		{"no newline before the next run", frame(1, stamp+" denied") + frame(1, stamp+" denied") + frame(1, stamp+" c\n"), false, "1:denied|1:denied|1:c|"},
		{"a short piece is no beginning", frame(1, stamp+" "+long[1:]) + frame(1, stamp+" y\n"), false, "1:" + long[1:] + "|1:y|"},
		{"a full piece at the end", frame(1, stamp+" "+long), false, "1:" + long + "|"},
		{"no time stamps", frame(1, "a b\n") + frame(1, "\n"), false, "1:a b|1:|"},
		{"the Engine's own word", frame(1, stamp+" a\n") + frame(3, "driver\x1b failed\n"), false, "1:a|error: driver\x1b failed"},
		{"cut in a frame", frame(1, stamp+" a\n") + frame(1, stamp+" b\n")[:20], false, "1:a|error: unexpected EOF"},
		{"cut in a header", frame(1, stamp+" a\n") + "\x01\x00", false, "1:a|error: unexpected EOF"},
		{"no log", "<html></html>", false, "error: this is no log"},
		{"terminal", stamp + " a\r\n" + stamp + " \r\n" + stamp + " b", true, "1:a|1:|1:b|"},
		{"terminal, a long line", stamp + " " + long + stamp + " " + long + stamp + " y\r\n", true, "1:" + long + long + "y|"},
		{"terminal, as long as a piece", stamp + " " + long[1:] + "\r" + stamp + " \n" + stamp + " b\r\n", true, "1:" + long[1:] + "|1:b|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.log), iotest.OneByteReader(strings.NewReader(c.log))} {
				if got := spell(logLines(r, c.tty)); got != c.want {
					t.Errorf("got %.200q\nwant %.200q", got, c.want)
				}
			}
		})
	}
}

// TestLongLine: a line of any length comes in parts, with little memory.
func TestLongLine(t *testing.T) {
	const pieces = 64 << 20 / piece
	text := strings.Repeat("x", piece)
	for _, tty := range []bool{false, true} {
		n := 0
		log := &generated{next: func() string {
			if n++; n > pieces {
				return ""
			}
			if tty {
				return stamp + " " + text
			}
			return frame(1, stamp+" "+text)
		}}
		size, parts, most := 0, 0, 0
		for l, err := range logLines(log, tty) {
			if err != nil {
				t.Fatal(err)
			}
			if l.partial != (parts > 0) || string(l.time) != stamp {
				t.Fatalf("part %d: partial %v, time %s", parts, l.partial, l.time)
			}
			size, parts, most = size+len(l.text), parts+1, max(most, len(l.text))
		}
		if size != pieces*piece || most > 2*longest || parts < 32 {
			t.Errorf("terminal %v: %d bytes in %d parts of at most %d", tty, size, parts, most)
		}
	}
}

// generated reads what next gives until that is "".
type generated struct {
	next func() string
	left string
}

func (g *generated) Read(p []byte) (int, error) {
	if g.left == "" {
		if g.left = g.next(); g.left == "" {
			return 0, io.EOF
		}
	}
	n := copy(p, g.left)
	g.left = g.left[n:]
	return n, nil
}

func TestLogRecord(t *testing.T) {
	for l, err := range logLines(strings.NewReader(frame(2, stamp+" \x00\"\xff<\u2028\x7f\tü\n")), false) {
		got := string(l.appendRecord([]byte(`{"container":"web"`)))
		want := `{"container":"web","stream":"stderr","time":"` + stamp + `","line":"\u0000\"` + "\ufffd<\u2028\x7f" + `\tü"}`
		if got != want || err != nil {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
}

// FuzzLogLines checks that lines are records whatever the log holds, and that
// nothing is made of a log that is not one.
func FuzzLogLines(f *testing.F) {
	f.Add([]byte(frame(1, stamp+" a\n")+frame(2, stamp+" b")), false)
	f.Add([]byte(stamp+" a\r\n"+stamp+" b"), true)
	f.Add([]byte(frame(3, "no")), false)
	f.Add([]byte("\x01\x00\x00\x00\xff\xff\xff\xff"), false)
	f.Fuzz(func(t *testing.T, log []byte, tty bool) {
		var size int
		for l, err := range logLines(bytes.NewReader(log), tty) {
			if err != nil {
				var said engine.LogError
				if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &said) {
					t.Fatal(err)
				}
				break
			}
			size += len(l.text)
			record := l.appendRecord([]byte(`{"container":"x"`))
			if !json.Valid(record) || !utf8.Valid(record) || slices.Contains(record, '\n') {
				t.Fatalf("no record: %q", record)
			}
		}
		if size > len(log) {
			t.Errorf("%d bytes of lines from %d", size, len(log))
		}
		once := logLines(bytes.NewReader(log), tty)
		slowly := logLines(iotest.OneByteReader(bytes.NewReader(log)), tty)
		if a, b := spell(once), spell(slowly); a != b {
			t.Errorf("%q at once, %q byte by byte", a, b)
		}
	})
}
