package command

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Split splits a text into command lines and those into words, as sh does:
// comments, quotes, $NAME and ${NAME:-default}. A variable that is unset or
// empty and has no default is an error, since it could widen what a line
// deletes; ${NAME:-} lets it be empty. Whatever else sh would do is an error, too.
func Split(file, text string, lookup func(string) (string, bool)) ([]Line, error) {
	lines, err := split(file, text, lookup)
	for i, l := range lines {
		if l.Words[0] == "baleen" {
			lines[i].Words = l.Words[1:]
		}
	}
	return lines, err
}

// Words splits the text of one command into words, as [Split] does.
func Words(text string) ([]string, error) {
	lines, err := split("--exec", text, os.LookupEnv)
	if err == nil && len(lines) != 1 {
		err = usage("--exec requires one command, not %q", text)
	}
	if err != nil {
		return nil, err
	}
	return lines[0].Words, nil
}

func split(file, text string, lookup func(string) (string, bool)) ([]Line, error) {
	text = strings.TrimPrefix(text, "\ufeff") // which editors on Windows put first
	text = strings.ReplaceAll(text, "\r\n", "\n")
	parsed, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX), syntax.KeepComments(true)).Parse(strings.NewReader(text), file)
	if err != nil {
		var e syntax.ParseError
		if errors.As(err, &e) {
			return nil, usage("%s:%d: %s", file, e.Pos.Line(), e.Text)
		}
		return nil, usage("%s: %v", file, err)
	}
	if err := checkComments(file, text, parsed); err != nil {
		return nil, err
	}
	var lines []Line
	patterns := compilePatterns()
	for _, stmt := range parsed.Stmts {
		s := &splitter{patterns: patterns, file: file, lookup: lookup}
		s.statement(stmt)
		if s.err != nil {
			return nil, s.err
		}
		if len(s.words) > 0 {
			lines = append(lines, Line{fmt.Sprintf("%s:%d", file, stmt.Pos().Line()), s.words})
		}
	}
	return lines, nil
}

