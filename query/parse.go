package query

import (
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
	var b []byte // the filter as gojq is to see it
	line, counted := 1, 0
	tokens(filter, func(from, to int) bool {
		by := ""
		switch word := filter[from:to]; {
		case word == "label" && hasArguments(filter[to:]):
			by = labelCall
		case word == "$__loc__":
			line, counted = line+strings.Count(filter[counted:from], "\n"), from
			by = fmt.Sprintf(locPrefix+"%05d", min(line, 99999))
		default:
			return true
		}
		if b == nil {
			b = []byte(filter)
		}
		copy(b[from:], by)
		return true
	})
	src := filter
	if b != nil {
		src = string(b)
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

// badKey finds the key of an object that can be no string.
func badKey(q *gojq.Query) (err error) {
	visit(q, func(node any) {
		var key *gojq.Query
		switch node := node.(type) {
		case *gojq.ObjectKeyVal:
			key = node.KeyQuery
		case *gojq.PatternObject:
			key = node.KeyQuery
		}
		if key == nil || key.Term == nil || len(key.Term.SuffixList) > 0 {
			return
		}
		switch key.Term.Type {
		case gojq.TermTypeNumber, gojq.TermTypeTrue, gojq.TermTypeFalse, gojq.TermTypeNull:
			err = fmt.Errorf("cannot use %s as object key", key)
		}
	})
	return err
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
