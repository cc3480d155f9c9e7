package query

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
	"github.com/urfave/cli/v2"
)

// Command is the command that runs the filter over values that come in on
// standard input, with those of flags that are jq's: "jq" if that knows all of
// the filter's functions, else "baleen read".
func Command(c *cli.Context, o Options, flags []cli.Flag) []string {
	words := []string{"jq"}
	if !o.portable() {
		words = []string{"baleen", "read"}
	}
	if !c.IsSet("indent") && !c.IsSet("tab") {
		words = append(words, "-c")
	}
	for _, f := range flags {
		name := f.Names()[0]
		if !c.IsSet(name) || slices.Contains([]string{"jq", "from-file", "output", "columns", "compact-output"}, name) {
			continue
		}
		spelling := "--" + name
		if len(f.Names()) > 1 {
			spelling = "-" + f.Names()[1]
		}
		switch f.(type) {
		case *cli.BoolFlag:
			if c.Bool(name) {
				words = append(words, spelling)
			}
		case *cli.IntFlag:
			words = append(words, spelling, strconv.Itoa(c.Int(name)))
		case *cli.StringSliceFlag, pairFlag:
			for i, v := range c.StringSlice(name) {
				if !TwoWords(name) || i%2 == 0 {
					words = append(words, spelling)
				}
				words = append(words, v)
			}
		}
	}
	file := c.String("from-file")
	switch {
	case words[0] == "jq" && file != "":
		return append(words, "-f", file)
	case words[0] == "jq" && o.Selects():
		return append(words, o.Filter)
	case words[0] == "jq":
		return append(words, ".")
	case file != "":
		return append(words, "-F", file)
	default:
		return append(words, "-q", o.Filter)
	}
}

// portable reports whether jq knows all of the filter's functions.
func (o *Options) portable() bool {
	q, err := gojq.Parse(cmp.Or(strings.TrimSpace(o.Filter), "."))
	if err != nil {
		return false
	}
	names, _ := o.Vars.bind(nil)
	_, err = gojq.Compile(q, gojq.WithVariables(names), gojq.WithEnvironLoader(func() []string { return nil }),
		gojq.WithModuleLoader(gojq.NewModuleLoader(o.Library)), gojq.WithInputIter(gojq.NewIter[any]()))
	return err == nil
}
