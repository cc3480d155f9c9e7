package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Script is the command that runs files of command lines of sources. A regular
// file is read again each time that it is due. line is given each command line in
// turn, to run it, to report its errors with where before them, and to say whether
// it failed. Its flags engineFlags say which Engine lines use.
func Script(sources []Command, engineFlags func() []cli.Flag, line func(where string, run func() error) (failed bool)) Command {
	run := func(c *cli.Context) error {
		if c.NArg() != 1 {
			return usage("run takes one file")
		}
		file, engine := c.Args().First(), given(c, engineFlags())
		read := reader(file)
		if file == "-" {
			file = os.Stdin.Name()
		}
		times, err := times(c.Context, c)
		if err == nil {
			_, err = load(file, read, sources, engine)
		}
		if err != nil {
			return err
		}
		for range times {
			lines, err := load(file, read, sources, engine)
			if err != nil {
				line("", func() error { return err }) // says itself where
			}
			for _, l := range lines {
				failed := line(l.Where+": ", func() error {
					return Run(c.Context, sources, l.Words)
				})
				if c.Context.Err() != nil || failed && c.Bool("fail-fast") {
					break
				}
			}
		}
		return context.Cause(c.Context)
	}
	return Command{
		Name:  "run",
		Usage: "run a file of command lines, split into words as sh does it: once, or on a schedule",
		Args:  "FILE|-",
		Examples: []string{
			"baleen run clean.baleen",
			"baleen run --cron '0 2 * * *' clean.baleen",
		},
		Groups: func() []Group { return []Group{{"Schedule", scheduleFlags()}, {"Engine", engineFlags()}} },
		Run:    run,
	}
}

// A Line is one command line of a file.
type Line struct {
	Where string   // FILE:NUMBER of the line that it begins in
	Words []string // without the word baleen
}

// reader gives what reads a file, or for - standard input. What is no regular
// file, such as a pipe, may hold its text but once: that is kept.
func reader(file string) func() (string, error) {
	var text string
	kept := false
	return func() (string, error) {
		if kept {
			return text, nil
		}
		f := os.Stdin
		if file != "-" {
			var err error
			if f, err = os.Open(file); err != nil {
				return "", err
			}
			defer f.Close()
		}
		b, err := io.ReadAll(f)
		if err != nil {
			return "", err
		}
		info, err := f.Stat()
		text, kept = string(b), f == os.Stdin || err == nil && !info.Mode().IsRegular()
		return text, nil
	}
}

