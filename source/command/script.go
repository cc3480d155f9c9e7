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
