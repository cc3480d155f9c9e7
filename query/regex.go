package query

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
	"github.com/itchyny/gojq"
)

// regexes are jq's functions of regular expressions.
const regexes = `
def match($re; $flags): _matches($re; $flags)[];

def match($re): if $re | type == "array" then match($re[0]; $re[1]) else match($re; null) end;

def test($re; $flags): _test($re; $flags);

def test($re): if $re | type == "array" then test($re[0]; $re[1]) else test($re; null) end;

def capture($re; $flags): match($re; $flags) | .captures | _captured;

def capture($re): if $re | type == "array" then capture($re[0]; $re[1]) else capture($re; null) end;

def scan($re; $flags): match($re; $flags + "g") | if .captures == [] then .string else [.captures[].string] end;

def scan($re): scan($re; null);

def splits($re; $flags):
  .[foreach (match($re; $flags + "g"), null) as {$offset, $length} (null; {start: .next, end: $offset, next: ($offset + $length)})];

def splits($re): splits($re; null);

def split($text): _gojq_split($text);

def split($re; $flags): [splits($re; $flags)];

def sub($re; str; $flags): [match($re; $flags) | [.offset, .length, (.captures | _captured | str)]] as $all | _replaced($all)[];

def sub($re; str): sub($re; str; null);

def gsub($re; str; $flags): sub($re; str; $flags + "g");

def gsub($re; str): gsub($re; str; null);

`

// A regex is a pattern with flags. RE2 matches in time that is linear in the text; what
// it does not take, or takes otherwise than jq, goes to an engine that backtracks.
type regex struct {
	pattern string
	all     bool // flag g
	re2     *regexp.Regexp
	back    *regexp2.Regexp
	unicode bool     // what it means depends on which characters are letters and the like
	end     bool     // it has a $, which may stand before a newline at the end
	empty   bool     // it may match the empty string
	groups  []int    // of back, in the order of their parentheses
	names   []string // of these, "" for those without
}

const (
	maxMatch = time.Second // for one search of the engine that backtracks
	rest     = "_rest"     // a group that is not the pattern's
)

func newRegex(pattern, flags string) (*regex, error) {
	r := &regex{pattern: pattern}
	mode, options, more := "", regexp2.RegexOptions(0), false
	for _, flag := range flags {
		switch flag {
		case 'g':
			r.all = true
		case 'i':
			mode, options = mode+"i", options|regexp2.IgnoreCase
		case 'm', 'p':
			mode, options = mode+"s", options|regexp2.Singleline
		case 'x':
			more, options = true, options|regexp2.IgnorePatternWhitespace
		case 's', 'l', 'n':
		default:
			return nil, fmt.Errorf("%s is not a valid modifier string", flags)
		}
	}
	spelt := pattern
	if strings.Contains(flags, "n") { // what is left at its end is not what was at its beginning
		more = true
		spelt = `(?=(?<` + rest + `>[\s\S]*))(?:` + pattern + "\n)" + `(?!\k<` + rest + `>\z)`
		if options&regexp2.IgnorePatternWhitespace == 0 {
			spelt = strings.Replace(spelt, "\n)", ")", 1)
		}
	}
	var re2Err, err error
	if !more {
		prefix := ""
		if mode != "" {
			prefix = "(?" + mode + ")"
		}
		r.re2, re2Err = regexp.Compile(prefix + pattern)
		if r.re2 != nil && strings.Contains(flags, "l") {
			r.re2.Longest()
		}
	}
	if r.re2 != nil {
		r.unicode = regexp.MustCompile(`\\[wdsbWDSB]|\[:`).MatchString(pattern)
		r.end = strings.Contains(pattern, "$")
		parsed, _ := syntax.Parse(pattern, syntax.Perl)
		r.empty = r.all && mayBeEmpty(parsed)
		r.names = r.re2.SubexpNames()[1:]
		if !r.unicode && !r.end && !r.empty {
			return r, nil
		}
	}
	if r.back, err = regexp2.Compile(spelt, options); err == nil {
		r.back.MatchTimeout = maxMatch
		r.number(pattern)
		return r, nil
	}
	if r.re2 != nil {
		r.back, r.unicode, r.end, r.empty = nil, false, false, false
		return r, nil
	}
	if re2Err != nil && !strings.Contains(re2Err.Error(), "Perl syntax") {
		err = re2Err
	}
	return nil, fmt.Errorf("invalid regular expression %q: %s", pattern, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
}

func mayBeEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return false
	case syntax.OpCapture, syntax.OpPlus:
		return mayBeEmpty(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min == 0 || mayBeEmpty(re.Sub[0])
	case syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !mayBeEmpty(sub) })
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, mayBeEmpty)
	}
	return true
}

