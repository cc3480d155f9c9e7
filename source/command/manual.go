package command

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Manual is the command that prints the manual page of baleen, made from the
// same tables as help.
func Manual(commands []Command) Command {
	return Command{
		Name:     "man",
		Usage:    "print the manual page",
		Examples: []string{"baleen man | man -l -"},
		Run: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage("man takes no names; what is %q?", c.Args().First())
			}
			out := bufio.NewWriter(os.Stdout)
			manual(out, commands)
			return out.Flush()
		},
	}
}

func manual(w io.Writer, commands []Command) {
	roff := func(text string) string {
		return strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n.", "\n\\&.", "\n'", "\n\\&'").Replace(text)
	}
	p := func(macro, text string) { fmt.Fprintf(w, "%s\n%s\n", macro, roff(text)) }
	flags := func(list []cli.Flag) {
		for _, f := range list {
			spellings, usage := describe(f)
			p(".TP\n.B "+roff(strings.TrimSpace(spellings)), usage)
		}
	}
	fmt.Fprintln(w, ".TH BALEEN 1")
	p(".SH NAME", "baleen - read a Docker Engine's records, filter them with jq, print them or act on them")
	p(".SH SYNOPSIS\n.nf", usageLine)
	fmt.Fprintln(w, ".fi\n.SH SOURCES AND COMMANDS")
	var titles []string
	shared := map[string][]cli.Flag{} // by title, each flag once
	for _, c := range commands {
		fmt.Fprintf(w, ".SS \"%s\"\n", roff(strings.TrimSpace(strings.Join(append([]string{c.Name}, c.Aliases...), ", ")+" "+c.Args)))
		fmt.Fprintln(w, roff(c.Usage)+".")
		for i, g := range c.groups() {
			if i == 0 {
				flags(g.Flags)
				continue
			}
			if shared[g.Title] == nil {
				titles = append(titles, g.Title)
			}
			for _, f := range g.Flags {
				if !slices.ContainsFunc(shared[g.Title], func(o cli.Flag) bool { return o.Names()[0] == f.Names()[0] }) {
					shared[g.Title] = append(shared[g.Title], f)
				}
			}
		}
		if len(c.Examples) > 0 {
			p(".PP\n.nf", "  "+strings.Join(c.Examples, "\n  "))
			fmt.Fprintln(w, ".fi")
		}
	}
	for _, t := range topics() {
		p(fmt.Sprintf(".SH \"%s\"\n.nf", strings.ToUpper(t.name)), strings.Trim(t.text, "\n"))
		fmt.Fprintln(w, ".fi")
	}
	for _, title := range titles {
		fmt.Fprintf(w, ".SH \"%s FLAGS\"\n", strings.ToUpper(title))
		flags(shared[title])
	}
	title, codes, _ := strings.Cut(strings.TrimSpace(exitCodes), ":\n")
	p(".SH \""+strings.ToUpper(title)+"\"\n.nf", codes)
	fmt.Fprintln(w, ".fi")
}
