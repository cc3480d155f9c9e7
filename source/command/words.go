package command

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"
)

// Arrange puts the words of a command line in the order that urfave/cli parses
// correctly: COMMAND --flag=value... -- NAME...
// A request for help or for the version becomes [COMMAND] --help, --help TOPIC
// or --version, and no words at all stay none.
func Arrange(args []string, commands []Command) ([]string, error) {
	var names []string
	if len(args) > 0 && find(commands, args[0]) != nil {
		names = args[:1]
	} else { // where the command is shows only when it is known which flags before it take a value
		could := slices.DeleteFunc(slices.Clone(commands), func(c Command) bool { return !slices.ContainsFunc(args, c.has) })
		if !slices.ContainsFunc(could, func(c Command) bool { return c.Groups != nil }) {
			could = commands
		}
		_, names, _ = every(could).split(args)
	}
	switch {
	case len(names) > 0 && names[0] == "help":
		if len(names) == 1 || names[1] == "help" {
			return []string{"--help"}, nil
		}
		names = names[1:]
		if _, ok := findTopic(names[0]); ok {
			return []string{"--help", names[0]}, nil
		}
		args = []string{names[0], "--help"}
	case len(names) > 0:
	case len(args) == 0:
		return nil, nil
	case slices.Contains(args, "--help") || slices.Contains(args, "-h"):
		return []string{"--help"}, nil
	case slices.Contains(args, "--version") || slices.Contains(args, "-v"):
		return []string{"--version"}, nil
	default:
		return nil, noSource()
	}
	c := find(commands, names[0])
	if c == nil {
		if err := guessSource(commands, names, args); err != nil {
			return nil, err
		}
		var all []string
		for _, c := range commands {
			all = append(append(all, c.Name), c.Aliases...)
		}
		return nil, usage("unknown source %q\n%sbaleen --help lists them", names[0], meant(names[0], "", all))
	}
	own := words{}
	own.add(c.flags())
	if c.Groups == nil { // flags of other commands before it, such as -H, are of no use to it
		if given, all, err := every(commands).split(args); err == nil && !slices.Contains(given, "--help") {
			args = all
		}
	}
	flags, names, err := own.split(args)
	if slices.Contains(flags, "--help") && err == nil {
		return []string{c.Name, "--help"}, nil
	}
	if guessed := own.guess(c, commands, args, flags, names, err); guessed != nil {
		return nil, guessed
	}
	if err != nil {
		return nil, usage("%s: %v\n%sbaleen help %[1]s lists the flags", names[0], err, own.meant(err))
	}
	return slices.Concat(names[:1], flags, []string{"--"}, names[1:]), nil
}

// guess answers a line of words that mean something else in other tools; err is
// what split said of it.
func (w words) guess(c *Command, commands []Command, args, flags, names []string, err error) error {
	for _, f := range flags {
		name, value, _ := strings.Cut(strings.TrimPrefix(f, "--"), "=")
		if err := cmp.Or(guessShort(c, args, names[1:], name, value, false), guessValue(c, name, value)); err != nil {
			return err
		}
	}
	var unknown unknownFlag
	var missing missingValue
	switch {
	case errors.As(err, &missing):
		return cmp.Or(guessShort(c, args, names[1:], missing.flag, "", true), guessNames(c, commands, args, flags, names[1:]))
	case errors.As(err, &unknown) && c.Name == "run" && slices.Contains(runFlags(), string(unknown)):
		return try("run: "+err.Error(), "docker "+quoteWords(args...))
	case errors.As(err, &unknown):
		flag, value, joined := strings.Cut(string(unknown), "=")
		if i := slices.Index(args, flag); !joined && i >= 0 && i+1 < len(args) {
			value = args[i+1]
		}
		if line := guessFlag(c, names[1:], flag, value, func(flag string) bool { _, ok := w[flag]; return ok }); line != "" {
			return try(c.Name+": "+err.Error(), line)
		}
	case err == nil && !slices.Contains(args, "--") && !slices.Contains(flags, "--args") && !slices.Contains(flags, "--jsonargs"):
		return guessNames(c, commands, args, flags, names[1:])
	}
	return nil
}

