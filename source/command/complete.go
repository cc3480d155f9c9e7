package command

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"baleen/source/record"
)

// Complete writes the completions of the last of words, which may be empty: one
// a line, with a tab and a description where there is one. The last line is a
// colon and cobra's directive to the shell: 0 it may complete file names, 4 it
// must not, 6 nor add a space after the word.
func Complete(ctx context.Context, w io.Writer, commands []Command, words []string, answers Answers) {
	c := &completer{ctx, commands, answers}
	last := len(words) - 1
	if words[last] == `""` { // how completion.powershell says that it is empty
		words[last] = ""
	}
	list, files := c.candidates(words[:last], words[last])
	directive, count := 4, 0
	for _, line := range list {
		word, _, _ := strings.Cut(line, "\t")
		if !strings.HasPrefix(word, words[last]) {
			continue
		}
		fmt.Fprintln(w, line)
		if count++; strings.HasSuffix(word, "=") {
			directive = 6
		}
	}
	if files && count == 0 {
		directive = 0
	}
	fmt.Fprintf(w, ":%d\n", directive)
}

// Answers is what completion asks about sources and flags.
type Answers struct {
	// Names lists the names on the Engines of flags that a command can take.
	Names func(ctx context.Context, flags record.Flags, command string) []string
	// Values lists the values of a flag, where word was typed already. names
	// returns the names that a command can take.
	Values func(command, flag, word string, names func(command string) []string) []string
}

type completer struct {
	ctx      context.Context
	commands []Command
	answers  Answers
}

// patience is how long a shell waits for an Engine's answer.
const patience = time.Second

// names lists the names that a command can take, if the Engines answer soon.
func (c *completer) names(command string, flags []string) []string {
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	defer cancel()
	var known []cli.Flag
	if found := find(c.commands, command); found != nil {
		known = found.flags()
	}
	said := make(chan []string, 1)
	go func() { said <- c.answers.Names(ctx, flagContext(known, flags), command) }()
	select {
	case names := <-said:
		return names
	case <-ctx.Done():
		return nil
	}
}

// candidates lists the completions after the words before; files reports whether
// file names are completions, too.
func (c *completer) candidates(before []string, word string) (list []string, files bool) {
	known := every(c.commands)
	_, names, _ := known.split(before)
	if len(names) == 1 && names[0] == "help" {
		names = nil
	}
	var command Command
	if len(names) > 0 {
		found := find(c.commands, names[0])
		if found == nil {
			return nil, false
		}
		command = *found
		known = words{}
		known.add(command.flags())
	}
	// A mark in place of the last word shows what that word is: a flag's value or a name.
	const mark = "\x00"
	prefix, flagValue := "", word
	if flag, value, joined := strings.Cut(word, "="); joined && strings.HasPrefix(word, "--") {
		prefix, flagValue = flag+"=", value
		before = append(slices.Clip(before), prefix+mark)
	} else {
		before = append(slices.Clip(before), mark)
	}
	flags, names, _ := known.split(before)
	if i := slices.IndexFunc(flags, func(f string) bool { return strings.HasSuffix(f, "="+mark) }); i >= 0 {
		name := strings.TrimSuffix(strings.TrimPrefix(flags[i], "--"), "="+mark)
		flags = slices.Delete(flags, i, i+1)
		if name == "columns" || name == "sort" {
			given := flagValue[:strings.LastIndex(flagValue, ",")+1]
			for _, column := range slices.Concat(command.columns(), command.Keys) {
				list = append(list, prefix+given+column)
			}
			return list, false
		}
		for _, v := range c.answers.Values(command.Name, name, flagValue, func(of string) []string { return c.names(of, flags) }) {
			list = append(list, prefix+v)
		}
		return list, c.takesFile(name)
	}
	dashes := slices.Contains(before, "--")
	switch {
	case prefix != "":
	case strings.HasPrefix(word, "-") && !dashes:
		seen := map[string]bool{}
		for _, other := range c.commands {
			if command.Name != "" && command.Name != other.Name {
				continue
			}
			for _, f := range other.flags() {
				if name := f.Names()[0]; !seen[name] {
					seen[name] = true
					_, usage := describe(f)
					list = append(list, "--"+name+"\t"+usage)
				}
			}
		}
		list = append(list, "--help\tshow help")
	case command.Name == "":
		for _, other := range c.commands {
			list = append(list, other.Name+"\t"+other.Usage)
		}
		if slices.Contains(before, "help") {
			for _, t := range topics() {
				list = append(list, t.name+"\t"+t.usage)
			}
		}
	case command.Choices != nil:
		list = command.Choices()
	default:
		given := names[1 : len(names)-1]
		for _, name := range c.names(command.Name, flags) {
			if !slices.Contains(given, name) {
				list = append(list, name)
			}
		}
		files = strings.Contains(command.Args, "FILE")
	}
	return list, files
}

// takesFile reports whether a flag's value is a file.
func (c *completer) takesFile(flag string) bool {
	for _, command := range c.commands {
		for _, f := range command.flags() {
			if f.Names()[0] == flag {
				name, _ := value(f)
				return strings.Contains(name, "FILE") || strings.Contains(name, "DIR")
			}
		}
	}
	return false
}