// checkComments refuses a comment that ends in \: sh ends it there, the parser
// reads on in the next line.
func checkComments(file, text string, parsed *syntax.File) (err error) {
	syntax.Walk(parsed, func(node syntax.Node) bool {
		c, ok := node.(*syntax.Comment)
		if !ok || err != nil {
			return err == nil
		}
		line, _, _ := strings.Cut(text[c.Hash.Offset():], "\n")
		if strings.HasSuffix(line, `\`) {
			err = usage("%s:%d: a comment must not end in \\", file, c.Hash.Line())
		}
		return true
	})
	return err
}

// splitter makes words of a parsed line.
type splitter struct {
	patterns
	file   string
	lookup func(string) (string, bool)

	words  []string
	word   []byte
	inWord bool
	err    error
}

func (s *splitter) fail(at syntax.Pos, format string, args ...any) {
	if s.err == nil {
		s.err = usage("%s:%d: %s", s.file, at.Line(), fmt.Sprintf(format, args...))
	}
}

func (s *splitter) unsupported(at syntax.Pos, what string) {
	s.fail(at, "%s is not supported here\nquote it to pass it as it is, or use sh", what)
}

func (s *splitter) statement(stmt *syntax.Stmt) {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	switch {
	case len(stmt.Redirs) > 0:
		s.unsupported(stmt.Redirs[0].OpPos, stmt.Redirs[0].Op.String())
	case stmt.Semicolon.IsValid() && stmt.Background:
		s.unsupported(stmt.Semicolon, "&")
	case stmt.Semicolon.IsValid():
		s.unsupported(stmt.Semicolon, ";")
	case stmt.Negated:
		s.unsupported(stmt.Pos(), "!")
	case ok && len(call.Assigns) > 0:
		s.unsupported(call.Pos(), "setting a variable")
	case ok:
		for _, w := range call.Args {
			s.parts(w.Parts, false)
			s.endWord()
		}
	default:
		if binary, ok := stmt.Cmd.(*syntax.BinaryCmd); ok {
			s.unsupported(binary.OpPos, binary.Op.String())
			return
		}
		s.unsupported(stmt.Pos(), "a command of sh's")
	}
}

func (s *splitter) add(text string) {
	s.inWord = true
	s.word = append(s.word, text...)
}

func (s *splitter) endWord() {
	if s.inWord {
		s.words = append(s.words, string(s.word))
		s.word, s.inWord = nil, false
	}
}

// patterns are compiled only where words are split: most command lines split none.
type patterns struct {
	escape, quotedEscape, glob, dollarAtEnd, blanks, pieces, name *regexp.Regexp
}

func compilePatterns() patterns {
	return patterns{
		escape:       regexp.MustCompile(`(?s)\\(.)`),
		quotedEscape: regexp.MustCompile("\\\\([$`\"\\\\])"),
		glob:         regexp.MustCompile(`(?s)^(?:[^\\*?\[]|\\.)*([*?\[])`),
		dollarAtEnd:  regexp.MustCompile(`(?s)^(?:[^\\]|\\.)*\$$`),
		blanks:       regexp.MustCompile(`[ \t\n]+`),
		pieces:       regexp.MustCompile(`(?s)(?:\\.|[^ \t\n\\])+|[ \t\n]+`),
		name:         regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9]*$`),
	}
}

// parts adds the parts of a word, within double quotes or outside of them.
func (s *splitter) parts(parts []syntax.WordPart, quoted bool) {
	for i, part := range parts {
		switch part := part.(type) {
		case *syntax.Lit:
			s.literal(part, i == 0, quoted)
			if !quoted && i+1 < len(parts) && s.dollarAtEnd.MatchString(part.Value) {
				s.unsupported(part.End(), "$ before a quote")
			}
		case *syntax.SglQuoted:
			s.add(part.Value)
		case *syntax.DblQuoted:
			s.add("")
			s.parts(part.Parts, true)
		case *syntax.ParamExp:
			s.variable(part, quoted)
		case *syntax.CmdSubst:
			s.unsupported(part.Pos(), "command substitution")
		default:
			s.unsupported(part.Pos(), "arithmetic")
		}
	}
}

func (s *splitter) literal(lit *syntax.Lit, first, quoted bool) {
	if quoted {
		s.add(s.quotedEscape.ReplaceAllString(lit.Value, "$1"))
		return
	}
	if found := s.glob.FindStringSubmatch(lit.Value); found != nil {
		s.unsupported(lit.Pos(), "the pattern "+found[1]+" without quotes")
	}
	if first && !s.inWord && strings.HasPrefix(lit.Value, "~") {
		s.unsupported(lit.Pos(), "~ without quotes")
	}
	if strings.HasSuffix(s.escape.ReplaceAllString(lit.Value, ""), `\`) {
		s.fail(lit.Pos(), "nothing follows the last \\")
	}
	s.add(s.escape.ReplaceAllString(lit.Value, "$1"))
}

func (s *splitter) variable(v *syntax.ParamExp, quoted bool) {
	hasDefault := v.Exp != nil && v.Exp.Op == syntax.DefaultUnsetOrNull
	if v.Length || v.Param == nil || !s.name.MatchString(v.Param.Value) || v.Exp != nil && !hasDefault {
		s.fail(v.Pos(), "only $NAME and ${NAME:-default} are supported")
		return
	}
	value, set := s.lookup(v.Param.Value)
	switch {
	case value != "" && quoted:
		s.add(value)
	case value != "":
		for i, field := range s.blanks.Split(value, -1) {
			if i > 0 {
				s.endWord()
			}
			if field != "" {
				s.add(field)
			}
		}
	case hasDefault && v.Exp.Word != nil:
		s.defaultValue(v.Exp.Word, quoted)
	case hasDefault:
	case set:
		s.fail(v.Pos(), "$%s is empty; ${%[1]s:-} lets it be empty", v.Param.Value)
	default:
		s.fail(v.Pos(), "$%s is not set", v.Param.Value)
	}
}

// defaultValue adds what stands after :-, where blanks outside quotes separate
// words and a pattern is text.
func (s *splitter) defaultValue(word *syntax.Word, quoted bool) {
	for _, part := range word.Parts {
		lit, ok := part.(*syntax.Lit)
		if !ok || quoted {
			s.parts([]syntax.WordPart{part}, quoted)
			continue
		}
		for _, piece := range s.pieces.FindAllString(lit.Value, -1) {
			if strings.Trim(piece, " \t\n") == "" {
				s.endWord()
			} else {
				s.add(s.escape.ReplaceAllString(piece, "$1"))
			}
		}
	}
}
