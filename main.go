// Baleen reads records from a Docker Engine, filters them with jq, and prints
// them or acts on them.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"baleen/query"
	"baleen/sink"
	"baleen/source"
)

func main() { os.Exit(run(os.Args[1:])) }

// run is the contract with shells: standard output carries records and nothing
// else, standard error a message for each thing that went wrong, and the exit
// code is that of the most serious one:
//
//	0  all of it worked               4  -e and no output
//	1  the Engine, or an action       5  the filter failed on a record
//	2  usage                          128+N  ended by signal N
//	3  the filter does not compile    141  the reader went away
func run(args []string) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	r := &report{}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		s := signalError{(<-signals).(syscall.Signal)}
		signal.Stop(signals) // a second one ends baleen at once
		cancel(s)
		if time.Sleep(time.Second); !r.acts.Load() {
			os.Exit(exitCode(s)) // the filter is in a loop, or nobody reads
		}
	}()
	signal.Ignore(syscall.SIGPIPE) // a failed write tells as well, and leaves time to wait for actions
	sink.WatchReader(os.Stdout, func() { cancel(signalError{syscall.SIGPIPE}) })

	app := newApp(r)
	args, err := arrange(args, app.Commands)
	switch {
	case err != nil:
	case args[0] == "--version":
		fmt.Println("baleen", buildVersion())
	case args[0] == "--help":
		help(os.Stdout, "")
	case args[1] == "--help":
		help(os.Stdout, args[0])
	default:
		err = app.RunContext(ctx, append([]string{app.Name}, args...))
	}
	r.add(err)
	return r.code
}

// newApp ranges over the tables of sources and sinks. What urfave/cli would do
// by itself on an error, print help to standard output and exit, is turned off.
func newApp(r *report) *cli.App {
	usage := func(_ *cli.Context, err error, _ bool) error { return &source.UsageError{Message: err.Error()} }
	app := &cli.App{
		Name:                      "baleen",
		HideHelp:                  true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
	}
	for _, s := range source.All() {
		app.Commands = append(app.Commands, &cli.Command{
			Name:         s.Name,
			Aliases:      s.Aliases,
			Flags:        flags(s),
			HideHelp:     true,
			OnUsageError: usage,
			Action:       func(c *cli.Context) error { return serve(c, s, r) },
		})
	}
	return app
}

type group struct {
	title string
	flags []cli.Flag
}

// groups are all the flags that a source's command line may have.
func groups(s source.Source) []group {
	g := []group{{"Source", s.Flags}, {"Filter", query.Flags()}, {"Output", sink.PrintFlags()}, {"Engine", source.Flags()}}
	if s.Filters {
		f := &cli.StringSliceFlag{Name: "filter", Aliases: []string{"f"}, Usage: "the Engine's own filter `KEY=VALUE`; the same key twice means or, different keys mean and"}
		g[0].flags = append(g[0].flags, f)
	}
	if s.Kind != "" {
		g = slices.Insert(g, 2, group{"Action", sink.ActionFlags(s.Kind)})
	}
	return g
}

func flags(s source.Source) (all []cli.Flag) {
	for _, g := range groups(s) {
		all = append(all, g.flags...)
	}
	return all
}

func buildVersion() string {
	info, _ := debug.ReadBuildInfo()
	return cmp.Or(info.Main.Version, "(devel)")
}

const usageLine = "baleen SOURCE [NAME...] [-f KEY=VALUE]... [-q FILTER] [ACTION] [OUTPUT FLAGS]"

const recipes = `
Recipes (-H demo tries them on a pretend Engine):
  baleen images -q 'select(.Size > 1e9) | .RepoTags[]?' -r
  baleen stats -q '{name: name, memory: .memory_stats.usage}'
  baleen containers -a -f status=exited -q name -r
  baleen images -f dangling=true --delete --dry-run
  baleen images | grep legacy | baleen read --kind image --delete --dry-run
`

const exitCodes = `
Exit codes:
  0  all of it worked
  1  the Engine could not be reached, refused, or cut its answer short;
     an action failed; -e and the last output was false or null
  2  usage
  3  the filter does not compile; nothing was asked of the Engine
  4  -e and no output
  5  the filter failed on a record; the others were processed
  130, 143, 141  ended by SIGINT, SIGTERM, or the reader going away
`

