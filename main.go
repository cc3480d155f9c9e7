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
	signals := make(chan os.Signal, 2)
	r.obey(signals, cancel)
	signal.Ignore(syscall.SIGPIPE) // a failed write tells as well, and leaves time to wait for actions
	sink.WatchReader(os.Stdout, func() { cancel(signalError{syscall.SIGPIPE}) })
	log.SetOutput(io.Discard) // where net/http complains, besides what it returns
	out := bufio.NewWriter(os.Stdout)
	defer func() {
		r.add(out.Flush())
		code = r.code
	}()
	if slices.Equal(args, []string{command.PluginMetadata}) {
		fmt.Fprintln(out, command.DescribePlugin(buildVersion()))
		return 0
	}
	args = command.Plugin(args, func() { signals <- syscall.SIGTERM })
	r.add(dispatch(ctx, out, args, commands(r)))
	return r.code
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

// obey ends baleen by a signal: what is under way is waited for, a second signal
// ends it at once, and so does a second in which no action is under way, since
// the filter may be in a loop or nobody may read.
func (r *report) obey(signals chan os.Signal, cancel context.CancelCauseFunc) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if s != syscall.SIGHUP || !signal.Ignored(s) { // as nohup has it
			signal.Notify(signals, s)
		}
	}
	go func() {
		s := signalError{(<-signals).(syscall.Signal)}
		cancel(s)
		for idle := time.Now(); time.Since(idle) < time.Second; {
			select {
			case <-signals:
				os.Exit(s.ExitCode())
			case <-time.After(20 * time.Millisecond):
			}
			if r.underway.Load() > 0 {
				idle = time.Now()
			}
		}
		os.Exit(s.ExitCode())
	}()
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
	all = append(all, command.Script(all, command.Host{EngineFlags: engine.Flags, Line: r.within, Ask: r.ask, Tally: &r.tally, Stderr: os.Stderr}), command.Completion(), command.Command{
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

func buildVersion() string {
	info, _ := debug.ReadBuildInfo()
	return cmp.Or(info.Main.Version, "(devel)")
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
	r.stderr = sink.VisibleWriter(os.Stderr, l.progress.Beside(os.Stderr)) // a filter's debug, stderr and halt_error write anything
	l.filter.Stderr = r.stderr
	ctx, cancel := context.WithCancel(c.Context)
	defer cancel()
	if err := l.connect(ctx); err != nil {
		return err
	}
	if c.Bool("curl") {
		return l.curl()
	}
	return l.print(source.Several(ctx, l.engines, l.idle, l.results()))
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
	if err := check(l.source, l.request, l.action, l.filter); err != nil {
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
			Progress: meter{l.progress, &l.report.tally}, Underway: &l.report.underway,
		}
		results = run.Results(ctx, results)
		if l.several() {
			results = source.Named(e.Name, results)
		}
		return l.show(e, results)
	}
}

// print writes results, and what -e says of the last one.
func (l *line) print(results record.Seq) error {
	status, last := l.c.Bool("exit-status"), []byte(nil)
	for result, err := range results {
		var usage *record.UsageError
		if errors.As(err, &usage) { // such as a column that no record has
			return err
		}
		l.report.add(err)
		if result == nil {
			continue
		}
		if err := l.printer.Print(result); err != nil {
			l.printer.Flush() // what came before is whole
			return err
		}
		if l.action != nil {
			l.printer.Flush()
		}
		if status {
			last = append(last[:0], result...)
		}
	}
	if err := l.printer.Close(); err != nil {
		return err
	}
	if status {
		switch string(last) {
		case "":
			l.report.exit(4)
		case "null", "false":
			l.report.exit(1)
		}
	}
	return nil
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
	asked, err := print.ParseColumns(c)
	if err != nil {
		return err
	}
	live := s.Live != nil && s.Live(c)
	if live && asked.Sort != "" {
		return &record.UsageError{Message: "--sort needs all rows, and this stream has no end"}
	}
	page := print.Page{W: os.Stdout, Stderr: filter.Stderr, Size: size, Finite: !live, Renews: s.Samples && live && !acts}
	if page.Size != nil {
		page.W = l.progress.Beside(os.Stdout)
	}
	var first []string
	if several {
		first = []string{"Engine"}
	}
	viewed := s.View != "" && filter.Passes() && !acts
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

// check refuses what is invalid, and above all an action on things that nobody
// selected.
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
		if err := checkSelection(s, request, action, filter); err != nil {
			return err
		}
	}
	if s.Check != nil {
		return s.Check(request)
	}
	return nil
}

// checkSelection refuses an action whose words select everything, as an unset
// variable of the shell leaves them.
func checkSelection(s source.Source, request source.Request, action *act.Action, filter query.Options) error {
	refuse := func(format string, args ...any) error {
		return &record.UsageError{Message: fmt.Sprintf("--%s: "+format, append([]any{action.Name}, args...)...)}
	}
	if key, value, all := request.Filters.All(); all {
		if value == "" {
			return refuse("-f %s= has no value; an unset variable?", key)
		}
		return refuse("-f %s=%s matches everything; an unset variable?\n-q . says that all are meant", key, value)
	}
	for _, n := range request.Names {
		if strings.Trim(n, "*:/") == "" && s.Name != "read" {
			return refuse("the name %q matches everything; an unset variable?\n-q . says that all are meant", n)
		}
	}
	if filter.Given && !filter.Selects() {
		return refuse("the filter is blank; an unset variable?")
	}
	if why := filter.Unsafe(); why != "" {
		return refuse("%s", why)
	}
	if len(request.Names) == 0 && len(request.Filters) == 0 && !filter.Selects() && s.Name != "read" {
		return &record.UsageError{Message: fmt.Sprintf("--%s without a selection\nname what is meant, or use -f or -q; -q . means all", action.Name)}
	}
	return nil
}

// report writes messages and keeps the exit code of the most serious one.
type report struct {
	code     int
	underway atomic.Int64 // requests that act
	tally    command.Tally

	stderr io.Writer
	where  string              // stands before each message
	demo   func() *demo.Engine // one for all command lines
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

// within runs one of several command lines, and reports whether it failed.
func (r *report) within(where string, line func() error) (failed bool) {
	before := r.code
	r.where, r.code = where, 0
	r.add(line())
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
		fmt.Fprintln(r.stderr, command.WrapMessage("baleen: "+r.where+sink.Visible(err.Error(), "\n"), width(os.Stderr)))
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
	if errors.Is(err, syscall.EPIPE) {
		return 128 + int(syscall.SIGPIPE)
	}
	return record.ExitCode(err)
}

// signalError is the signal that ended baleen.
type signalError struct{ syscall.Signal }

func (e signalError) Error() string { return e.String() }

// ExitCode is what shells report of a program that a signal ended.
func (e signalError) ExitCode() int { return 128 + int(e.Signal) }