// number finds out the order of the groups: regexp2 counts those with names last.
func (r *regex) number(pattern string) {
	r.groups, r.names = nil, nil
	unnamed, class := 0, false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(':
			name, ok := "", !strings.HasPrefix(pattern[i+1:], "?")
			for _, begin := range []string{"?<", "?P<", "?'"} {
				text, found := strings.CutPrefix(pattern[i+1:], begin)
				if found && text != "" && text[0] != '=' && text[0] != '!' {
					name, ok = text[:max(0, strings.IndexAny(text, ">'"))], true
					break
				}
			}
			if !ok {
				continue
			}
			number := r.back.GroupNumberFromName(name)
			if name == "" {
				unnamed++
				number = unnamed
			}
			r.groups, r.names = append(r.groups, number), append(r.names, name)
		}
	}
}

// backtracks is whether the text is not one for RE2.
func (r *regex) backtracks(s string) bool {
	return r.re2 == nil || r.empty || r.end && strings.HasSuffix(s, "\n") || r.unicode && strings.ContainsFunc(s, func(c rune) bool { return c >= utf8.RuneSelf })
}

func (r *regex) test(s string) (bool, error) {
	if !r.backtracks(s) {
		return r.re2.MatchString(s), nil
	}
	found, err := r.back.MatchString(s)
	return found, r.late(err)
}

// late says in a few words that a search took too long.
func (r *regex) late(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the regular expression %q takes more than %v", r.pattern, maxMatch)
}

// spans gives the beginning and end of each match and of its groups, in characters.
// Those of a group that has no part in it are -1.
func (r *regex) spans(s string) (all [][]int, err error) {
	if r.backtracks(s) {
		text := []rune(s)
		for from := 0; from <= len(text); {
			m, err := r.back.FindRunesMatchStartingAt(text, from)
			if err != nil {
				return nil, r.late(err)
			}
			if m == nil {
				break
			}
			span := []int{m.Index, m.Index + m.Length}
			for _, number := range r.groups {
				if g := m.GroupByNumber(number); g != nil && len(g.Captures) > 0 {
					span = append(span, g.Index, g.Index+g.Length)
				} else {
					span = append(span, -1, -1)
				}
			}
			all = append(all, span)
			if from = m.Index + m.Length; m.Length == 0 {
				from++
			}
			if !r.all {
				break
			}
		}
		return all, nil
	}
	n := 1
	if r.all {
		n = -1
	}
	all = r.re2.FindAllStringSubmatchIndex(s, n)
	for _, span := range all {
		for i, at := range span {
			if at > 0 {
				span[i] = utf8.RuneCountInString(s[:at])
			}
		}
	}
	return all, nil
}

// regex gives the regular expression that a function is called with.
func (p *Program) regex(function string, v any, args []any) (r *regex, s string, err error) {
	flags, ok := "", args[1] == nil
	if !ok {
		flags, ok = args[1].(string)
	}
	pattern, ok2 := args[0].(string)
	s, ok3 := v.(string)
	if !ok || !ok2 || !ok3 {
		return nil, "", fmt.Errorf("%s(%s; %s) cannot be applied to: %s", function, gojq.Preview(args[0]), gojq.Preview(args[1]), preview(v))
	}
	key := [2]string{pattern, flags}
	if r = p.regexes[key]; r == nil {
		if r, err = newRegex(pattern, flags); err != nil {
			return nil, "", err
		}
		if len(p.regexes) >= 1000 { // patterns that are made of records
			clear(p.regexes)
		}
		p.regexes[key] = r
	}
	return r, s, nil
}