// help writes what there is to know about one source, or about baleen.
func help(w io.Writer, topic string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	for _, s := range source.All() {
		if s.Name != topic {
			continue
		}
		fmt.Fprintf(t, "baleen %s %s [FLAGS]\n%s\n\nRecipes:\n  %s\n", s.Name, s.Args, s.Usage, strings.Join(s.Examples, "\n  "))
		for _, g := range groups(s) {
			if len(g.flags) > 0 {
				fmt.Fprintf(t, "\n%s:\n", g.title)
			}
			for _, f := range g.flags {
				left, right := describe(f.(cli.DocGenerationFlag))
				fmt.Fprintf(t, "  %s\t%s\n", left, right)
			}
		}
		return
	}
	fmt.Fprintf(t, "%s\n%s\nSources (baleen help SOURCE has their flags and more recipes):\n", usageLine, recipes)
	for _, s := range source.All() {
		fmt.Fprintf(t, "  %s\t%s\n", strings.Join(append([]string{s.Name}, s.Aliases...), ", "), s.Usage)
	}
	io.WriteString(t, exitCodes)
}

// describe gives a flag's spellings with its value's name, which stands between
// backquotes in the usage text, and that text.
func describe(f cli.DocGenerationFlag) (spellings, usage string) {
	before, value, after := f.GetUsage(), "", ""
	if parts := strings.Split(before, "`"); len(parts) == 3 {
		before, value, after = parts[0], " "+parts[1], parts[2]
	}
	spellings = "    --" + f.Names()[0]
	if len(f.Names()) > 1 {
		spellings = "-" + f.Names()[1] + ", --" + f.Names()[0]
	}
	return spellings + value, before + strings.TrimSpace(value) + after
}

// arrange puts the words of a command line in the one order that urfave/cli
// reads as it is meant: SOURCE --flag=value... -- NAME...
func arrange(args []string, sources []*cli.Command) ([]string, error) {
	every := words{}
	for _, s := range sources {
		every.add(s.Flags)
	}
	// Where the source is shows only when it is known which flags before it take a value.
	_, names, _ := every.split(args)
	switch {
	case len(names) > 0 && names[0] == "help":
		if len(names) == 1 {
			return []string{"--help"}, nil
		}
		names = names[1:]
		args = []string{names[0], "--help"}
	case len(names) > 0:
	case len(args) == 0 || slices.Contains(args, "--help") || slices.Contains(args, "-h"):
		return []string{"--help"}, nil
	case slices.Contains(args, "--version") || slices.Contains(args, "-v"):
		return []string{"--version"}, nil
	default:
		return nil, &source.UsageError{Message: "no source given\nbaleen --help lists them"}
	}
	i := slices.IndexFunc(sources, func(s *cli.Command) bool { return s.HasName(names[0]) })
	if i < 0 {
		return nil, &source.UsageError{Message: fmt.Sprintf("unknown source %q\nbaleen --help lists them", names[0])}
	}
	own := words{}
	own.add(sources[i].Flags)
	flags, names, err := own.split(args)
	if err != nil {
		return nil, &source.UsageError{Message: fmt.Sprintf("%s: %v\nbaleen help %[1]s lists the flags", names[0], err)}
	}
	if slices.Contains(flags, "--help") {
		return []string{sources[i].Name, "--help"}, nil
	}
	return slices.Concat(names[:1], flags, []string{"--"}, names[1:]), nil
}

// words knows for each spelling of a flag its long name and how many words follow it.
type words map[string]struct {
	name string
	n    int
}

func (w words) add(flags []cli.Flag) {
	for _, f := range append(flags, cli.HelpFlag) {
		name, n := f.Names()[0], 1
		if _, ok := f.(*cli.BoolFlag); ok {
			n = 0
		} else if query.TwoWords(name) {
			n = 2
		}
		for _, spelling := range f.Names() {
			w[spelling] = struct {
				name string
				n    int
			}{name, n}
		}
	}
}

// split tells flags from names. Flags come back with their long names and their
// values joined to them. The first word that is neither is the error; what
// could be told is given all the same.
func (w words) split(args []string) (flags, names []string, err error) {
	fault := func(format string, a ...any) {
		if err == nil {
			err = fmt.Errorf(format, a...)
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
			fault("unknown flag %s", word)
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
				fault("%s needs %d more", word, f.n-len(args))
				return flags, names, err
			}
			for _, v := range args[:f.n] {
				flags = append(flags, "--"+f.name+"="+v)
			}
			args = args[f.n:]
		}
	}
	return flags, names, err
}

