package sink

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/term"
)

// Invisible are the characters that could steer a terminal.
func Invisible(r rune) bool {
	return r < ' ' || r == '\x7f' || r >= '\u0080' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r))
}

// Visible writes out the characters that could steer a terminal, but for those
// in except: ^[ for an escape character, \u009b for its like beyond ASCII.
func Visible(s, except string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, Invisible) < 0 {
		return s
	}
	var b []byte
	for _, r := range s {
		switch {
		case !Invisible(r) || strings.ContainsRune(except, r):
			b = utf8.AppendRune(b, r)
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r <= '\x7f':
			b = append(b, '^', byte(r)^'@')
		default:
			b = AppendEscape(b, r)
		}
	}
	return string(b)
}

// VisibleWriter gives a writer to w that writes what could steer a terminal out, if f,
// where all of it ends, is one.
func VisibleWriter(f *os.File, w io.Writer) io.Writer {
	if Terminal(f) == nil {
		return w
	}
	return visible{w}
}

type visible struct{ w io.Writer }

func (v visible) Write(text []byte) (int, error) {
	if _, err := io.WriteString(v.w, Visible(string(text), "\n\t")); err != nil {
		return 0, err
	}
	return len(text), nil
}

// AppendEscape adds r as JSON escapes it.
func AppendEscape(b []byte, r rune) []byte {
	if r1, r2 := utf16.EncodeRune(r); r > 0xffff {
		return fmt.Appendf(b, `\u%04x\u%04x`, r1, r2)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}

// Width is how many columns of a terminal s takes.
func Width(s string) int {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return uniseg.StringWidth(s)
		}
	}
	return len(s)
}

// Cut shortens s to as many columns as there is room for.
func Cut(s string, room int) string {
	if Width(s) <= room {
		return s
	}
	end := 0
	room--
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if room -= g.Width(); room < 0 {
			break
		}
		_, end = g.Positions()
	}
	return s[:end] + "…"
}

// CutStart is [Cut] that keeps the end.
func CutStart(s string, room int) string {
	over := Width(s) - room + 1
	if over <= 1 {
		return s
	}
	for g := uniseg.NewGraphemes(s); over > 0 && g.Next(); {
		over -= g.Width()
		_, end := g.Positions()
		if over <= 0 {
			return "…" + s[end:]
		}
	}
	return s
}

// Terminal gives the size of the terminal that f is, nil if it is none.
func Terminal(f *os.File) func() (columns, lines int) {
	if !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return func() (columns, lines int) {
		columns, lines, err := term.GetSize(int(f.Fd()))
		if err != nil || columns == 0 || lines == 0 {
			return 80, 24
		}
		return columns, lines
	}
}

// Columns is how many columns the terminal that f is has, 0 where it is none.
func Columns(f *os.File) int {
	size := Terminal(f)
	if size == nil {
		return 0
	}
	columns, _ := size()
	return columns
}

// Dumb reports whether the terminal understands no escape codes: nothing is coloured
// or drawn anew there.
func Dumb() bool { return os.Getenv("TERM") == "dumb" }
