package source

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	firstChunk = 8 << 10  // bytes asked for in a read, enough for a stream that says little at a time
	chunk      = 64 << 10 // the same, once a read has filled that
	keptOutput = 1 << 20  // a larger output buffer is not kept for the next value
	maxDepth   = 10_000   // levels of arrays and objects in one value
)

// A SyntaxError says where its input stops being JSON.
type SyntaxError struct {
	Offset int64  // bytes before the one at fault
	Reason string // in printable characters
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset, e.Reason)
}

// A scanner cuts a stream of JSON into values, checks them and spells them
// compactly: no white space, JSON's shortest escapes, U+FFFD for what is not
// UTF-8. Numbers, the order of keys and repeated keys stay as they came.
//
// It reads only when the next value is not complete in its buffer. An error is
// a *SyntaxError, or wraps io.ErrUnexpectedEOF or the reader's own; every call
// after it returns it again.
type scanner struct {
	r    io.Reader
	rerr error // from r, due once pos reaches n
	err  error // the scanner's last word

	// buf[pos:n] is still to be scanned. buf[n] is 0, which stops every loop over
	// bytes; there is room after it to load eight bytes from any pos.
	buf    []byte
	pos, n int
	off    int64 // where buf[0] is in the stream

	// The value so far is out and then buf[from:pos], so that a value which came
	// compact and in one read is never copied.
	out  []byte
	from int
	keep bool // the value is wanted, not skipped

	stack []byte // for each container in the value, what closes the one around it
	depth int    // containers that the caller has opened
	sep   byte   // what comes before the next element: '[' or ',', or 0 outside an array
}

func newScanner(r io.Reader) *scanner {
	return &scanner{r: r, buf: make([]byte, firstChunk+8)}
}

// peek returns the first byte of the next token, without consuming it, or
// io.EOF at the end of the input.
func (s *scanner) peek() (byte, error) {
	c := s.token()
	switch {
	case s.pos < s.n:
		return c, nil
	case s.rerr == io.EOF && s.depth == 0:
		return 0, io.EOF
	}
	return 0, s.fault()
}

// value returns the next value, valid until the next call, or io.EOF at the
// end of the input.
func (s *scanner) value() ([]byte, error) {
	if _, err := s.peek(); err != nil {
		return nil, err
	}
	if cap(s.out) > keptOutput {
		s.out = nil
	}
	s.out, s.from, s.keep = s.out[:0], s.pos, true
	if err := s.scan(); err != nil {
		return nil, err
	}
	s.keep = false
	if len(s.out) == 0 {
		return s.buf[s.from:s.pos:s.pos], nil
	}
	s.out = append(s.out, s.buf[s.from:s.pos]...)
	return s.out[:len(s.out):len(s.out)], nil
}

// end checks that nothing but white space is left.
func (s *scanner) end() error {
	if _, err := s.peek(); err != io.EOF {
		return s.fault()
	}
	return nil
}

// openArray enters the array that comes next.
func (s *scanner) openArray() error {
	if !s.take('[') {
		return s.fault()
	}
	s.depth++
	s.sep = '['
	return nil
}

// element returns the next element of the open array, valid until the next
// call, or io.EOF after the last.
func (s *scanner) element() ([]byte, error) {
	switch {
	case s.sep == 0 && s.err == nil:
		return nil, io.EOF
	case s.take(']'):
		s.depth--
		s.sep = 0
		return nil, io.EOF
	case s.sep != '[' && !s.take(','):
		return nil, s.fault()
	}
	s.sep = ','
	return s.value()
}

// openMember enters the object that comes next, up to the value of its first
// member called key. If there is none it returns false, past the object.
func (s *scanner) openMember(key string) (bool, error) {
	if !s.take('{') {
		return false, s.fault()
	}
	s.depth++
	return s.seek(`"`+key+`"`, true)
}

// closeObject leaves the object in which a member's value has just been read.
func (s *scanner) closeObject() error {
	_, err := s.seek("", false)
	return err
}

