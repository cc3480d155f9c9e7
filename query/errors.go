package query

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/itchyny/gojq"
)

// A CompileError says why a filter does not compile.
type CompileError struct {
	Name   string // of the filter, or of the module that is at fault
	Source string // its text
	Offset int    // of the place in Source, in bytes; -1 if that is not known
	Err    error  // gojq's
}

func (e *CompileError) Unwrap() error { return e.Err }

// ExitCode is 3.
func (e *CompileError) ExitCode() int { return 3 }

// Error gives a message of one line and, where the place is known, its source line
// and a caret below the place. It is fit for a terminal whatever the source holds.
func (e *CompileError) Error() string {
	message := printable(strings.ReplaceAll(e.Err.Error(), labelCall, "label"))
	if e.Offset < 0 {
		return fmt.Sprintf("%s: %s", e.Name, message)
	}
	source := strings.NewReplacer("\r\n", " \n", "\r", "\n", "\t", " ").Replace(strings.TrimRight(e.Source, "\r\n"))
	before, after := source[:min(e.Offset, len(source))], source[min(e.Offset, len(source)):]
	line := strings.Count(before, "\n") + 1
	before = before[strings.LastIndexByte(before, '\n')+1:]
	after, _, _ = strings.Cut(after, "\n")
	before, after = printable(before), printable(after)
	if r := []rune(before); len(r) > 48 {
		before = "…" + string(r[len(r)-40:])
	}
	if r := []rune(after); len(r) > 32 {
		after = string(r[:30]) + "…"
	}
	place, margin := "", ""
	if strings.Contains(source, "\n") {
		place = ":" + strconv.Itoa(line)
		margin = strconv.Itoa(line) + " | "
	}
	return fmt.Sprintf("%s%s: %s\n    %s%s%s\n    %*s", e.Name, place, message,
		margin, before, after, width(margin+before)+1, "^")
}

// newCompileError makes a CompileError of what gojq says about a filter. Parsed is
// the source as gojq saw it, with the same offsets as source.
func newCompileError(name, source, parsed string, err error) *CompileError {
	e := &CompileError{name, source, -1, err}
	var module interface {
		QueryParseError() (name, source string, err error)
	}
	if errors.As(err, &module) {
		e.Name, e.Source, e.Err = module.QueryParseError()
	}
	var data interface {
		JSONParseError() (name, source string, err error)
	}
	if errors.As(err, &data) {
		e.Name, e.Source, e.Err = data.JSONParseError()
		return e
	}
	var syntax *gojq.ParseError
	if errors.As(e.Err, &syntax) {
		e.Offset = max(0, syntax.Offset-len(syntax.Token))
		if syntax.Offset >= len(e.Source) && syntax.Token == "" {
			e.Offset = len(strings.TrimRight(e.Source, " \t\r\n"))
		}
		return e
	}
	// Other errors come without a place, but name what was not found last.
	message := err.Error()
	token := message[strings.LastIndexByte(message, ' ')+1:]
	if function, arity, ok := strings.Cut(token, "/"); ok && token[0] != '"' {
		e.Offset = nextWord(parsed, function, func(rest string) bool { return hasArguments(rest) == (arity != "0") })
	} else if strings.HasPrefix(token, "$") || strings.HasPrefix(token, `"`) {
		e.Offset = nextWord(parsed, token, nil)
	}
	return e
}

// A RecordError says that the filter failed on one record. Its message is one line.
type RecordError struct {
	Record string // the record's name or shortened id, or its number, as a message calls it; "" with -n and -s
	Err    error  // gojq's
	hint   string // what else to say, on a line of its own; may be ""
}

func (e *RecordError) Error() string {
	message := printable(strings.TrimPrefix(e.Err.Error(), "error: "))
	if e.hint != "" {
		message += "\n" + e.hint
	}
	if e.Record == "" {
		return "filter failed: " + message
	}
	return "filter failed on " + e.Record + ": " + message
}

func (e *RecordError) Unwrap() error { return e.Err }

// ExitCode is 5.
func (e *RecordError) ExitCode() int { return 5 }

// Fatal is whether nothing is known of the other records: with -n and -s there is
// but one run.
func (e *RecordError) Fatal() bool { return e.Record == "" }

func (s *stream) newRecordError(err error) *RecordError {
	if e, ok := err.(gojq.ValueError); ok {
		switch v := e.Value().(type) {
		case map[string]any, []any: // with its keys in order
			err = valueError{string(s.orders.Append(nil, v)), err}
		}
	}
	if s.current.raw == nil {
		return &RecordError{Err: err}
	}
	if s.current.raw[0] == '[' { // it is what the filter expects
		s.failures.hint = ""
	}
	v := s.decoder.Decode(string(s.current.raw))
	for _, v := range []any{name(v, nil), shortID(v, nil)} {
		name, _ := v.(string)
		if isID(name) {
			name = strings.TrimPrefix(name, "sha256:")[:12]
		}
		if r := []rune(name); len(r) > 40 {
			name = string(r[:39]) + "…"
		}
		if name != "" {
			return &RecordError{Record: strconv.Quote(name), Err: err}
		}
	}
	return &RecordError{Record: "record " + strconv.Itoa(s.number), Err: err}
}

// A valueError is that of error(VALUE).
type valueError struct {
	text string
	error
}

func (e valueError) Error() string { return e.text }

func (e valueError) Unwrap() error { return e.error }

// A HaltError says that the filter called halt or halt_error, which ends the run.
type HaltError struct {
	Code   int    // the exit code: 0 after halt
	Stderr string // what jq would write to standard error, byte for byte; may be ""
}

func (e *HaltError) Error() string {
	return "filter halted with exit code " + strconv.Itoa(e.Code)
}

// Fatal is false after halt: what the filter gave before stands.
func (e *HaltError) Fatal() bool { return e.Code != 0 }

func (s *stream) newHaltError(err *gojq.HaltError) *HaltError {
	e := &HaltError{Code: err.ExitCode() & 0xff} // as the system has it
	switch v := err.Value().(type) {
	case nil:
	case string:
		e.Stderr = v
	default:
		e.Stderr = string(s.orders.Append(nil, v)) + "\n"
	}
	return e
}

// printable returns s with whatever is no visible character, nor a blank, escaped.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// width is how many columns of a terminal s takes.
func width(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r):
		case 0x1100 <= r && r <= 0x115f, 0x2e80 <= r && r <= 0xa4cf, 0xac00 <= r && r <= 0xd7a3, 0xf900 <= r && r <= 0xfaff,
			0xfe30 <= r && r <= 0xfe6f, 0xff01 <= r && r <= 0xff60, 0xffe0 <= r && r <= 0xffe6, 0x1f300 <= r && r <= 0x1faff, r >= 0x20000:
			n += 2
		default:
			n++
		}
	}
	return n
}

// ExitCode is the filter's own.
func (e *HaltError) ExitCode() int { return e.Code }

// HaltText is what the filter gave halt_error, to be written as it is.
func (e *HaltError) HaltText() string { return e.Stderr }
