package record

import (
	"encoding/binary"
	"io"
	"math/bits"
	"runtime/debug"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// str goes past a string.
func (s *Scanner) str() bool {
	i := s.pos + 1
	for {
		// Eight bytes at a time: the lowest bit of m tells the first byte that is not
		// plain text; bits above it may be wrong.
		x := binary.LittleEndian.Uint64(s.buf[i:])
		m := (x ^ 2*ones) - 0x21*ones // a quote, which is 0x20 once bit 1 is flipped, or below a space
		m |= (x ^ '\\'*ones) - ones   // a backslash
		m = (m | x) & high            // or not ASCII
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) / 8
		s.pos = i
		switch c := s.buf[i]; {
		case c == '"':
			s.pos++
			return true
		case c == '\\':
			if !s.escape() {
				return false
			}
		case c >= utf8.RuneSelf:
			s.rune()
		case i < s.n || !s.more():
			return false
		}
		i = s.pos
	}
}

// escape goes past an escape, which it spells as short as can be.
func (s *Scanner) escape() bool {
	n, r := 2, '/'
	switch s.at(1) {
	case '"', '\\', 'b', 'f', 'n', 'r', 't':
		s.pos += 2
		return true
	case '/':
	case 'u':
		n, r = 6, s.hex(2)
		if utf16.IsSurrogate(r) && s.at(6) == '\\' && s.at(7) == 'u' {
			low := s.hex(8)
			if low < 0 {
				return false
			}
			// A second half that does not fit may begin a pair of its own.
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				n, r = 12, pair
			}
		}
	default:
		s.pos++
		return false
	}
	if r >= 0 {
		s.replace(n, r)
	}
	return r >= 0
}

// hex returns the number in the four digits k bytes after pos, or goes to what
// is not a digit and returns -1.
func (s *Scanner) hex(k int) (r rune) {
	for i := k; i < k+4; i++ {
		d := strings.IndexByte("0123456789abcdefABCDEF", s.at(i))
		if d < 0 {
			s.pos += i
			return -1
		}
		if d > 15 {
			d -= 6
		}
		r = r<<4 | rune(d)
	}
	return r
}

// rune goes past a character that is not ASCII, or a byte that is not UTF-8.
func (s *Scanner) rune() {
	for !utf8.FullRune(s.buf[s.pos:s.n]) && s.more() {
	}
	if r, n := utf8.DecodeRune(s.buf[s.pos:s.n]); n == 1 {
		s.replace(1, r)
	} else {
		s.pos += n
	}
}

// replace goes past n bytes, for which r comes into the value.
func (s *Scanner) replace(n int, r rune) {
	s.flush()
	s.pos += n
	s.from = s.pos
	if !s.keep {
		return
	}
	if i := strings.IndexRune("\"\\\b\f\n\r\t", r); i >= 0 {
		s.out = append(s.out, '\\', `"\bfnrt`[i])
	} else if r < ' ' {
		s.out = append(s.out, '\\', 'u', '0', '0', '0'+byte(r>>4), "0123456789abcdef"[r&15])
	} else {
		s.out = utf8.AppendRune(s.out, r)
	}
}

// Literal goes past word.
func (s *Scanner) Literal(word string) bool {
	for i := range len(word) {
		if !s.skip(word[i], word[i]) {
			return false
		}
	}
	return true
}

// number goes past a number, once what follows tells that it is whole.
func (s *Scanner) number() bool {
	if c := s.buf[s.pos]; '1' <= c && c <= '9' { // most are no more than a few digits
		i := s.pos + 1
		for {
			x := binary.LittleEndian.Uint64(s.buf[i:]) ^ '0'*ones
			if m := (x + (0x80-10)*ones | x) & high; m != 0 {
				i += bits.TrailingZeros64(m) / 8
				break
			}
			i += 8
		}
		if c := s.buf[i]; c == ',' || c == '}' || c == ']' {
			s.pos = i
			return true
		}
	}
	s.skip('-', '-')
	ok := (s.skip('0', '0') || s.digits()) && (!s.skip('.', '.') || s.digits())
	if ok && s.skip('e', 'E') {
		s.skip('-', '+')
		ok = s.digits()
	}
	return ok && (s.pos < s.n || s.rerr == io.EOF && s.depth == 0)
}

// digits goes past one or more.
func (s *Scanner) digits() (ok bool) {
	for s.at(0)-'0' <= 9 {
		for ok = true; s.buf[s.pos]-'0' <= 9; s.pos++ {
		}
	}
	return ok
}

// skip goes past a or b.
func (s *Scanner) skip(a, b byte) bool {
	if c := s.at(0); c != a && c != b {
		return false
	}
	s.pos++
	return true
}

// take goes past white space and c.
func (s *Scanner) take(c byte) bool {
	if s.token() != c {
		return false
	}
	s.pos++
	return true
}

// token goes past white space and returns the byte after it, 0 at the end.
func (s *Scanner) token() byte {
	if c := s.buf[s.pos]; c > ' ' {
		return c
	}
	return s.space()
}

// space does token's work where there is white space, or nothing yet.
func (s *Scanner) space() byte {
	for s.flush(); ; s.pos++ {
		s.from = s.pos
		if c := s.at(0); c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c
		}
	}
}

// at returns the byte k after pos, 0 at the end. Those before it must have been seen.
func (s *Scanner) at(k int) byte {
	if s.pos+k == s.n {
		s.more()
	}
	return s.buf[s.pos+k]
}

// flush moves what there is of the value to out.
func (s *Scanner) flush() {
	if s.keep {
		s.grow(s.pos - s.from)
		s.out = append(s.out, s.buf[s.from:s.pos]...)
	}
	s.from = s.pos
}

// grow makes room in out for n bytes. A large value grows by half, and what it
// outgrew is given back before, so that it costs little more than twice its size.
func (s *Scanner) grow(n int) {
	if len(s.out) < KeptOutput || cap(s.out)-len(s.out) >= n {
		return
	}
	debug.FreeOSMemory()
	s.out = append(make([]byte, 0, len(s.out)*3/2+n), s.out...)
}

// more reads on. It moves pos, to make room; false is the end of the input.
func (s *Scanner) more() bool {
	s.flush()
	rest := s.buf[s.pos:s.n]
	if s.n == firstChunk && len(s.buf) < Chunk {
		s.buf = make([]byte, Chunk+8)
	}
	s.off += int64(s.pos)
	s.pos, s.from, s.n = 0, 0, copy(s.buf, rest)
	for tries := 0; s.n == len(rest) && s.rerr == nil; tries++ {
		n, err := s.r.Read(s.buf[s.n : len(s.buf)-8])
		if s.n, s.rerr = s.n+n, err; n == 0 && err == nil && tries == 100 {
			s.rerr = io.ErrNoProgress
		}
	}
	s.buf[s.n] = 0
	return s.n > len(rest)
}
