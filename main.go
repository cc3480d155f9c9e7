// Baleen reads records from a Docker Engine, filters them with jq, and prints
// them or acts on them.
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"baleen/query"
	"baleen/sink"
	"baleen/sink/act"
	"baleen/sink/print"
	"baleen/source"
	"baleen/source/command"
	"baleen/source/curl"
	"baleen/source/demo"
	"baleen/source/engine"
	"baleen/source/record"
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
func run(args []string) (code int) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	r := &report{stderr: os.Stderr, demo: sync.OnceValue(demo.New)}
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

	log.SetOutput(io.Discard) // where net/http complains, besides what it returns
	out := bufio.NewWriter(os.Stdout)
	defer func() {
		r.add(out.Flush())
		code = r.code
	}()

	if slices.Equal(args, []string{source.PluginMetadata}) {
		fmt.Fprintln(out, source.DescribePlugin(buildVersion()))
		return 0
	}
	args = source.Plugin(args, func() { signals <- syscall.SIGTERM })
	table := commands(r)
	if len(args) > 1 && args[0] == "__complete" {
		command.Complete(ctx, out, table, args[1:], map[string][]string{"output": print.OutputNames()})
		return 0
	}
	args, err := command.Arrange(args, table)
	switch {
	case err != nil:
	case args[0] == "--version":
		fmt.Fprintln(out, "baleen", buildVersion())
	case args[0] == "--help":
		command.Overview(out, table, len(source.All()))
	case args[1] == "--help":
		command.Help(out, table, args[0])
	default:
		err = command.Run(ctx, table, args)
	}
	r.add(err)
	return r.code
}

// commands ranges over the table of sources; what is no source comes last.
func commands(r *report) (all []command.Command) {
	for _, s := range source.All() {
		all = append(all, command.Command{
			Name: s.Name, Aliases: s.Aliases, Usage: s.Usage, Args: s.Args, Examples: s.Examples, Groups: func() []command.Group { return groups(s) },
			Run: func(c *cli.Context) error { return serve(c, s, r) },
		})
	}
	all = append(all, command.Script(all, r.within), command.Completion(), command.Command{
		Name:     "functions",
		Usage:    "the jq functions that baleen adds: what each takes and gives, with an example",
		Examples: []string{"baleen functions"},
		Run: func(c *cli.Context) error {
			if c.Args().Present() {
				return &record.UsageError{Message: fmt.Sprintf("functions takes no names; what is %q?", c.Args().First())}
			}
			return query.WriteFunctions(os.Stdout)
		},
	})
	return append(all, command.Manual(all))
}

// groups are all the flags that a source's command line may have.
func groups(s source.Source) []command.Group {
	g := []command.Group{
		{Title: "Source", Flags: s.Flags}, {Title: "Filter", Flags: query.Flags()},
		{Title: "Output", Flags: print.PrintFlags()}, {Title: "Engine", Flags: engine.Flags()},
	}
	if s.Filters {
		f := &cli.StringSliceFlag{Name: "filter", Aliases: []string{"f"}, Usage: "the Engine's own filter `KEY=VALUE`; the same key twice means or, different keys mean and"}
		g[0].Flags = append(g[0].Flags, f)
	}
	if s.Kind != "" {
		g = slices.Insert(g, 2, command.Group{Title: "Action", Flags: act.ActionFlags(s.Kind)})
	}
	return g
}

func buildVersion() string {
	info, _ := debug.ReadBuildInfo()
	return cmp.Or(info.Main.Version, "(devel)")
}

