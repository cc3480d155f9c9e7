package record

import (
	"encoding/json"
	"io"
)

// Split gives each element of an array, each value of a stream, or the one
// object that r holds; where member is not "", the elements of that member of
// one object, where null stands for an empty array.
func Split(r io.Reader, member string) Seq {
	return func(yield func(json.RawMessage, error) bool) {
		if err := splitTo(NewScanner(r), member, yield); err != nil {
			yield(nil, err)
		}
	}
}

func splitTo(s *Scanner, member string, yield func(json.RawMessage, error) bool) error {
	if member != "" {
		found, err := s.openMember(member)
		if err != nil {
			return err
		}
		if !found {
			return s.end()
		}
	}
	first, err := s.Peek()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		return err
	}
	next := s.Value
	if first == '[' {
		if err := s.openArray(); err != nil {
			return err
		}
		next = s.element
	} else if member != "" { // null
		if _, err := s.Value(); err != nil {
			return err
		}
		next = func() ([]byte, error) { return nil, io.EOF }
	}
	for {
		v, err := next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if !yield(v, nil) {
			return nil
		}
	}
	if member != "" {
		if err := s.closeObject(); err != nil {
			return err
		}
	}
	return s.end()
}
