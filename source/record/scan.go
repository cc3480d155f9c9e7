package record

import (
	"fmt"
	"io"
)

const (
	firstChunk = 8 << 10                         // bytes to read at once, enough where little comes at a time
	Chunk      = 64 << 10                        // the same, once that many have come
	KeptOutput = 1 << 20                         // a larger output buffer is not kept for the next value
	maxDepth   = 10_000                          // levels of arrays and objects in one value
	ones, high = 0x0101010101010101, 0x80 * ones // eight bytes at a time
)

// Scanner cuts a stream of JSON into values, checks them and spells them
// compactly: no white space, JSON's shortest escapes, U+FFFD for what is not
// UTF-8. Numbers, the order of keys and repeated keys stay as they came.
//
// It reads only when the next value is not complete in its buffer. An error is
// a *SyntaxError, or wraps io.ErrUnexpectedEOF or the reader's own; every call
// after it returns it again.
type Scanner struct {
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

func NewScanner(r io.Reader) *Scanner { return &Scanner{r: r, buf: make([]byte, firstChunk+8)} }

// Peek returns the first byte of the token ahead, or io.EOF at the end of the input.
func (s *Scanner) Peek() (byte, error) {
	c := s.token()
	switch {
	case s.pos < s.n:
		return c, nil
	case s.rerr == io.EOF && s.depth == 0:
		return 0, io.EOF
	}
	return 0, s.fault()
}

// Value returns the next value, valid until the next call, or io.EOF after the last.
func (s *Scanner) Value() ([]byte, error) {
	if _, err := s.Peek(); err != nil {
		return nil, err
	}
	if cap(s.out) > KeptOutput {
		s.out = nil
	}
	s.out, s.from, s.keep = s.out[:0], s.pos, true
	ok := s.scan()
	if s.keep = false; !ok {
		return nil, s.fault()
	}
	if len(s.out) == 0 {
		return s.buf[s.from:s.pos:s.pos], nil
	}
	s.grow(s.pos - s.from)
	s.out = append(s.out, s.buf[s.from:s.pos]...)
	return s.out, nil
}

// end checks that nothing but white space is left.
func (s *Scanner) end() error {
	if _, err := s.Peek(); err != io.EOF {
		return s.fault()
	}
	return nil
}

// openArray enters the array that comes next.
func (s *Scanner) openArray() error {
	if !s.take('[') {
		return s.fault()
	}
	s.depth++
	s.sep = '['
	return nil
}

// element returns the open array's next element, valid until the next call, or
// io.EOF after the last.
func (s *Scanner) element() ([]byte, error) {
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
	return s.Value()
}

// openMember enters the object that comes next, up to the value of its first
// member called key. If there is none it returns false, past the object.
func (s *Scanner) openMember(key string) (bool, error) {
	if !s.take('{') {
		return false, s.fault()
	}
	s.depth++
	return s.seek(`"`+key+`"`, true)
}

// closeObject leaves the object in which a member's value has just been read.
func (s *Scanner) closeObject() error {
	_, err := s.seek("", false)
	return err
}

// seek goes to the value of the next member of that quoted name, or past the object.
func (s *Scanner) seek(name string, first bool) (bool, error) {
	for ; !s.take('}'); first = false {
		if !first && !s.take(',') || s.token() != '"' {
			return false, s.fault()
		}
		key, err := s.Value()
		found := string(key) == name
		if err != nil || !s.take(':') || !found && !s.scan() {
			return false, s.fault()
		}
		if found {
			return true, nil
		}
	}
	s.depth--
	return false, nil
}

// scan goes past a value. Like what follows, it returns false with pos at the fault.
func (s *Scanner) scan() bool {
	var top byte // what closes the innermost container, 0 outside any
value:
	for {
		if top == '}' && !(s.token() == '"' && s.str() && s.take(':')) {
			return false
		}
		ok := true
		switch c := s.token(); c {
		case '"':
			ok = s.str()
		case '{', '[':
			if len(s.stack) == maxDepth {
				s.fail(&SyntaxError{s.off + int64(s.pos), "nested too deeply"})
				return false
			}
			s.pos++
			s.stack = append(s.stack, top)
			top = c + 2 // in ASCII, } is two after { and ] two after [
			if s.token() != top {
				continue value
			}
		case 't':
			ok = s.Literal("true")
		case 'f':
			ok = s.Literal("false")
		case 'n':
			ok = s.Literal("null")
		default:
			ok = s.number()
		}
		if !ok {
			return false
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
				return false
			}
		}
		return true
	}
}

// fault returns the error for the byte at pos, or for there being none.
func (s *Scanner) fault() error {
	at := s.off + int64(s.pos)
	switch {
	case s.err != nil:
		return s.err
	case s.pos < s.n:
		return s.fail(&SyntaxError{at, fmt.Sprintf("unexpected %q", s.buf[s.pos:s.pos+1])})
	case s.rerr == io.EOF:
		return s.fail(fmt.Errorf("incomplete JSON at byte %d: %w", at, io.ErrUnexpectedEOF))
	}
	return s.fail(fmt.Errorf("reading JSON at byte %d: %w", at, s.rerr))
}

// fail makes err the last word, as if it had come from the reader, here.
func (s *Scanner) fail(err error) error {
	s.err, s.rerr = err, err
	s.n = s.pos
	s.buf[s.n] = 0
	return err
}
