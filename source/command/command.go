// Package command is baleen's command line: the order of its words, help,
// completion, and files of command lines with their schedules.
package command

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"baleen/source/record"
)

// A Command is a source or another command of baleen.
type Command struct {
	Name     string
	Aliases  []string
	Usage    string                  // one line, for help
	Args     string                  // what the names are, for help; "" takes none
	Examples []string                // command lines to paste, for help
	Groups   func() []Group          // its flags, made only for the command line that is run; nil for none
	Choices  func() []string         // what its names can be, if they can be nothing else
	Source   bool                    // reads records
	Columns  func() []string         // what tables show of its records; nil for their keys
	Keys     []string                // of its records, as far as they are known
	Writes   func(record.Flags) bool // true: changes something without an action; nil for never
	Run      func(*cli.Context) error
}

// A Group is flags that help shows under one title.
type Group struct {
	Title string
	Flags []cli.Flag
}

func (c *Command) has(name string) bool { return c.Name == name || slices.Contains(c.Aliases, name) }

func (c *Command) groups() []Group {
	if c.Groups == nil {
		return nil
	}
	return c.Groups()
}

func (c *Command) columns() []string {
	if c.Columns == nil {
		return nil
	}
	return c.Columns()
}

func (c *Command) flags() (all []cli.Flag) {
	for _, g := range c.groups() {
		all = append(all, g.Flags...)
	}
	return all
}

func find(commands []Command, name string) *Command {
	for i := range commands {
		if commands[i].has(name) {
			return &commands[i]
		}
	}
	return nil
}

// Run runs a line that [Arrange] put in order.
func Run(ctx context.Context, commands []Command, line []string) error {
	return app(find(commands, line[0])).RunContext(ctx, append([]string{"baleen"}, line...))
}

// app is a command for urfave/cli, whose own reaction to errors (print help to
// standard output and exit) is turned off.
func app(c *Command) *cli.App {
	return &cli.App{
		Name:                      "baleen",
		HideHelp:                  true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		Commands: []*cli.Command{{
			Name:     c.Name,
			Aliases:  c.Aliases,
			Flags:    c.flags(),
			HideHelp: true,
			OnUsageError: func(_ *cli.Context, err error, _ bool) error {
				return usage("%s", strings.Replace(err.Error(), " for flag -", " for --", 1))
			},
			Before: func(c *cli.Context) error {
				c.Command.Flags = nil // parsed; urfave/cli would look through them once for each of them
				return nil
			},
			Action: c.Run,
		}},
	}
}

// describe returns a flag's spellings with the name of its value, and its usage.
func describe(f cli.Flag) (spellings, usage string) {
	spellings = "    --" + f.Names()[0]
	if len(f.Names()) > 1 {
		spellings = "-" + f.Names()[1] + ", --" + f.Names()[0]
	}
	value, usage := value(f)
	if value != "" {
		spellings += " " + value
	}
	return spellings, usage
}

// value returns the name of a flag's value, which is in backquotes in the usage
// text, and that text without them.
func value(f cli.Flag) (name, usage string) {
	usage = f.(cli.DocGenerationFlag).GetUsage()
	if parts := strings.Split(usage, "`"); len(parts) == 3 {
		return parts[1], strings.TrimPrefix(strings.Join(parts, ""), parts[1]+": ")
	}
	return "", usage
}

// valueWords is how many words follow a flag: 1, if it does not say so itself.
func valueWords(f cli.Flag) int {
	switch f := f.(type) {
	case *cli.BoolFlag:
		return 0
	case interface{ Words() int }:
		return f.Words()
	}
	return 1
}