// seek goes to the value of the next member with that name, quotes included,
// or else past the object.
func (s *scanner) seek(name string, first bool) (bool, error) {
	for ; !s.take('}'); first = false {
		if !first && !s.take(',') || s.token() != '"' {
			return false, s.fault()
		}
		key, err := s.value()
		if err != nil {
			return false, err
		}
		found := string(key) == name
		if !s.take(':') {
			return false, s.fault()
		}
		if found {
			return true, nil
		}
		if err := s.scan(); err != nil {
			return false, err
		}
	}
	s.depth--
	return false, nil
}

// scan goes past one value.
func (s *scanner) scan() error {
	var top byte // what closes the innermost container, 0 outside any
	s.stack = s.stack[:0]
value:
	for {
		if top == '}' && !(s.token() == '"' && s.str() && s.take(':')) {
			return s.fault()
		}
		ok := false
		switch c := s.token(); c {
		case '"':
			ok = s.str()
		case '{', '[':
			if len(s.stack) == maxDepth {
				return s.fail(&SyntaxError{s.off + int64(s.pos), "nested too deeply"})
			}
			s.pos++
			s.stack = append(s.stack, top)
			top = c + 2 // in ASCII, } is two after { and ] two after [
			if s.token() != top {
				continue value
			}
			ok = true
		case 't':
			ok = s.literal("true")
		case 'f':
			ok = s.literal("false")
		case 'n':
			ok = s.literal("null")
		default:
			ok = s.number()
		}
		if !ok {
			return s.fault()
		}
		for top != 0 {
			switch s.token() {
			case ',':
				s.pos++
				continue value
			case top:
				s.pos++
				top = s.stack[len(s.stack)-1]
				s.stack = s.stack[:len(s.stack)-1]
			default:
				return s.fault()
			}
		}
		return nil
	}
}

// What follows goes past one thing at pos. On false, pos is at the fault.

