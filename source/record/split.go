package record

import (
	"encoding/json"
	"errors"
	"io"
)

// SplitList gives the elements of the array that r holds, or that member of one
// object, where null stands for an empty array. Any other value is an error.
func SplitList(r io.Reader, member string) Seq {
	return func(yield func(json.RawMessage, error) bool) {
		s := NewScanner(r)
		if member == "" {
			first, err := s.Peek()
			if err == nil && first != '[' && first != 'n' {
				if _, err = s.Value(); err == nil {
					err = ErrNoList
				}
			}
			if err != nil && err != io.EOF {
				yield(nil, err)
				return
			}
		}
		found := true
		err := splitTo(s, member, &found, yield)
		if err == nil && !found {
			err = ErrNoList
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// ErrNoList is that of [SplitList] for any value that is no array.
var ErrNoList = errors.New("the answer is not a list")

// Split gives each element of an array, each value of a stream, or the one
// object that r holds; where member is not "", the elements of that member of
// one object, where null stands for an empty array.
func Split(r io.Reader, member string) Seq {
	return func(yield func(json.RawMessage, error) bool) {
		found := true
		if err := splitTo(NewScanner(r), member, &found, yield); err != nil {
			yield(nil, err)
		}
	}
}

// splitTo sets has to whether the object has the member.
func splitTo(s *Scanner, member string, has *bool, yield func(json.RawMessage, error) bool) error {
	if member != "" {
		found, err := s.openMember(member)
		if err != nil {
			return err
		}
		if *has = found; !found {
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
	} else if member != "" {
		if v, err := s.Value(); err != nil {
			return err
		} else if string(v) != "null" {
			return ErrNoList
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
