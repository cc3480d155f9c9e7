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
	"syscall"

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
	signals := make(chan os.Signal, 2)
	r := &report{demo: sync.OnceValue(demo.New), quit: func() { signals <- command.Quit }}
	r.Stderr, r.Width = os.Stderr, func() int { return sink.Columns(os.Stderr) }
	r.Visible = func(text string) string { return sink.Visible(text, "\n") }
	defer r.keyboard.Restore()
	r.Obey(signals, cancel, r.keyboard.Restore)
	signal.Ignore(syscall.SIGPIPE) // a failed write tells as well, and leaves time to wait for actions
	sink.WatchReader(os.Stdout, func() { cancel(command.Signal{Signal: syscall.SIGPIPE}) })
	log.SetOutput(io.Discard) // where net/http complains, besides what it returns
	out := bufio.NewWriter(os.Stdout)
	defer func() {
		r.Add(out.Flush())
		code = r.Code
	}()
	if slices.Equal(args, []string{command.PluginMetadata}) {
		fmt.Fprintln(out, command.DescribePlugin(buildVersion()))
		return 0
	}
	args = command.Plugin(args, func() { signals <- syscall.SIGTERM })
	r.Add(dispatch(ctx, out, args, commands(r)))
	return r.Code
}

// dispatch runs one command line.
func dispatch(ctx context.Context, out io.Writer, args []string, table []command.Command) error {
	if len(args) > 1 && args[0] == "__complete" {
		command.Complete(ctx, out, table, args[1:], command.Answers{Names: source.EngineNames, Values: flagValues})
		return nil
	}
	args, err := command.Arrange(args, table)
	switch {
	case err != nil:
		return err
	case command.Help(out, sink.Columns(os.Stdout), table, args):
	case args[0] == "--version":
		fmt.Fprintln(out, "baleen", buildVersion())
	default:
		return command.Run(ctx, table, args)
	}
	return nil
}