func noSource() error { return usage("no source given\nbaleen --help lists them") }

// words are the known flags by their spellings, without dashes.
type words map[string]known

type known struct {
	name  string // the long one
	n     int    // words that follow it
	empty bool   // its value may be empty
	value string // the name of its value in help
}

func every(commands []Command) words {
	w := words{}
	for _, c := range commands {
		w.add(c.flags())
	}
	return w
}

func (w words) add(flags []cli.Flag) {
	for _, f := range append(flags, cli.HelpFlag) {
		names := f.Names()
		for _, spelling := range names {
			called, _ := value(f)
			w[spelling] = known{names[0], valueWords(f), valueWords(f) > 1 || names[0] == "jq", called} // as in jq
		}
	}
}

// split separates flags from names. Flags are returned as --long-name=value. err
// is about the first word that is neither; the other words are returned as well.
func (w words) split(args []string) (flags, names []string, err error) {
	fault := func(fault error) {
		if err == nil {
			err = fault
		}
	}
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		if word == "--" {
			return flags, append(names, args...), err
		}
		if len(word) < 2 || word[0] != '-' {
			names = append(names, word)
			continue
		}
		name, value, joined := strings.Cut(strings.TrimPrefix(word, "--"), "=")
		short := !strings.HasPrefix(word, "--")
		if short {
			name, value, joined = word[1:2], word[2:], len(word) > 2
		}
		f, known := w[name]
		switch {
		case !known || len(name) == 1 != short:
			fault(unknownFlag(word))
		case f.n == 0 && short && joined: // -rs is -r -s
			flags = append(flags, "--"+f.name)
			args = append([]string{"-" + value}, args...)
		case f.n == 0 && joined:
			flags = append(flags, "--"+f.name+"="+value)
		case f.n == 0:
			flags = append(flags, "--"+f.name)
		default:
			if joined {
				if short {
					value = strings.TrimPrefix(value, "=")
				}
				args = append([]string{value}, args...)
			}
			if len(args) < f.n {
				fault(missingValue{word, f.name, f.value})
				return flags, names, err
			}
			if !f.empty && strings.TrimSpace(args[0]) == "" {
				spelling, _, _ := strings.Cut(word, "=")
				fault(fmt.Errorf("%s is empty; an unset variable?", spelling))
			}
			for _, v := range args[:f.n] {
				flags = append(flags, "--"+f.name+"="+v)
			}
			args = args[f.n:]
		}
	}
	return flags, names, err
}

// flagContext returns the values of flags in words of the form --flag=value.
func flagContext(flags []cli.Flag, given []string) *cli.Context {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	var own []string
	for _, f := range flags {
		f.Apply(set) // fails on what environment variables say, which none reads
		own = append(own, "--"+f.Names()[0])
	}
	set.Parse(slices.DeleteFunc(slices.Clone(given), func(word string) bool {
		name, _, _ := strings.Cut(word, "=")
		return !slices.Contains(own, name)
	}))
	return cli.NewContext(nil, set, nil)
}

// unknownFlag is a word that is not a known flag.
type unknownFlag string

func (f unknownFlag) Error() string { return "unknown flag " + string(f) }

// missingValue is a flag at the end of a line that requires a value.
type missingValue struct{ word, flag, value string }

func (m missingValue) Error() string { return m.word + " requires " + cmp.Or(m.value, "a value") }

// meant suggests a flag for a mistyped one.
func (w words) meant(err error) string {
	unknown, ok := err.(unknownFlag)
	if !ok {
		return ""
	}
	var all []string
	for spelling := range w {
		if len(spelling) > 1 {
			all = append(all, spelling)
		}
	}
	slices.Sort(all)
	word, _, _ := strings.Cut(strings.TrimLeft(string(unknown), "-"), "=")
	return meant(word, "--", all)
}

// meant suggests the word among all that is most similar to a mistyped one.
func meant(word, prefix string, all []string) string {
	best, similar := "", 0.9
	for _, w := range all {
		if s := smetrics.JaroWinkler(word, w, 0.7, 4); s > similar {
			best, similar = w, s
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %s%s? ", prefix, best)
}
