// Package command is baleen's command line: the order of its words, help,
// completion, and files of command lines with their schedules.
package command

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"baleen/source/record"
)

// A Command is what a command line can begin with: a source, or something else
// that baleen does.
type Command struct {
	Name     string
	Aliases  []string
	Usage    string                  // one line, for help
	Args     string                  // what the names are, for help; "" takes none
	Examples []string                // command lines to paste, for help
	Groups   func() []Group          // its flags, made only for the command line that is run; nil for none
	Choices  []string                // what its names can be, if they can be nothing else
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

// app is a command as urfave/cli runs it. What that would do by itself on an
// error, print help to standard output and exit, is turned off.
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

// Help writes what there is to know about the command called name.
func Help(w io.Writer, commands []Command, name string) {
	c := find(commands, name)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	fmt.Fprintf(t, "baleen %s [FLAGS]\n%s\n", strings.TrimSpace(c.Name+" "+c.Args), c.Usage)
	if len(c.Examples) > 0 {
		fmt.Fprintf(t, "\nRecipes:\n  %s\n", strings.Join(c.Examples, "\n  "))
	}
	for _, g := range c.groups() {
		if len(g.Flags) > 0 {
			fmt.Fprintf(t, "\n%s:\n", g.Title)
		}
		for _, f := range g.Flags {
			left, right := describe(f)
			fmt.Fprintf(t, "  %s\t%s\n", left, right)
		}
	}
}

// List writes a line for each of commands.
func List(w io.Writer, commands []Command) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	for _, c := range commands {
		fmt.Fprintf(t, "  %s\t%s\n", strings.Join(append([]string{c.Name}, c.Aliases...), ", "), c.Usage)
	}
}

// describe gives a flag's spellings with its value's name, and what it does.
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

// value is what a flag's value is called, which stands between backquotes in
// the usage text, and that text without them.
func value(f cli.Flag) (name, usage string) {
	usage = f.(cli.DocGenerationFlag).GetUsage()
	if parts := strings.Split(usage, "`"); len(parts) == 3 {
		return parts[1], strings.Join(parts, "")
	}
	return "", usage
}

// valueWords is how many words follow a flag.
func valueWords(f cli.Flag) int {
	if _, ok := f.(*cli.BoolFlag); ok {
		return 0
	}
	name, _ := value(f)
	return cmp.Or(len(strings.Fields(name)), 1)
}
