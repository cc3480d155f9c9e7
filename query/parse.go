package query

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
)

// Two things that gojq's parser does not take are spelt another way for it, with as
// many bytes, so that offsets hold: label(KEY), since label is a keyword of jq,
// becomes _labl(KEY), and $__loc__ becomes a variable that tells its line.
const (
	labelCall = "_labl"
	locPrefix = "$_L"
)

// parse parses a jq filter. It also returns the text that gojq saw, even on error.
func parse(filter string) (*gojq.Query, string, error) {
	q, src, err := parseText(filter)
	if err == nil && isBlank(q) {
		q.Term = &gojq.Term{Type: gojq.TermTypeIdentity}
	}
	return q, src, err
}

// isBlank is whether there is nothing but definitions or comments.
func isBlank(q *gojq.Query) bool { return q.Term == nil && q.Right == nil }

// parseText parses what is written, which may be blank.
func parseText(filter string) (*gojq.Query, string, error) {
	const label, loc = "label", "$__loc__"
	src := filter
	for i := nextWord(src, label, 0); i >= 0; i = nextWord(src, label, i+1) {
		if hasArguments(src[i+len(label):]) {
			src = src[:i] + labelCall + src[i+len(label):]
		}
	}
	for i := nextWord(src, loc, 0); i >= 0; i = nextWord(src, loc, i+1) {
		line := strings.Count(src[:i], "\n") + 1
		src = src[:i] + fmt.Sprintf(locPrefix+"%05d", min(line, 99999)) + src[i+len(loc):]
	}
	q, err := gojq.Parse(src)
	if err != nil {
		if strings.Contains(err.Error(), locPrefix) {
			_, err = gojq.Parse(filter) // whose message has the token as its author wrote it
		}
		return nil, src, err
	}
	if strings.Contains(src, locPrefix) {
		walk(reflect.ValueOf(q), placeLocations)
	}
	return q, src, nil
}

// nextWord finds the first place in src, from a byte offset on, where word stands as a
// token of its own and not in a comment or a string. It is -1 if there is none.
func nextWord(src, word string, from int) int {
	for i := from; ; i++ {
		n := strings.Index(src[i:], word)
		if n < 0 {
			return -1
		}
		i += n
		before, after := byte(' '), byte(' ')
		if i > 0 {
			before = src[i-1]
		}
		if end := i + len(word); end < len(src) {
			after = src[end]
		}
		if !isWord(before) && !strings.ContainsRune(".$@:", rune(before)) && !isWord(after) && isCode(src[:i]) {
			return i
		}
	}
}

// isCode reports whether what follows src would be code, not part of a comment or string.
func isCode(src string) bool {
	const wrong = "\x01"
	_, err := gojq.Parse(src + wrong)
	var e *gojq.ParseError
	return errors.As(err, &e) && e.Token == wrong && e.Offset == len(src)+1
}

func hasArguments(rest string) bool {
	return strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), "(")
}

// placeLocations gives the variables that $__loc__ became their values.
func placeLocations(node any) {
	switch node := node.(type) {
	case *gojq.Term:
		if node.Type == gojq.TermTypeFunc && strings.HasPrefix(node.Func.Name, locPrefix) {
			line, _ := strconv.Atoi(node.Func.Name[len(locPrefix):])
			node.Type, node.Func = gojq.TermTypeObject, nil
			node.Object = &gojq.Object{KeyVals: []*gojq.ObjectKeyVal{
				{Key: "file", Val: &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeString, Str: &gojq.String{Str: "<top-level>"}}}},
				{Key: "line", Val: &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeNumber, Number: strconv.Itoa(line)}}},
			}}
		}
	case *gojq.ObjectKeyVal:
		if strings.HasPrefix(node.Key, locPrefix) {
			node.Val = call(node.Key) // a child, visited after this
			node.Key = "__loc__"
		}
	}
}

// visit visits every node of a filter, a node before its children.
func visit(q *gojq.Query, do func(node any)) { walk(reflect.ValueOf(q), do) }

// walk visits every node of a syntax tree, a node before its children.
func walk(v reflect.Value, visit func(node any)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v.Interface())
			walk(v.Elem(), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	}
}
