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

// Complete writes what the last of words, which may be empty, can become: a
// line each, with a tab and a few words on it where there are some. The last
// line is a colon and what shells do then, as cobra has it: 0 they may offer
// files, 4 they must not, 6 nor put a space after the word. answers are
// what main knows about sources and flags.
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

// Answers are the questions that completion has about sources and flags.
type Answers struct {
	// Names lists what the Engines that flags name have for a command to name.
	Names func(ctx context.Context, flags record.Flags, command string) []string
	// Values lists what a flag of a command can be set to where word is there
	// already. names gives the names of any command.
	Values func(command, flag, word string, names func(command string) []string) []string
}

type completer struct {
	ctx      context.Context
	commands []Command
	answers  Answers
}

// patience is how long a shell waits for an Engine that takes its time.
const patience = time.Second

// names lists what the Engines have for a command to name, if they answer soon.
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

// candidates lists what can follow the words before; files means that a file can.
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
	// Where a word that is no other comes to stand, the last one does too.
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
			for _, column := range slices.Concat(command.Columns, command.Keys) {
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
		list = append(list, "--help\twhat there is to know")
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
