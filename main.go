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
	r := &report{demo: sync.OnceValue(demo.New)}
	r.Stderr, r.Width = os.Stderr, func() int { return width(os.Stderr) }
	r.Visible = func(text string) string { return sink.Visible(text, "\n") }
	signals := make(chan os.Signal, 2)
	r.Obey(signals, cancel)
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
	case command.Help(out, width(os.Stdout), table, args):
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
			Source: true, Columns: query.Columns(s.View), Keys: strings.Fields(s.Keys),
			Run: func(c *cli.Context) error { return serve(c, s, r) },
		})
	}
	all = append(all, command.Script(all, command.Host{EngineFlags: engine.Flags, Line: r.Within, Ask: r.ask, Tally: &r.Tally, Stderr: os.Stderr}), command.Completion(), command.Command{
		Name:     "functions",
		Usage:    "the jq functions that baleen adds: what each takes and gives, with an example",
		Args:     "[NAME...]",
		Examples: []string{"baleen functions", "baleen functions older_than"},
		Choices:  functionNames,
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

// functionNames lists baleen's own functions, without their parameters.
func functionNames() (names []string) {
	for _, f := range query.Functions() {
		name, _, _ := strings.Cut(f.Name, "(")
		names = append(names, name)
	}
	return slices.Compact(names)
}

// width is how many columns a terminal has, 0 where f is none.
func width(f *os.File) int {
	size := sink.Terminal(f)
	if size == nil {
		return 0
	}
	columns, _ := size()
	return columns
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
	show     func(*engine.Engine, record.Seq) record.Seq
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

func (l *line) idle() { l.printer.Flush() } // its error comes back with the next record

// connect prepares the ways to all Engines that are meant, for each the filter,
// which may ask that Engine, and what prints the results.
func (l *line) connect(ctx context.Context) (err error) {
	c, s := l.c, l.source
	if err := l.newPrinter(); err != nil {
		return err
	}
	l.filter.Kind, l.filter.Live, l.filter.Whole = l.kind, s.Live != nil && s.Live(c), l.action != nil
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

// print writes results, and what -e says of the last one. Where those of an
// action cannot be written it stops, and those of what was under way are told
// on standard error.
func (l *line) print(results record.Seq, stop func()) (failed error) {
	status, last := l.c.Bool("exit-status"), []byte(nil)
	for result, err := range results {
		if failed != nil {
			l.lost(result)
			continue
		}
		if err != nil {
			if usage := (*record.UsageError)(nil); errors.As(err, &usage) { // such as a column that no record has
				return err
			}
			l.report.Add(err)
		}
		if result == nil {
			continue
		}
		err = l.printer.Print(result)
		if err != nil || l.action != nil {
			err = cmp.Or(err, l.printer.Flush()) // what came before is whole
		}
		if err != nil {
			if l.action == nil || errors.Is(err, syscall.EPIPE) || l.c.Bool("dry-run") {
				return err
			}
			failed = err
			stop()
			l.lost(result)
		}
		if status {
			last = append(last[:0], result...)
		}
	}
	if failed != nil {
		return failed
	}
	if err := l.printer.Close(); err != nil {
		return err
	}
	if status {
		switch string(last) {
		case "":
			l.report.Exit(4)
		case "null", "false":
			l.report.Exit(1)
		}
	}
	return nil
}

// lost tells of what was done though its result could not be written.
func (l *line) lost(result json.RawMessage) {
	if result != nil {
		fmt.Fprintf(l.report.Stderr, "baleen: not written: %s\n", result)
	}
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

// newPrinter prepares what prints the results, once show has made of them what the
// output is about: where a table shows records that no filter changed,
// that is what the source's view has. Of several Engines it says which, so that
// what is renewed in place is that Engine's.
func (l *line) newPrinter() (err error) {
	c, s, filter, acts, several := l.c, l.source, l.filter, l.action != nil, l.several()
	size := sink.Terminal(os.Stdout)
	output, err := print.ChooseOutput(c, size != nil)
	if err != nil {
		return err
	}
	if c.Bool("prefix") {
		output = print.Prefixed()
	}
	asked, err := print.ParseColumns(c)
	if err != nil {
		return err
	}
	live := s.Live != nil && s.Live(c)
	if live && asked.Sort != "" {
		return &record.UsageError{Message: "--sort needs all rows, and this stream has no end"}
	}
	page := print.Page{W: os.Stdout, Stderr: filter.Stderr, Size: size, Finite: !live, Document: s.Document && filter.Passes() && !acts, Renews: s.Samples && live && !acts}
	if page.Size != nil {
		page.W = l.progress.Beside(os.Stdout)
	}
	var first []string
	if several {
		first = []string{"Engine"}
	}
	viewed := s.View != "" && filter.Passes() && !acts
	if viewed { // what a filter calls the same may be anything
		page.Percent = s.Percent
	}
	switch {
	case !output.Rows && !asked.Asked():
	case acts:
		page.Columns = append(first, act.ResultColumns()...)
	case viewed && (output.View || asked.Sort != ""):
		page.Columns = append(first, query.Columns(s.View)...)
	default:
		page.Columns = query.Columns(filter.Filter)
	}
	if asked.Names != nil {
		page.Columns = asked.Names
	}
	if acts {
		asked.Known = append(act.ResultColumns(), "code", "response", "request", "body")
	}
	if asked.Human = output.Name == "table"; output.View {
		asked.Keep = []string{"name", "Engine"}
	}
	l.show = func(e *engine.Engine, results record.Seq) record.Seq {
		switch {
		case asked.Asked() && viewed:
			results = asked.Rows(query.Paired(s.View, results), true)
		case asked.Asked():
			results = asked.Rows(results, false)
		case viewed && output.View:
			results = query.Show(s.View, results)
		}
		if several && !acts && (output.View || asked.Sort != "") && asked.Names == nil {
			results = source.Named(e.Name, results)
		}
		return results
	}
	l.printer, err = print.NewPrinter(output, page, c)
	return err
}

// report is what all command lines have in common.
type report struct {
	command.Report
	demo func() *demo.Engine
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
