package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"baleen/source/record"
)

// A Host is what [Script] needs of the program that it is part of.
type Host struct {
	EngineFlags func() []cli.Flag
	// Line runs one command line, reports its errors with where before them, and
	// says whether it failed.
	Line func(where string, run func() error) (failed bool)
	// Ask asks each Engine that the flags name for an answer.
	Ask    func(ctx context.Context, flags record.Flags) error
	Tally  *Tally // counts what lines do
	Stderr io.Writer
}

// Script is the command that runs files of command lines of sources. A regular
// file is read again for each run.
func Script(sources []Command, host Host) Command {
	own := func() []cli.Flag {
		return []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "plan every action, change nothing; lines of pull and api -X are not run"},
			&cli.StringFlag{Name: "webhook", Usage: "also send each line of output to `URL`, as a POST"},
			&cli.BoolFlag{Name: "fail-fast", Usage: "stop a run at the first line that fails"},
		}
	}
	return Command{
		Name:  "run",
		Usage: "run a file of command lines, split into words as sh does: once, or on a schedule",
		Args:  "FILE|-",
		Examples: []string{
			"baleen run --dry-run clean.baleen",
			"baleen run --cron '0 4 * * *' --jitter 10m clean.baleen",
		},
		Groups: func() []Group {
			return []Group{{"Run", own()}, {"Schedule", scheduleFlags()}, {"Engine", host.EngineFlags()}}
		},
		Run: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usage("run requires one FILE")
			}
			file := c.Args().First()
			s := &script{Host: host, c: c, sources: sources, file: file, read: reader(file), shared: given(c, host.EngineFlags())}
			if c.IsSet("webhook") {
				s.shared = append(s.shared, "--webhook="+c.String("webhook"))
			}
			if file == "-" {
				s.file = os.Stdin.Name()
			}
			return s.repeat()
		},
	}
}

// script is a file of command lines that is run.
type script struct {
	Host
	c       *cli.Context
	sources []Command
	file    string
	read    func() (string, error)
	shared  []string // flags for each line
}

// repeat runs the file as often as the schedule says.
func (s *script) repeat() error {
	ctx := s.c.Context
	schedule, err := parseSchedule(s.c)
	var lines []Line
	if err == nil {
		lines, err = s.load()
	}
	if err != nil {
		return err
	}
	scheduled := s.c.IsSet("cron") || s.c.IsSet("every")
	if scheduled {
		s.ask(ctx, lines)
	}
	for t, at := schedule.first, schedule.delayed(schedule.first); sleepUntil(ctx, at); {
		begun := time.Now()
		failed := s.once()
		t = schedule.next(t)
		at = schedule.delayed(t)
		if scheduled {
			s.summarize(begun, failed, at)
		}
		if at.IsZero() {
			break
		}
	}
	return context.Cause(ctx)
}

// ask asks the Engines of all lines for an answer, so that one that cannot be
// reached shows before the first run.
func (s *script) ask(ctx context.Context, lines []Line) {
	ctx, cancel := context.WithTimeoutCause(ctx, 10*time.Second, errors.New("no answer within 10s"))
	defer cancel()
	asked := map[string]bool{}
	for _, l := range lines {
		c := flagContext(s.EngineFlags(), l.Words[1:slices.Index(l.Words, "--")])
		if engine := strings.Join(given(c, s.EngineFlags()), "\n"); !asked[engine] {
			asked[engine] = true
			s.Line("", func() error { return s.Ask(ctx, c) })
		}
	}
}

// once runs each line, and returns how many failed.
func (s *script) once() (failed int) {
	lines, err := s.load()
	if err != nil {
		s.Line("", func() error { return err }) // it says where
		return 1
	}
	for _, l := range lines {
		command := find(s.sources, l.Words[0])
		run := func() error { return Run(s.c.Context, s.sources, l.Words) }
		if s.c.Bool("dry-run") {
			if command.writes(l.Words) {
				fmt.Fprintf(s.Stderr, "baleen: %s: %s: not run: it has no --dry-run\n", l.Where, command.Name)
				continue
			}
			l.Words = command.planned(l.Words)
		}
		if s.Line(l.Where+": ", run) {
			failed++
		}
		if s.c.Context.Err() != nil || failed > 0 && s.c.Bool("fail-fast") {
			break
		}
	}
	return failed
}

// summarize writes a line about a run.
func (s *script) summarize(begun time.Time, failed int, next time.Time) {
	text := s.Tally.take()
	if failed > 0 {
		text += fmt.Sprintf(", lines failed: %d", failed)
	}
	if s.c.Context.Err() == nil && !next.IsZero() {
		text += "; next run " + next.Format(time.RFC3339)
	}
	fmt.Fprintf(s.Stderr, "baleen: %s %s took %s: %s\n", begun.Format(time.RFC3339), s.file, time.Since(begun).Round(time.Millisecond), text)
}

// writes reports whether a line changes something by other means than an action.
func (c *Command) writes(line []string) bool {
	return c.Writes != nil && c.Writes(flagContext(c.flags(), line[1:slices.Index(line, "--")]))
}

// planned is a line whose action, if it has one, is planned only.
func (c *Command) planned(line []string) []string {
	end := slices.Index(line, "--")
	for _, g := range c.groups() {
		for _, f := range g.Flags {
			if g.Title == "Action" && slices.ContainsFunc(line[1:end], func(word string) bool {
				name, _, _ := strings.Cut(word, "=")
				return name == "--"+f.Names()[0]
			}) {
				return slices.Insert(slices.Clone(line), end, "--dry-run=true")
			}
		}
	}
	return line
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

// load reads the file and arranges the words of each line. Lines get the flags
// of run that say which Engine is used. What is invalid in the file is a
// *record.UsageError that says where.
func (s *script) load() ([]Line, error) {
	text, err := s.read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("%v\nrun takes a file of command lines; to start a container: docker run %s", err, quoteWords(s.file))
	} else if err != nil {
		return nil, usage("%v", err)
	}
	lines, err := Split(s.file, text, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	for i, l := range lines {
		words, err := Arrange(l.Words, s.sources)
		switch {
		case err != nil:
		case len(words) == 0:
			err = noSource()
		case !slices.Contains(words, "--"):
			err = fmt.Errorf("--help and --version are not allowed in a file")
		}
		if err == nil {
			words, err = inherit(words, s.shared)
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

// inherit adds the flags of run that an arranged command line does not have. If
// they name an Engine, the line cannot name another one.
func inherit(words, shared []string) ([]string, error) {
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
	for _, w := range shared {
		given = append(given, name(w))
	}
	if all, one := named(given), named(own); all != "" && one != "" {
		return nil, fmt.Errorf("%s is not allowed in a file that is run with %s", one, all)
	}
	way := []string{"--tls", "--tlsverify", "--tlscacert", "--tlscert", "--tlskey", "--api-version"}
	inherited := slices.DeleteFunc(slices.Clone(shared), func(word string) bool {
		return slices.Contains(own, name(word)) || named(own) != "" && slices.Contains(way, name(word))
	})
	return slices.Insert(slices.Clone(words), 1, inherited...), nil
}
