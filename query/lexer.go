package query

import "strings"

// tokens calls found for each word of a filter, with where it begins and ends, in one
// pass: names, keywords and variables, these with their $, that stand in code and not
// in a string or comment, nor after a dot or another sign that makes them part of
// something else. It stops where found returns false.
func tokens(src string, found func(from, to int) bool) {
	depth := 0        // of parentheses
	var strings []int // that are interrupted by code: how deep that was before
	inString := false
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case inString && c == '"':
			inString = false
			i++
		case inString && c == '\\':
			if i++; i < len(src) && src[i] == '(' {
				strings, depth, inString = append(strings, depth), 0, false
			}
			i++
		case inString:
			i++
		case c == '"':
			inString = true
			i++
		case c == '#':
			i = skipComment(src, i)
		case c == '(':
			depth++
			i++
		case c == ')':
			if depth == 0 && len(strings) > 0 {
				last := len(strings) - 1
				depth, strings, inString = strings[last], strings[:last], true
			} else {
				depth--
			}
			i++
		case isWord(c) || c == '$':
			from := i
			for i++; i < len(src) && isWord(src[i]); i++ {
			}
			if from == 0 || !isSign(src[from-1]) {
				if !found(from, i) {
					return
				}
			}
		default:
			i++
		}
	}
}

func isSign(c byte) bool { return c == '.' || c == '@' || c == ':' || c == '$' }

// skipComment returns where the comment at src[i:] ends, as gojq has it.
func skipComment(src string, i int) int {
	for i < len(src) && src[i] != '\n' && src[i] != '\r' {
		if src[i] == '\\' && i+1 < len(src) {
			switch {
			case strings.HasPrefix(src[i+1:], "\r\n"):
				i++
				fallthrough
			case strings.IndexByte("\\\r\n", src[i+1]) >= 0:
				i++
			}
		}
		i++
	}
	return i
}

// nextWord finds the first place in src where word stands as a token of its own. With
// calls it is followed by arguments, or without that not. It is -1 if there is none.
func nextWord(src, word string, calls func(rest string) bool) (at int) {
	at = -1
	if strings.HasPrefix(word, `"`) {
		return strings.Index(src, word)
	}
	tokens(src, func(from, to int) bool {
		if src[from:to] == word && (calls == nil || calls(src[to:])) {
			at = from
		}
		return at < 0
	})
	return at
}

func hasArguments(rest string) bool {
	return strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), "(")
}