// commands ranges over the table of sources; what is no source comes last.
func commands(r *report) (all []command.Command) {
	for _, s := range source.All() {
		all = append(all, command.Command{
			Name: s.Name, Aliases: s.Aliases, Usage: s.Usage, Args: s.Args, Examples: s.Examples, Groups: func() []command.Group { return groups(s) }, Writes: s.Writes,
			Source: true, Columns: func() []string { return query.Columns(s.View) }, Keys: strings.Fields(s.Keys),
			Run: func(c *cli.Context) error { return serve(c, s, r) },
		})
	}
	all = append(all, command.Script(all, command.Host{EngineFlags: engine.Flags, Line: r.Within, Ask: r.ask, Tally: &r.Tally, Stderr: os.Stderr}), command.Completion(), command.Command{
		Name:     "functions",
		Usage:    "the jq functions that baleen adds: what each takes and gives, with an example",
		Args:     "[NAME...]",
		Examples: []string{"baleen functions", "baleen functions older_than"},
		Choices:  query.FunctionNames,
		Run: func(c *cli.Context) error {
			return query.WriteFunctions(os.Stdout, c.Args().Slice()...)
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

// flagValues lists what a flag can be set to, for completion.
func flagValues(name, flag, word string, names func(string) []string) []string {
	if flag == "output" {
		return print.OutputNames()
	}
	return source.FlagValues(name, flag, word, names)
}

// version is the tag and the commit, which .ci/release has the linker write.
var version string

func buildVersion() string {
	info, _ := debug.ReadBuildInfo()
	return cmp.Or(version, info.Main.Version, "(devel)")
}

// A line is one command line: a source, through a filter, into a sink.
type line struct {
	c       *cli.Context
	source  source.Source
	report  *report
	request source.Request
	filter  query.Options
	action  *act.Action // nil for none
	kind    string      // of what is acted on

	options  []engine.Options
	engines  []*engine.Engine
	programs map[*engine.Engine]*query.Program
	requests map[*engine.Engine]func(json.RawMessage) (act.Request, error) // of --request
	command  []string                                                      // of --exec
	progress *print.Progress
	printer  *print.Printer
}

// serve runs one command line.
func serve(c *cli.Context, s source.Source, r *report) error {
	l := &line{c: c, source: s, report: r}
	if err := l.parse(); err != nil {
		return err
	}
	l.progress = print.NewProgress(os.Stderr, sink.Terminal(os.Stderr))
	defer l.progress.Close()
	r.Stderr = sink.VisibleWriter(os.Stderr, l.progress.Beside(os.Stderr)) // a filter's debug, stderr and halt_error write anything
	l.filter.Stderr = r.Stderr
	ctx, cancel := context.WithCancel(c.Context)
	defer cancel()
	if err := l.connect(ctx); err != nil {
		return err
	}
	if c.Bool("curl") {
		return l.curl()
	}
	return l.print(source.Several(ctx, l.engines, l.idle, l.results()), cancel)
}

// parse reads the flags, and refuses what is invalid before anything is asked.
func (l *line) parse() error {
	c := l.c
	filters, err := engine.ParseFilters(c.StringSlice("filter"))
	if err != nil {
		return err
	}
	l.request = source.Request{Names: query.Names(c), Filters: filters, Flags: c}
	if l.filter, err = query.FromFlags(c); err != nil {
		return &record.UsageError{Message: err.Error()}
	}
	if l.action, l.kind, err = act.Choose(l.source.Kind, c); err != nil {
		return err
	}
	action, selection := "", source.Selection{Given: l.filter.Given, Selects: l.filter.Selects()}
	if l.action != nil {
		action, selection.Unsafe = l.action.Name, l.filter.Unsafe()
	}
	if err := l.source.Validate(l.request, action, selection); err != nil {
		return err
	}
	if l.action != nil && l.action.Name == "exec" {
		if l.command, err = command.Words(c.String("exec")); err != nil {
			return err
		}
	}
	l.options, err = engine.OptionsFromFlags(c)
	switch {
	case err != nil || !c.Bool("curl"):
	case l.several():
		err = &record.UsageError{Message: "--curl prints what one Engine is asked"}
	case l.action != nil && l.action.Send != nil:
		err = &record.UsageError{Message: fmt.Sprintf("--curl does not go with --%s, whose requests depend on each record", l.action.Name)}
	}
	return err
}

func (l *line) several() bool { return len(l.options) > 1 }

// live reports whether the records have no end.
func (l *line) live() bool { return l.source.Live != nil && l.source.Live(l.c) }

func (l *line) idle() { l.printer.Flush() } // its error comes back with the next record

// connect prepares the ways to all Engines that are meant, for each the filter,
// which may ask that Engine, and what prints the results.
func (l *line) connect(ctx context.Context) (err error) {
	c, s := l.c, l.source
	if err := l.newPrinter(); err != nil {
		return err
	}
	l.filter.Kind, l.filter.Live, l.filter.Whole = l.kind, l.live(), l.action != nil
	l.programs = map[*engine.Engine]*query.Program{}
	for i := range l.options {
		o := &l.options[i]
		o.Demo, o.Idle = l.report.demo, l.idle
		o.Write = l.action != nil && !c.Bool("dry-run") || s.Writes != nil && s.Writes(c)
		e, err := engine.Connect(*o)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(l.engines, func(other *engine.Engine) bool { return other.Name == e.Name }) {
			return &record.UsageError{Message: fmt.Sprintf("the Engine %s is named twice", e.Name)}
		}
		filter := l.filter
		filter.Engine = query.Engine{
			Get:  func(path string) iter.Seq2[json.RawMessage, error] { return e.Get(ctx, path) },
			Info: func() (name, host, apiVersion string, err error) { return e.Info(ctx) },
			Wait: o.Idle,
		}
		if l.programs[e], err = query.Compile(filter); err != nil {
			return err
		}
		if err := l.template(e, filter); err != nil {
			return err
		}
		l.engines = append(l.engines, e)
	}
	l.request.Stdin, l.request.Engines = source.Stdin(l.several()), l.engines
	return nil
}

// template prepares what --request makes of each record.
func (l *line) template(e *engine.Engine, filter query.Options) error {
	if l.action == nil || l.action.Name != "request" {
		return nil
	}
	method, path, err := act.Method(l.c.String("request"))
	if err != nil {
		return err
	}
	make, err := query.Template(filter, path, l.c.String("body"))
	if err != nil {
		return err
	}
	if l.requests == nil {
		l.requests = map[*engine.Engine]func(json.RawMessage) (act.Request, error){}
	}
	l.requests[e] = func(v json.RawMessage) (act.Request, error) {
		uri, body, err := make(v)
		return act.Request{Method: method, URI: uri, Body: body}, err
	}
	return nil
}

// results is what one Engine's records become: filtered, and acted on or shown.
func (l *line) results() func(context.Context, *engine.Engine) record.Seq {
	limit := act.LimitFromFlags(l.c, len(l.engines))
	return func(ctx context.Context, e *engine.Engine) record.Seq {
		request, names := l.request, &act.Seen{}
		if l.action != nil {
			request.Note = names.Note
		}
		records := l.source.Records(ctx, e, request)
		if l.source.Layers {
			seen := sink.Terminal(os.Stdout) != nil && !l.filter.Selects() && !l.c.IsSet("output")
			records = l.progress.Layers(records, seen)
		}
		if l.action != nil && l.source.Name != "read" {
			records = names.Records(records)
		}
		switch {
		case l.several():
			records = source.Named(e.Name, records)
		case l.source.Name != "read" && l.source.Kind != "":
			records = source.Own(e.Name, records)
		}
		results := l.programs[e].Run(records)
		if l.action == nil {
			return l.show(e, results)
		}
		run := &act.Run{
			Send: e.Send, Request: l.requests[e], Command: l.command,
			Action: *l.action, Kind: l.kind, Live: l.filter.Live, Client: e.Client, Flags: l.c, Limit: limit, Seen: names,
			Progress: meter{l.progress, &l.report.Tally}, Underway: &l.report.Underway,
		}
		results = run.Results(ctx, results)
		if l.several() {
			results = source.Named(e.Name, results)
		}
		return l.show(e, results)
	}
}

// print writes results, and what -e says of the last one.
func (l *line) print(results record.Seq, stop func()) error {
	var acts *print.Acts
	if l.action != nil && !l.c.Bool("dry-run") {
		acts = &print.Acts{Stop: stop, Stderr: l.report.Stderr}
	}
	if !l.c.Bool("exit-status") {
		return l.printer.All(results, acts, nil, l.report.Add)
	}
	var last []byte
	err := l.printer.All(results, acts, &last, l.report.Add)
	if err == nil {
		switch string(last) {
		case "":
			l.report.Exit(4)
		case "null", "false":
			l.report.Exit(1)
		}
	}
	return err
}

// curl prints what does the same with curl and jq.
func (l *line) curl() error {
	flags := query.Flags()
	var do func(*engine.Engine, string)
	if l.action != nil {
		do = func(e *engine.Engine, target string) {
			one := func(yield func(json.RawMessage, error) bool) { yield(json.RawMessage(strconv.Quote(target)), nil) }
			run := &act.Run{Action: *l.action, Kind: l.kind, Client: e.Client, Flags: l.c, Limit: act.NewLimit(-1, 1)}
			for range run.Results(l.c.Context, one) {
			}
		}
	} else {
		flags = append(flags, print.PrintFlags()...)
	}
	script, err := curl.Script(l.c.Context, l.options[0], l.source, l.request, query.Command(l.c, l.filter, flags), do)
	if err == nil {
		_, err = io.WriteString(os.Stdout, script)
	}
	return err
}

// newPrinter prepares what prints the results.
func (l *line) newPrinter() (err error) {
	s := l.source
	r := print.Results{
		Live: l.live(), Samples: s.Samples, Several: l.several(), Filter: query.Columns(l.filter.Filter),
		Document: s.Document && l.filter.Passes() && l.action == nil,
	}
	switch {
	case l.action != nil:
		r.Action, r.Known = act.ResultColumns(), act.MoreColumns()
	case s.View != "" && l.filter.Passes():
		r.View = &print.View{
			Columns: query.Columns(s.View), Percent: s.Percent,
			Show: func(records record.Seq) record.Seq { return query.Show(s.View, records) },
			Pair: func(records record.Seq) record.Seq { return query.Paired(s.View, records) },
		}
	}
	page := print.Page{W: os.Stdout, Stderr: l.filter.Stderr, Size: sink.Terminal(os.Stdout)}
	if page.Size != nil {
		page.W = l.progress.Beside(os.Stdout)
	}
	page.Quits = s.Name != "read" && sink.Typed(os.Stdin)
	if l.printer, err = print.New(page, r, l.c); err == nil && l.printer.Screen && page.Quits {
		err = l.report.keyboard.Watch(os.Stdin, l.report.quit)
	}
	return err
}

// show is what is printed of an Engine's results.
func (l *line) show(e *engine.Engine, results record.Seq) record.Seq {
	results = l.printer.Rows(results)
	if l.printer.Engines {
		results = source.Named(e.Name, results)
	}
	return results
}

// report is what all command lines have in common.
type report struct {
	command.Report
	demo     func() *demo.Engine
	keyboard sink.Keyboard
	quit     func() // for when q is typed
}

// ask asks the Engines that flags name for an answer.
func (r *report) ask(ctx context.Context, flags record.Flags) error {
	options, err := engine.OptionsFromFlags(flags)
	for _, o := range options {
		o.Demo = r.demo
		e, connectErr := engine.Connect(o)
		if connectErr == nil {
			_, _, _, connectErr = e.Info(ctx)
			if ctx.Err() != nil {
				connectErr = fmt.Errorf("the Engine %s: %w", e.Name, context.Cause(ctx))
			}
		}
		err = errors.Join(err, connectErr)
	}
	return err
}

// meter shows progress and counts for the summary of a run.
type meter struct {
	*print.Progress
	tally *command.Tally
}

// Count notes what became of a target.
func (m meter) Count(status string, freed int64) {
	m.Progress.Count(status, freed)
	m.tally.Count(status, freed)
}