// serve is one command line: a source, through a filter, into a sink.
func serve(c *cli.Context, s source.Source, r *report) error {
	filters, err := source.ParseFilters(c.StringSlice("filter"))
	if err != nil {
		return err
	}
	request := source.Request{Names: c.Args().Slice(), Filters: filters, Flags: c}
	filter, err := query.FromFlags(c)
	if err != nil {
		return &source.UsageError{Message: err.Error()}
	}
	action, kind, err := sink.Choose(s.Kind, c)
	if err != nil {
		return err
	}
	if err := check(s, request, action, filter); err != nil {
		return err
	}
	printer, err := sink.NewPrinter(os.Stdout, c, term.IsTerminal(int(os.Stdout.Fd())))
	if err != nil {
		return err
	}
	program, err := query.Compile(filter)
	if err != nil {
		return err
	}
	options := source.OptionsFromFlags(c)
	options.Write = action != nil && !c.Bool("dry-run") || s.Writes != nil && s.Writes(c)
	options.Idle = func() { printer.Flush() } // its error comes back with the next record
	engine, err := source.Connect(options)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.Context)
	defer cancel()
	results := program.Run(s.Records(ctx, engine, request))
	if action != nil {
		r.acts.Store(true)
		live := s.Live != nil && s.Live(c)
		act := &sink.Run{Action: *action, Kind: kind, Live: live, Client: engine.Client, Flags: c}
		results = act.Results(ctx, results)
	}
	status, last := c.Bool("exit-status"), []byte(nil)
	for result, err := range results {
		r.add(err)
		if result == nil {
			continue
		}
		if err := printer.Print(result); err != nil {
			return err
		}
		if action != nil {
			printer.Flush()
		}
		if status {
			last = append(last[:0], result...)
		}
	}
	if err := printer.Close(); err != nil {
		return err
	}
	if status {
		switch string(last) {
		case "":
			r.exit(4)
		case "null", "false":
			r.exit(1)
		}
	}
	return nil
}

// check refuses words that cannot be meant, and above all an action on things
// that nobody selected.
func check(s source.Source, request source.Request, action *sink.Action, filter query.Options) error {
	names := request.Names
	switch {
	case s.Args == "" && len(names) > 0:
		return &source.UsageError{Message: fmt.Sprintf("%s takes no names; what is %q?", s.Name, names[0])}
	case len(names) < s.MinArgs:
		return &source.UsageError{Message: fmt.Sprintf("%s needs %s", s.Name, s.Args)}
	}
	for _, n := range names {
		if strings.TrimSpace(n) == "" {
			return &source.UsageError{Message: "a name is empty; an unset variable?"}
		}
	}
	if action != nil {
		if key, blank := request.Filters.Blank(); blank {
			return &source.UsageError{Message: fmt.Sprintf("--%s: -f %s= has no value; an unset variable?", action.Name, key)}
		}
		if len(names) == 0 && len(request.Filters) == 0 && !filter.Selects() && s.Name != "read" {
			return &source.UsageError{Message: fmt.Sprintf("--%s without a selection\nname what is meant, or use -f or -q; -q . means all", action.Name)}
		}
	}
	if s.Check != nil {
		return s.Check(request)
	}
	return nil
}

// report writes messages and keeps the exit code of the most serious one.
type report struct {
	code int
	acts atomic.Bool // an action may be under way
}

func (r *report) add(err error) {
	if err == nil {
		return
	}
	code := exitCode(err)
	var halt *query.HaltError
	switch {
	case errors.As(err, &halt):
		io.WriteString(os.Stderr, halt.Stderr)
	case code < 128: // those who end baleen know that they did
		fmt.Fprintln(os.Stderr, "baleen: "+visible(err.Error()))
	}
	r.exit(code)
}

func (r *report) exit(code int) {
	// From least to most serious. A filter's own halt_error code stands with 5.
	order := []int{0, 4, 5, 1, 3, 2}
	rank := func(code int) int {
		if code >= 128 {
			return len(order)
		}
		return max(slices.Index(order, code), 2*min(code, 1))
	}
	if rank(code) > rank(r.code) {
		r.code = code
	}
}

func exitCode(err error) int {
	var (
		sig     signalError
		usage   *source.UsageError
		usage2  *sink.UsageError
		compile *query.CompileError
		record  *query.RecordError
		halt    *query.HaltError
	)
	switch {
	case errors.As(err, &sig):
		return 128 + int(sig.Signal)
	case errors.Is(err, syscall.EPIPE):
		return 128 + int(syscall.SIGPIPE)
	case errors.As(err, &usage), errors.As(err, &usage2):
		return 2
	case errors.As(err, &compile):
		return 3
	case errors.As(err, &record):
		return 5
	case errors.As(err, &halt):
		return halt.Code
	default:
		return 1
	}
}

// visible keeps text from an Engine or a filter from steering the terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return '\uFFFD'
		}
		return r
	}, s)
}

type signalError struct{ syscall.Signal }

func (e signalError) Error() string { return e.String() }
