package query

import (
	"encoding/json"
	"iter"
	"slices"
	"strconv"

	"baleen/source/record"
)

// leaves gives what jq's --stream makes of records: [PATH, LEAF] of each leaf, and
// [PATH] where an array or object ends.
func leaves(records iter.Seq2[json.RawMessage, error]) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for v, err := range records {
			if err != nil {
				if !yield(nil, err) {
					return
				}
			} else if !leavesOf(v, nil, true, func(b []byte) bool { return yield(b, nil) }) {
				return
			}
		}
	}
}

// leavesOf gives those of the value at path, which is "a",0 without brackets.
func leavesOf(v json.RawMessage, path []byte, top bool, yield func([]byte) bool) bool {
	var last []byte
	child := func(key []byte, v json.RawMessage) bool {
		last = slices.Clip(path)
		if !top {
			last = append(last, ',')
		}
		last = append(last, key...)
		return leavesOf(v, last, false, yield)
	}
	switch v[0] {
	case '{':
		for key, v := range record.Members(v) {
			if !child(record.Quote(key), v) {
				return false
			}
		}
	case '[':
		for i, v := range record.Elements(v) {
			if !child(strconv.AppendInt(nil, int64(i), 10), v) {
				return false
			}
		}
	}
	if last == nil {
		return yield(slices.Concat([]byte("[["), path, []byte("],"), v, []byte("]")))
	}
	return yield(slices.Concat([]byte("[["), last, []byte("]]")))
}