// serve is one command line: a source, through a filter, into a sink.
func serve(c *cli.Context, s source.Source, r *report) error {
	filters, err := engine.ParseFilters(c.StringSlice("filter"))
	if err != nil {
		return err
	}
	request := source.Request{Names: c.Args().Slice(), Filters: filters, Flags: c}
	filter, err := query.FromFlags(c)
	if err != nil {
		return &record.UsageError{Message: err.Error()}
	}
	action, kind, err := act.Choose(s.Kind, c)
	if err != nil {
		return err
	}
	if err := check(s, request, action, filter); err != nil {
		return err
	}
	progress := print.NewProgress(os.Stderr, sink.Terminal(os.Stderr))
	defer progress.Close()
	r.stderr, filter.Stderr = progress.Beside(os.Stderr), progress.Beside(os.Stderr)
	options, err := engine.OptionsFromFlags(c)
	if err != nil {
		return err
	}
	several := len(options) > 1
	printer, show, err := newPrinter(c, s, filter, action != nil, several, progress)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.Context)
	defer cancel()
	filter.Kind, filter.Live, filter.Whole = kind, s.Live != nil && s.Live(c), action != nil
	idle := func() { printer.Flush() } // its error comes back with the next record
	for i := range options {
		o := &options[i]
		o.Demo, o.Idle = r.demo, idle
		o.Write = action != nil && !c.Bool("dry-run") || s.Writes != nil && s.Writes(c)
	}
	engines, programs, err := connect(ctx, options, filter)
	if err != nil {
		return err
	}
	request.Stdin, request.Engines = source.Stdin(several), engines
	if c.Bool("curl") && several {
		return &record.UsageError{Message: "--curl prints what one Engine is asked"}
	}
	if c.Bool("curl") {
		return printCurl(c, options[0], s, request, filter, action, kind)
	}
	limit := act.LimitFromFlags(c, len(engines))
	pipeline := func(ctx context.Context, e *engine.Engine) record.Seq {
		records := s.Records(ctx, e, request)
		if s.Layers {
			seen := sink.Terminal(os.Stdout) != nil && !filter.Selects() && !c.IsSet("output")
			records = progress.Layers(records, seen)
		}
		named := func(r record.Seq) record.Seq { return r }
		if several {
			named = func(r record.Seq) record.Seq { return source.Named(e.Name, r) }
		}
		results := show(e, programs[e].Run(named(records)))
		if action != nil {
			run := &act.Run{Action: *action, Kind: kind, Live: filter.Live, Client: e.Client, Flags: c, Limit: limit, Progress: progress, Begun: &r.acts}
			results = named(run.Results(ctx, results))
		}
		return results
	}
	results := source.Several(ctx, engines, idle, pipeline)
	status, last := c.Bool("exit-status"), []byte(nil)
	for result, err := range results {
		r.add(err)
		if result == nil {
			continue
		}
		if err := printer.Print(result); err != nil {
			printer.Flush() // what came before is whole
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

// connect prepares the ways to all Engines that are meant, and for each the
// filter, which may ask that Engine.
func connect(ctx context.Context, options []engine.Options, filter query.Options) (engines []*engine.Engine, programs map[*engine.Engine]*query.Program, err error) {
	programs = map[*engine.Engine]*query.Program{}
	for _, o := range options {
		e, err := engine.Connect(o)
		if err != nil {
			return nil, nil, err
		}
		if slices.ContainsFunc(engines, func(other *engine.Engine) bool { return other.Name == e.Name }) {
			return nil, nil, &record.UsageError{Message: fmt.Sprintf("the Engine %s is named twice", e.Name)}
		}
		filter.Engine = query.Engine{
			Get:  func(path string) iter.Seq2[json.RawMessage, error] { return e.Get(ctx, path) },
			Info: func() (name, host, apiVersion string, err error) { return e.Info(ctx) },
			Wait: o.Idle,
		}
		if programs[e], err = query.Compile(filter); err != nil {
			return nil, nil, err
		}
		engines = append(engines, e)
	}
	return engines, programs, nil
}

// printCurl prints what does the same with curl and jq.
func printCurl(c *cli.Context, options engine.Options, s source.Source, request source.Request, filter query.Options, action *act.Action, kind string) error {
	flags := query.Flags()
	var do func(*engine.Engine, string)
	if action != nil {
		do = func(e *engine.Engine, target string) {
			one := func(yield func(json.RawMessage, error) bool) { yield(json.RawMessage(strconv.Quote(target)), nil) }
			run := &act.Run{Action: *action, Kind: kind, Client: e.Client, Flags: c, Limit: act.NewLimit(-1, 1)}
			for range run.Results(c.Context, one) {
			}
		}
	} else {
		flags = append(flags, print.PrintFlags()...)
	}
	script, err := curl.Script(c.Context, options, s, request, query.Command(c, filter, flags), do)
	if err == nil {
		_, err = io.WriteString(os.Stdout, script)
	}
	return err
}

// newPrinter prints the results of a command line, once show has made of them
// what the output is about: where a table shows records that no filter changed,
// that is what the source's view has. Of several Engines it says which, so that
// what is renewed in place is that Engine's.
func newPrinter(c *cli.Context, s source.Source, filter query.Options, acts, several bool, progress *print.Progress) (printer *print.Printer, show func(*engine.Engine, record.Seq) record.Seq, err error) {
	output, err := print.ChooseOutput(c)
	if err != nil {
		return nil, nil, err
	}
	page := print.Page{W: os.Stdout, Stderr: filter.Stderr, Size: sink.Terminal(os.Stdout)}
	if page.Size != nil {
		page.W = progress.Beside(os.Stdout)
	}
	page.Renews = s.Samples && s.Live(c) && !acts
	var first []string
	if several {
		first = []string{"Engine"}
	}
	columns, view := append(first, query.Columns(s.View)...), ""
	switch {
	case !output.Rows:
	case acts:
		page.Columns = append(first, act.ResultColumns()...)
	case output.View && s.View != "" && filter.Passes() && (!c.IsSet("columns") || shows(columns, c.String("columns"))):
		page.Columns, view = columns, s.View
	default:
		page.Columns = query.Columns(filter.Filter)
	}
	show = func(e *engine.Engine, results record.Seq) record.Seq {
		if view != "" {
			results = query.Show(view, results)
		}
		if several && output.View && !acts {
			results = source.Named(e.Name, results)
		}
		return results
	}
	printer, err = print.NewPrinter(output, page, c)
	return printer, show, err
}

// shows reports whether a view has all of some columns.
func shows(view []string, columns string) bool {
	for c := range strings.SplitSeq(columns, ",") {
		if !slices.Contains(view, c) {
			return false
		}
	}
	return true
}

// check refuses words that cannot be meant, and above all an action on things
// that nobody selected.
func check(s source.Source, request source.Request, action *act.Action, filter query.Options) error {
	names := request.Names
	switch {
	case s.Args == "" && len(names) > 0:
		return &record.UsageError{Message: fmt.Sprintf("%s takes no names; what is %q?", s.Name, names[0])}
	case len(names) < s.MinArgs:
		return &record.UsageError{Message: fmt.Sprintf("%s needs %s", s.Name, s.Args)}
	}
	for _, n := range names {
		if strings.TrimSpace(n) == "" {
			return &record.UsageError{Message: "a name is empty; an unset variable?"}
		}
	}
	if action != nil {
		if key, blank := request.Filters.Blank(); blank {
			return &record.UsageError{Message: fmt.Sprintf("--%s: -f %s= has no value; an unset variable?", action.Name, key)}
		}
		if filter.Given && !filter.Selects() {
			return &record.UsageError{Message: fmt.Sprintf("--%s: the filter is blank; an unset variable?", action.Name)}
		}
		if len(names) == 0 && len(request.Filters) == 0 && !filter.Selects() && s.Name != "read" {
			return &record.UsageError{Message: fmt.Sprintf("--%s without a selection\nname what is meant, or use -f or -q; -q . means all", action.Name)}
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

	stderr io.Writer
	where  string              // stands before each message
	demo   func() *demo.Engine // one for all command lines
}

// within runs one of several command lines, and reports whether it failed.
func (r *report) within(where string, line func() error) (failed bool) {
	before := r.code
	r.where, r.code = where, 0
	r.add(line())
	r.acts.Store(false)
	failed = r.code != 0
	r.exit(before)
	r.where = ""
	return failed
}

func (r *report) add(err error) {
	if err == nil {
		return
	}
	code := exitCode(err)
	var halt *query.HaltError
	switch {
	case errors.As(err, &halt):
		io.WriteString(r.stderr, halt.Stderr)
	case code < 128: // those who end baleen know that they did
		fmt.Fprintln(r.stderr, "baleen: "+r.where+sink.Visible(err.Error(), "\n"))
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
		usage   *record.UsageError
		usage2  *record.UsageError
		compile *query.CompileError
		record  *query.RecordError
		halt    *query.HaltError
		notice  *engine.Notice
	)
	switch {
	case errors.As(err, &notice):
		return 0
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

type signalError struct{ syscall.Signal }

func (e signalError) Error() string { return e.String() }