// str: the string that begins here.
func (s *scanner) str() bool {
	const each, high = 0x0101010101010101, 0x8080808080808080
	i := s.pos + 1
	for {
		// Of eight bytes, the lowest bit of m marks the first that is a quote or
		// below a space (with bit 1 flipped, those are all below 0x21), or a
		// backslash, or not ASCII. Bits above it may be wrong.
		x := binary.LittleEndian.Uint64(s.buf[i:])
		m := ((x ^ 2*each) - 0x21*each | ((x ^ '\\'*each) - each) | x) & high
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

// escape: an escape, which is shortened.
func (s *scanner) escape() bool {
	switch s.at(1) {
	case '"', '\\', 'b', 'f', 'n', 'r', 't':
		s.pos += 2
		return true
	case '/':
		s.replace(2, '/')
		return true
	case 'u':
		r := s.hex(2)
		if r < 0 {
			return false
		}
		n := 6
		if 0xd800 <= r && r < 0xdc00 && s.at(6) == '\\' && s.at(7) == 'u' {
			low := s.hex(8)
			if low < 0 {
				return false
			}
			// A second half that does not fit may begin a pair of its own.
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				n = 12
			}
		}
		s.replace(n, r)
		return true
	}
	s.pos++
	return false
}

// hex returns the number in the four digits k bytes from here, or goes to what
// is not a digit and returns -1.
func (s *scanner) hex(k int) (r rune) {
	for i := k; i < k+4; i++ {
		c := s.at(i)
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			s.pos += i
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// rune: a character that is not ASCII, or a byte that is not UTF-8.
func (s *scanner) rune() {
	for !utf8.FullRune(s.buf[s.pos:s.n]) && s.more() {
	}
	r, n := utf8.DecodeRune(s.buf[s.pos:s.n])
	if n == 1 {
		s.replace(1, r)
	} else {
		s.pos += n
	}
}

// replace: n bytes, for which r goes into the value.
func (s *scanner) replace(n int, r rune) {
	s.flush()
	s.pos += n
	s.from = s.pos
	switch {
	case !s.keep:
	case r == '"' || r == '\\':
		s.out = append(s.out, '\\', byte(r))
	case '\b' <= r && r <= '\r' && r != '\v':
		s.out = append(s.out, '\\', "btn.fr"[r-'\b'])
	case r < ' ':
		s.out = fmt.Appendf(s.out, `\u%04x`, r)
	default:
		s.out = utf8.AppendRune(s.out, r)
	}
}

func (s *scanner) literal(word string) bool {
	for i := range len(word) {
		if s.at(0) != word[i] {
			return false
		}
		s.pos++
	}
	return true
}

// number: a number, and whatever tells that it is complete is in sight.
func (s *scanner) number() bool {
	s.skip('-', '-')
	ok := (s.skip('0', '0') || s.digits()) && (!s.skip('.', '.') || s.digits())
	if ok && s.skip('e', 'E') {
		s.skip('-', '+')
		ok = s.digits()
	}
	return ok && (s.pos < s.n || s.rerr == io.EOF && s.depth == 0)
}

// digits: one or more.
func (s *scanner) digits() (ok bool) {
	for {
		for s.buf[s.pos]-'0' <= 9 {
			s.pos++
			ok = true
		}
		if s.pos < s.n || !s.more() {
			return ok
		}
	}
}

// skip: a or b, without white space before it.
func (s *scanner) skip(a, b byte) bool {
	if c := s.at(0); c != a && c != b {
		return false
	}
	s.pos++
	return true
}

// take: white space and c.
func (s *scanner) take(c byte) bool {
	if s.token() != c {
		return false
	}
	s.pos++
	return true
}

// token goes past white space and returns the byte after it, 0 at the end.
func (s *scanner) token() byte {
	if c := s.buf[s.pos]; c > ' ' {
		return c
	}
	return s.space()
}

func (s *scanner) space() byte {
	s.flush()
	for {
		c := s.buf[s.pos]
		if c == ' ' || c == '\n' || c == '\r' || c == '\t' {
			s.pos++
			continue
		}
		s.from = s.pos
		if s.pos < s.n || !s.more() {
			return c
		}
	}
}

// at returns the byte k after pos, 0 at the end of the input. Those before it
// must have been seen.
func (s *scanner) at(k int) byte {
	if s.pos+k == s.n {
		s.more()
	}
	return s.buf[s.pos+k]
}

// flush moves what there is of the value to out.
func (s *scanner) flush() {
	if s.keep {
		s.out = append(s.out, s.buf[s.from:s.pos]...)
	}
	s.from = s.pos
}

// more reads on. It moves pos, to make room; false is the end of the input.
func (s *scanner) more() bool {
	s.flush()
	rest := s.buf[s.pos:s.n]
	if s.n == firstChunk && len(s.buf) < chunk {
		s.buf = make([]byte, chunk+8)
	}
	s.off += int64(s.pos)
	s.pos, s.from, s.n = 0, 0, copy(s.buf, rest)
	for tries := 0; s.n == len(rest) && s.rerr == nil; tries++ {
		var n int
		n, s.rerr = s.r.Read(s.buf[s.n : len(s.buf)-8])
		if s.n += n; n == 0 && s.rerr == nil && tries == 100 {
			s.rerr = io.ErrNoProgress
		}
	}
	s.buf[s.n] = 0
	return s.n > len(rest)
}

// fault returns the error for the byte at pos, or for there being none.
func (s *scanner) fault() error {
	at := s.off + int64(s.pos)
	switch {
	case s.err != nil:
		return s.err
	case s.pos < s.n:
		_, n := utf8.DecodeRune(s.buf[s.pos:s.n])
		return s.fail(&SyntaxError{at, fmt.Sprintf("unexpected %q", s.buf[s.pos:s.pos+n])})
	case s.rerr == io.EOF:
		return s.fail(fmt.Errorf("incomplete JSON at byte %d: %w", at, io.ErrUnexpectedEOF))
	}
	return s.fail(fmt.Errorf("reading JSON at byte %d: %w", at, s.rerr))
}

// fail makes err the last word, as if it had come from the reader, here.
func (s *scanner) fail(err error) error {
	s.err, s.rerr = err, err
	s.n = s.pos
	s.buf[s.n] = 0
	return err
}