func (p *Program) test(v any, args []any) any {
	r, s, err := p.regex("test", v, args)
	if err != nil {
		return err
	}
	found, err := r.test(s)
	if err != nil {
		return err
	}
	return found
}

func (p *Program) matches(v any, args []any) any {
	r, s, err := p.regex("match", v, args)
	if err != nil {
		return err
	}
	spans, err := r.spans(s)
	if err != nil {
		return err
	}
	text := []rune(s)
	all := make([]any, len(spans))
	for i, span := range spans {
		captures := make([]any, 0, len(r.names))
		for j, name := range r.names {
			var called, what any
			from, to := span[2*j+2], span[2*j+3]
			if name != "" {
				called = name
			}
			if from >= 0 {
				what = string(text[from:to])
			}
			if from == to {
				captures = append(captures, p.object("offset", from, "string", what, "length", 0, "name", called))
			} else {
				captures = append(captures, p.object("offset", from, "length", to-from, "string", what, "name", called))
			}
		}
		all[i] = p.object("offset", span[0], "length", span[1]-span[0], "string", string(text[span[0]:span[1]]), "captures", captures)
	}
	return all
}

// replaced puts texts in the places of matches, each an offset, a length and these
// texts; of several for a match each makes a string of its own.
func (p *Program) replaced(v any, args []any) any {
	text, next := []rune(v.(string)), 0
	all := []any{}
	for _, match := range args[0].([]any) {
		m := match.([]any)
		from := m[0].(int)
		for i, with := range m[2:] {
			if i == len(all) {
				all = append(all, "")
			}
			all[i] = p.sum(all[i].(string)+string(text[next:from]), with)
			if err, failed := all[i].(error); failed {
				return err
			}
		}
		next = from + m[1].(int)
	}
	if len(all) == 0 {
		return []any{v}
	}
	for i := range all {
		all[i] = all[i].(string) + string(text[next:])
	}
	return all
}

// captured makes an object of the captures that have names.
func (p *Program) captured(v any, _ []any) any {
	captures, ok := v.([]any)
	if !ok {
		return errors.New("expected an array but got: " + preview(v))
	}
	var pairs []any
	for _, capture := range captures {
		if of, ok := capture.(map[string]any); ok && of["name"] != nil {
			pairs = append(pairs, of["name"], of["string"])
		}
	}
	return p.object(pairs...)
}

// badRegex finds a constant pattern that no engine accepts, and the function that is
// given it.
func badRegex(q *gojq.Query, defined map[string]bool) (function, pattern string, err error) {
	visit(q, func(node any) {
		f, ok := node.(*gojq.Func)
		if !ok || err != nil || defined[f.Name] || len(f.Args) == 0 {
			return
		}
		flagsAt := map[string]int{"test": 1, "match": 1, "capture": 1, "scan": 1, "splits": 1, "split": 1, "sub": 2, "gsub": 2}[f.Name]
		if flagsAt == 0 || f.Name == "split" && len(f.Args) == 1 {
			return
		}
		text, ok := constant(f.Args[0])
		if !ok {
			return
		}
		flags := ""
		if len(f.Args) > flagsAt {
			if flags, ok = constant(f.Args[flagsAt]); !ok {
				return
			}
		}
		if _, err = newRegex(text, flags); err != nil {
			function, pattern = f.Name, text
		}
	})
	return function, pattern, err
}

// constant gives the text of a string that has no interpolation.
func constant(q *gojq.Query) (string, bool) {
	if t := q.Term; t != nil && t.Type == gojq.TermTypeString && t.Str.Queries == nil && t.SuffixList == nil {
		return t.Str.Str, true
	}
	return "", false
}