// load has a file of command lines of sources read, and the words of each
// arranged. Lines that do not name an Engine get the engine flags. If anything
// in the file cannot be meant the error is a *record.UsageError that says where.
func load(file string, read func() (string, error), sources []Command, engine []string) ([]Line, error) {
	text, err := read()
	if err != nil {
		return nil, usage("%v", err)
	}
	lines, err := Split(file, text, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	for i, l := range lines {
		words, err := Arrange(l.Words, sources)
		switch {
		case err != nil:
		case len(l.Words) == 0:
			err = noSource()
		case !slices.Contains(words, "--"):
			err = fmt.Errorf("a file cannot ask for help or the version")
		}
		if err == nil {
			words, err = inherit(words, engine)
		}
		if err != nil {
			return nil, usage("%s: %v", l.Where, err)
		}
		lines[i].Words = words
	}
	return lines, nil
}

// given are the words that give those of flags that c has.
func given(c *cli.Context, flags []cli.Flag) (words []string) {
	for _, f := range flags {
		name := f.Names()[0]
		if !c.IsSet(name) {
			continue
		}
		values := []string{fmt.Sprint(c.Value(name))}
		if _, ok := f.(*cli.StringSliceFlag); ok {
			values = c.StringSlice(name)
		}
		for _, v := range values {
			words = append(words, "--"+name+"="+v)
		}
	}
	return words
}

// inherit adds the flags in engine that an arranged command line does not have.
// If these name an Engine, a line cannot name another one.
func inherit(words, engine []string) ([]string, error) {
	name := func(word string) string {
		name, _, _ := strings.Cut(word, "=")
		return name
	}
	var own []string
	for _, w := range words[1:slices.Index(words, "--")] {
		own = append(own, name(w))
	}
	named := func(names []string) string {
		i := slices.IndexFunc(names, func(n string) bool { return n == "--host" || n == "--context" || n == "--all-contexts" })
		if i < 0 {
			return ""
		}
		return names[i]
	}
	var given []string
	for _, w := range engine {
		given = append(given, name(w))
	}
	if all, one := named(given), named(own); all != "" && one != "" {
		return nil, fmt.Errorf("%s: the file is run with %s, which says which Engines are used", one, all)
	}
	way := []string{"--tls", "--tlsverify", "--tlscacert", "--tlscert", "--tlskey", "--api-version"}
	inherited := slices.DeleteFunc(slices.Clone(engine), func(word string) bool {
		return slices.Contains(own, name(word)) || named(own) != "" && slices.Contains(way, name(word))
	})
	return slices.Insert(slices.Clone(words), 1, inherited...), nil
}

// Words splits the text of one command into words, as [Split] does.
func Words(text string) ([]string, error) {
	lines, err := Split("--exec", text, os.LookupEnv)
	if err == nil && (len(lines) != 1 || len(lines[0].Words) == 0) {
		err = usage("--exec requires one command, not %q", text)
	}
	if err != nil {
		return nil, err
	}
	return lines[0].Words, nil
}

// Split splits a text into command lines and those into words, as sh does: #
// begins a comment, quotes may span lines, \ joins them, and there are $NAME and
// ${NAME:-default}. A variable that is unset or empty and has no default is an
// error, since it could widen what a line deletes; ${NAME:-} lets it be empty.
// So is everything else that means something to sh.
func Split(file, text string, lookup func(string) (string, bool)) ([]Line, error) {
	text = strings.TrimPrefix(text, "\ufeff") // which editors on Windows put first
	s := &splitter{file: file, text: strings.ReplaceAll(text, "\r\n", "\n"), line: 1, lookup: lookup}
	within := false // a word, which may turn out to be none
	for s.at < len(s.text) && s.err == nil {
		c := s.next()
		switch {
		case c == ' ', c == '\t':
			within = false
			s.endWord()
		case c == '\n':
			within = false
			s.endLine()
		case c == '\\' && strings.HasPrefix(s.text[s.at:], "\n"):
			s.next()
		case c == '#' && !within:
			comment, _, _ := strings.Cut(s.text[s.at:], "\n")
			s.at += len(comment)
		case strings.IndexByte("|&;<>()", c) >= 0:
			s.fail("%c does nothing here; quote it if it is meant as it is", c)
		default:
			within = true
			s.part(c, false)
		}
	}
	s.endLine()
	return s.lines, s.err
}

type splitter struct {
	file, text string
	at, line   int
	lookup     func(string) (string, bool)

	lines  []Line
	words  []string
	word   []byte
	inWord bool
	begun  int // the line that words begin in
	unused int // > 0: within a default that is not needed
	err    error
}

func (s *splitter) fail(format string, args ...any) {
	if s.err == nil {
		s.err = usage("%s:%d: %s", s.file, s.line, fmt.Sprintf(format, args...))
	}
}

// next is the next byte of the text, 0 at its end.
func (s *splitter) next() byte {
	if s.at == len(s.text) {
		return 0
	}
	c := s.text[s.at]
	s.at++
	if c == '\n' {
		s.line++
	}
	return c
}

func (s *splitter) begin() {
	if len(s.words) == 0 && !s.inWord {
		s.begun = s.line
	}
	s.inWord = true
}

func (s *splitter) add(c ...byte) {
	s.begin()
	s.word = append(s.word, c...)
}

func (s *splitter) endWord() {
	if s.inWord {
		s.words = append(s.words, string(s.word))
		s.word, s.inWord = nil, false
	}
}

func (s *splitter) endLine() {
	s.endWord()
	if len(s.words) > 0 {
		line := Line{fmt.Sprintf("%s:%d", s.file, s.begun), s.words}
		if s.words[0] == "baleen" {
			line.Words = s.words[1:]
		}
		s.lines = append(s.lines, line)
	}
	s.words = nil
}

// part reads what begins with c, within double quotes or outside of them.
func (s *splitter) part(c byte, quoted bool) {
	line := s.line
	switch {
	case c == '\\':
		switch next := s.next(); {
		case next == 0:
			s.fail("nothing follows the last \\")
		case next == '\n':
		case quoted && !strings.ContainsRune("$`\"\\", rune(next)):
			s.add(c, next)
		default:
			s.add(next)
		}
	case c == '\'' && !quoted:
		text, rest, closed := strings.Cut(s.text[s.at:], "'")
		if !closed {
			s.fail("this ' has no second one")
		}
		s.add([]byte(text)...)
		s.line += strings.Count(text, "\n")
		s.at = len(s.text) - len(rest)
	case c == '"':
		s.begin()
		for c = s.next(); c != '"' && s.err == nil; c = s.next() {
			if c == 0 {
				s.line = line
				s.fail("this \" has no second one")
			}
			s.part(c, true)
		}
	case c == '$':
		s.variable(quoted)
	case c == '`':
		s.fail("there is no command substitution")
	default:
		s.add(c)
	}
}

// variable reads what follows a $.
func (s *splitter) variable(quoted bool) {
	rest := s.text[s.at:]
	braced := strings.HasPrefix(rest, "{")
	if braced {
		rest = rest[1:]
	}
	n := 0
	for n < len(rest) && (rest[n] == '_' || 'a' <= rest[n]|0x20 && rest[n]|0x20 <= 'z' || n > 0 && '0' <= rest[n] && rest[n] <= '9') {
		n++
	}
	name, rest := rest[:n], rest[n:]
	switch {
	case strings.HasPrefix(rest, "(") && n == 0:
		s.fail("there is no command substitution")
		return
	case n == 0 && !braced && (rest == "" || !quoted && strings.ContainsRune(" \t\n", rune(rest[0])) || quoted && !strings.ContainsRune("0123456789@*#?-$!", rune(rest[0]))):
		s.add('$')
		return
	case n == 0, braced && !strings.HasPrefix(rest, "}") && !strings.HasPrefix(rest, ":-"):
		s.fail("of variables there are $NAME and ${NAME:-default}")
		return
	}
	value, set := s.lookup(name)
	s.at = len(s.text) - len(rest)
	if braced {
		s.at++
	}
	hasDefault := braced && rest[0] == ':'
	if hasDefault {
		s.at++
		s.defaultValue(quoted, value == "")
	}
	switch {
	case s.unused > 0:
	case value != "" && quoted:
		s.add([]byte(value)...)
	case value != "":
		for _, c := range []byte(value) {
			if c == ' ' || c == '\t' || c == '\n' {
				s.endWord()
			} else {
				s.add(c)
			}
		}
	case hasDefault:
	case set:
		s.fail("$%s is empty; ${%[1]s:-} if it may be", name)
	default:
		s.fail("$%s is not set", name)
	}
}

// defaultValue reads the rest of ${NAME:-default}, and keeps it if it is used.
func (s *splitter) defaultValue(quoted, used bool) {
	word, inWord, words, line := slices.Clone(s.word), s.inWord, s.words, s.line
	if !used {
		s.unused++
	}
	for c := s.next(); c != '}' && s.err == nil; c = s.next() {
		switch {
		case c == 0:
			s.line = line
			s.fail("this ${ has no }")
		case !quoted && (c == ' ' || c == '\t' || c == '\n'):
			s.endWord()
		default:
			s.part(c, quoted)
		}
	}
	if !used {
		s.unused--
		s.word, s.inWord, s.words = word, inWord, words
	}
}
