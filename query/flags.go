package query

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Flags are the flags that make a program, jq's own names.
func Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "jq", Aliases: []string{"q"}, Usage: "the jq `FILTER`, run once per record"},
		&cli.StringFlag{Name: "from-file", Aliases: []string{"F"}, Usage: "read the filter from `FILE`, or for - from standard input"},
		&cli.BoolFlag{Name: "slurp", Aliases: []string{"s"}, Usage: "run once, on an array of all records"},
		&cli.BoolFlag{Name: "null-input", Aliases: []string{"n"}, Usage: "run once, on null; input and inputs read records"},
		&cli.BoolFlag{Name: "exit-status", Aliases: []string{"e"}, Usage: "exit 1 if the last output is false or null, 4 without output"},
		&cli.BoolFlag{Name: "sort-keys", Aliases: []string{"S"}, Usage: "sort the keys of every object"},
		&cli.StringSliceFlag{Name: "library-path", Aliases: []string{"L"}, Usage: "look for modules in `DIR`; may be repeated"},
		pairFlag{&cli.StringSliceFlag{Name: "arg", Usage: "`NAME VALUE`: $NAME is the string"}},
		pairFlag{&cli.StringSliceFlag{Name: "argjson", Usage: "`NAME JSON`: $NAME is the JSON value"}},
		pairFlag{&cli.StringSliceFlag{Name: "slurpfile", Usage: "`NAME FILE`: $NAME is the array of the JSON values in the file"}},
		pairFlag{&cli.StringSliceFlag{Name: "rawfile", Usage: "`NAME FILE`: $NAME is the text of the file"}},
		&cli.BoolFlag{Name: "args", Usage: "words are no names but strings in $ARGS.positional"},
		&cli.BoolFlag{Name: "jsonargs", Usage: "words are no names but JSON in $ARGS.positional"},
		&cli.BoolFlag{Name: "stream", Usage: "run on [PATH, LEAF] of each leaf of a record, as it comes"},
	}
}

// A pairFlag is followed by two words, as in jq.
type pairFlag struct{ *cli.StringSliceFlag }

// Words is 2.
func (pairFlag) Words() int { return 2 }

// TwoWords reports whether a flag is followed by two words, as in jq.
func TwoWords(flag string) bool {
	switch flag {
	case "arg", "argjson", "slurpfile", "rawfile":
		return true
	}
	return false
}

// Selects reports whether the flags have a filter that says which records are
// meant. A filter that is blank, as an unset shell variable or a file of comments
// leaves it, says nothing.
func (o *Options) Selects() bool {
	q, _, err := parseText(o.Filter)
	return err != nil || !isBlank(q)
}

// FromFlags reads [Flags]. What it gives back as an error cannot be meant.
func FromFlags(c *cli.Context) (Options, error) {
	o := Options{
		Filter:   strings.Join(c.StringSlice("jq"), ""),
		Given:    c.IsSet("jq") || c.IsSet("from-file"),
		Name:     "<filter>",
		Slurp:    c.Bool("slurp") && !c.Bool("raw-input"), // -Rs makes one string of all lines
		Null:     c.Bool("null-input"),
		SortKeys: c.Bool("sort-keys"),
		Stream:   c.Bool("stream"),
		Library:  c.StringSlice("library-path"),
		Stderr:   os.Stderr,
	}
	file := c.String("from-file")
	switch {
	case file != "" && c.IsSet("jq"):
		return o, fmt.Errorf("-q and -F both give a filter")
	case len(c.StringSlice("jq")) > 1:
		return o, fmt.Errorf("-q is given twice; -q 'FILTER | FILTER' is both")
	}
	if file != "" {
		var text []byte
		var err error
		if file != "-" {
			o.Name = file
			text, err = os.ReadFile(file)
		} else if text, err = io.ReadAll(os.Stdin); err == nil && len(text) == 0 {
			err = fmt.Errorf("-F -: standard input has nothing") // left, maybe
		}
		if err != nil {
			return o, err
		}
		o.Filter = strings.TrimPrefix(string(text), "\ufeff") // which editors on Windows put first
		if strings.HasPrefix(o.Filter, "#!") {
			o.Filter = "#" + o.Filter // a comment in jq, so that line numbers stay
		}
	}
	for _, flag := range []struct {
		name string
		add  func(name, value string) error
	}{{"arg", o.Vars.Arg}, {"argjson", o.Vars.ArgJSON}, {"slurpfile", o.Vars.SlurpFile}, {"rawfile", o.Vars.RawFile}} {
		for pair := range slices.Chunk(c.StringSlice(flag.name), 2) {
			if err := flag.add(pair[0], pair[1]); err != nil {
				return o, err
			}
		}
	}
	if c.Bool("jsonargs") || c.Bool("args") {
		for _, word := range c.Args().Slice() {
			if !c.Bool("jsonargs") {
				o.Vars.Positional(word)
			} else if err := o.Vars.PositionalJSON(word); err != nil {
				return o, err
			}
		}
	}
	if names := Names(c); len(names) > 0 && !o.reads() {
		return o, fmt.Errorf("-n runs the filter on null, which does not read %q\ninput and inputs read records; docker's -n is --last", names[0])
	}
	return o, nil
}

// Names are the words of the command line that say what is meant: none if --args or
// --jsonargs gives them to the filter.
func Names(c *cli.Context) []string {
	if c.Bool("args") || c.Bool("jsonargs") {
		return nil
	}
	return c.Args().Slice()
}

// reads reports whether the filter may read records.
func (o *Options) reads() bool {
	q, _, err := parse(o.Filter)
	if !o.Null || err != nil {
		return true
	}
	l, err := newLibrary(o.Library, q)
	return err != nil || l.used["_input"] || l.used["_inputs"]
}
