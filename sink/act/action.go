package act

import (
	"baleen/source/record"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/containerd/errdefs"
	"github.com/containerd/errdefs/pkg/errhttp"
	"github.com/distribution/reference"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/urfave/cli/v2"
)

// Action is something to do to each target that the filter let through.
type Action struct {
	Name   string // the flag: --delete
	Usage  string
	Value  string                       // what the flag's value is called; "" takes none
	Kinds  []string                     // of resources that it can act on
	Single bool                         // refuses more than one target
	Flags  func(kind string) []cli.Flag // its own, nil for none
	// Do acts on one target and gives back the Engine's answer, if that is more than a status.
	Do func(context.Context, *client.Client, Target, record.Flags) (any, error)
	// Send does the same with requests of its own.
	Send func(context.Context, Sender, Target, record.Flags) (any, error)
}

// Sender sends a request to the Engine and returns the body of an answer with a
// status of 2xx. uri is an escaped path with a query, body JSON or nil.
type Sender func(ctx context.Context, method, uri string, body []byte) (io.ReadCloser, error)

// Actions lists every action in the order of the help text.
func Actions() []Action {
	return []Action{del(), tag(), stop(), start(), restart(), kill(), pause(), unpause(), exec(), request()}
}

// goes reports whether the action can be taken on that kind of resource: "any"
// is one that is not known yet, "event" what each event names.
func (a *Action) goes(kind string) bool {
	return kind == "any" || kind == "event" && !a.Single || a.Kinds == nil || slices.Contains(a.Kinds, kind)
}

// ActionFlags are the actions that can be taken on a kind of resource, and the
// flags that go with them.
func ActionFlags(kind string) []cli.Flag {
	var flags, more []cli.Flag
	for _, a := range Actions() {
		if !a.goes(kind) {
			continue
		}
		if a.Value != "" {
			flags = append(flags, &cli.StringFlag{Name: a.Name, Usage: "`" + a.Value + "`: " + a.Usage})
		} else {
			flags = append(flags, &cli.BoolFlag{Name: a.Name, Usage: a.Usage})
		}
		for _, f := range a.flags(kind) {
			if !has(more, f.Names()[0]) {
				more = append(more, f)
			}
		}
	}
	return slices.Concat(flags, more, commonFlags())
}

// Choose finds the one action that the flags ask for, nil for none, and the kind
// of what it acts on: the source's, or for "any" what --kind says.
func Choose(kind string, f record.Flags) (*Action, string, error) {
	if kind == "" {
		return nil, "", nil
	}
	given, chosen := kind, (*Action)(nil)
	for _, a := range Actions() {
		switch {
		case !a.goes(kind) || !f.IsSet(a.Name) || a.Value == "" && !f.Bool(a.Name):
		case chosen != nil:
			return nil, "", &record.UsageError{Message: fmt.Sprintf("one action at a time: --%s or --%s", chosen.Name, a.Name)}
		default:
			chosen = &a
		}
	}
	if kind == "any" {
		kind = f.String("kind")
		kinds := del().Kinds // everything that there is
		if kind == "" && chosen != nil && len(chosen.Kinds) == 1 {
			kind = chosen.Kinds[0]
		}
		if (kind != "" || chosen != nil && chosen.Kinds != nil) && !slices.Contains(kinds, kind) {
			if kind == "" {
				return nil, "", &record.UsageError{Message: fmt.Sprintf("--%s of what is read needs --kind: %s", chosen.Name, strings.Join(kinds, ", "))}
			}
			return nil, "", &record.UsageError{Message: fmt.Sprintf("--kind is one of %s, not %q", strings.Join(kinds, ", "), kind)}
		}
	}
	var takes []cli.Flag
	if chosen != nil {
		if !chosen.goes(kind) {
			return nil, "", &record.UsageError{Message: fmt.Sprintf("--%s does not go with %ss", chosen.Name, kind)}
		}
		takes = slices.Concat(chosen.flags(kind), commonFlags())
	}
	if _, err := record.FlagDuration(f, "cooldown"); err != nil {
		return nil, "", err
	}
	if chosen != nil && f.IsSet("timeout") && has(takes, "timeout") {
		if _, err := timeout(f.String("timeout")); err != nil {
			return nil, "", err
		}
	}
	switch {
	case chosen == nil:
	case f.IsSet("max") && f.Int("max") < 0:
		return nil, "", &record.UsageError{Message: "--max takes a number of targets"}
	case f.Int("parallel") < 1:
		return nil, "", &record.UsageError{Message: "-P takes a number of targets, 1 at least"}
	}
	for _, flag := range ActionFlags(given) {
		name := flag.Names()[0]
		isAction := slices.ContainsFunc(Actions(), func(a Action) bool { return a.Name == name })
		if !isAction && f.IsSet(name) && !has(takes, name) {
			return nil, "", &record.UsageError{Message: fmt.Sprintf("--%s needs an action that it goes with", name)}
		}
	}
	return chosen, kind, nil
}

func has(flags []cli.Flag, name string) bool {
	return slices.ContainsFunc(flags, func(f cli.Flag) bool { return f.Names()[0] == name })
}

func (a *Action) flags(kind string) []cli.Flag {
	if a.Flags == nil {
		return nil
	}
	if kind == "event" {
		kind = "any"
	}
	return a.Flags(kind)
}

func commonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "dry-run", Usage: "change nothing, print what would be done"},
		&cli.IntFlag{Name: "max", Usage: "refuse to act on more than `N` targets"},
		&cli.IntFlag{Name: "parallel", Aliases: []string{"P"}, Usage: "act on `N` targets at a time", Value: 4},
		&cli.StringFlag{Name: "cooldown", Usage: "on a stream: do not act on a target again within `DURATION`"},
		&cli.BoolFlag{Name: "ignore-not-found", Usage: "skip targets that no longer exist"},
		&cli.BoolFlag{Name: "ignore-in-use", Usage: "skip targets that are in use"},
	}
}

// Result is what became of one target.
type Result struct {
	Action   string          `json:"action"`
	Kind     string          `json:"kind"`
	Target   string          `json:"target"`
	Name     string          `json:"name,omitempty"`
	Status   string          `json:"status"` // done, planned, skipped, failed
	Error    string          `json:"error,omitempty"`
	Code     int             `json:"code,omitempty"`    // HTTP status of a failure; 0 where the Engine gave none
	Request  string          `json:"request,omitempty"` // of --request
	Body     json.RawMessage `json:"body,omitempty"`
	Response any             `json:"response,omitempty"`
}

// ResultColumns are the columns that a table of results has.
func ResultColumns() []string { return []string{"status", "action", "kind", "name", "target", "error"} }

// MoreColumns are the keys that some results have besides.
func MoreColumns() []string { return []string{"code", "response", "request", "body"} }

// FailedError says that an action failed on one target. The others go on.
type FailedError struct{ Result Result }

func (e *FailedError) Error() string {
	r := e.Result
	return fmt.Sprintf("%s %s %s: %s", r.Action, r.Kind, cmp.Or(r.Name, r.Target), r.Error)
}

// Fatal is false: the other targets are acted on.
func (e *FailedError) Fatal() bool { return false }

// Run is one run of an action.
type Run struct {
	Action Action
	Kind   string // of the targets; "event" is what each event says
	Live   bool   // results come from a stream without an end: act on each as it comes
	Client *client.Client
	Flags  record.Flags
	Limit  *Limit
	Seen   *Seen // what names have meant; nil if that is not known

	Send    Sender
	Request func(result json.RawMessage) (Request, error) // what --request makes of a result
	Command []string                                      // of --exec

	Progress Meter         // nil for none
	Underway *atomic.Int64 // counts the requests that are; nil for nowhere
}

// Results acts on what results name and gives a [Result] for each target, in
// the order in which they are done; where one failed its error comes with it.
//
// Unless the run is live nothing is done before results has ended, and nothing
// at all after a fatal error in it. When ctx ends nothing more is begun; what
// is under way is waited for and reported.
func (r *Run) Results(ctx context.Context, results record.Seq) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		targets := r.targets(results)
		var inUse []outcome // images that may be free once others are gone
		progress, ok := false, true
		emit := func(o outcome) bool {
			if !r.Live && o.target.Kind == "image" && o.result.Code == http.StatusConflict {
				inUse = append(inUse, o)
				return true
			}
			progress = progress || o.result.Status == "done"
			r.count(o)
			ok = ok && o.send(yield)
			return ok
		}
		var list []Target
		if !r.Live {
			list, ok = r.collect(ctx, targets, emit)
			total, over := r.Limit.count(ctx, len(list))
			if ok && over {
				emit(outcome{err: fmt.Errorf("--max %d: %d targets were selected, nothing is done", r.Limit.max, total)})
			}
			if !ok || over {
				return
			}
			targets = each(list)
			r.begin(r.Action.Name, r.Kind, len(list))
		} else {
			r.begin(r.Action.Name, r.Kind, 0)
		}
		parallel := r.parallel(ctx, list)
		r.perform(ctx, targets, parallel, emit)
		for progress && len(inUse) > 0 && ok && ctx.Err() == nil {
			again := make([]Target, len(inUse))
			for i, o := range inUse {
				again[i] = o.target
			}
			progress, inUse = false, nil
			r.perform(ctx, each(again), parallel, emit)
		}
		for _, o := range inUse {
			r.count(o)
			ok = ok && o.send(yield)
		}
		if ok && ctx.Err() != nil {
			yield(nil, context.Cause(ctx))
		}
	}
}

// Meter is told what goes on.
type Meter interface {
	Act(action, kind string, total int) // total is 0 if it is not known
	Count(status string, freed int64)   // freed is in bytes
}

func (r *Run) begin(action, kind string, total int) {
	if r.Progress != nil {
		r.Progress.Act(action, kind, total)
	}
}

func (r *Run) count(o outcome) {
	if r.Progress == nil || o.result.Status == "" {
		return
	}
	freed := int64(0)
	if o.result.Action == "delete" && (o.result.Status == "planned" || o.result.Status == "done" && gone(o.result)) {
		freed = o.target.Size
	}
	r.Progress.Count(o.result.Status, freed)
}

// gone tells an image that was deleted from one that only lost a tag.
func gone(r Result) bool {
	deleted, _ := r.Response.([]image.DeleteResponse)
	return r.Kind != "image" || slices.ContainsFunc(deleted, func(d image.DeleteResponse) bool { return d.Deleted != "" })
}

// targets resolves results one by one.
func (r *Run) targets(results record.Seq) iter.Seq2[Target, error] {
	return func(yield func(Target, error) bool) {
		for result, err := range results {
			var t Target
			if err == nil {
				t, err = r.resolve(result)
			}
			if !yield(t, err) {
				return
			}
		}
	}
}

func (r *Run) resolve(result json.RawMessage) (Target, error) {
	t, err := Target{}, error(nil)
	if r.Request != nil {
		return r.resolveRequest(result)
	}
	if r.Kind == "event" {
		t, err = resolveEvent(r.Action.Kinds, result)
	} else {
		t, err = resolve(r.Kind, result)
	}
	if err != nil {
		return t, err
	}
	t.Command = r.Command
	return r.Seen.settle(t)
}

func each(list []Target) iter.Seq2[Target, error] {
	return func(yield func(Target, error) bool) {
		for _, t := range list {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// parallel is how many targets are acted on at a time; list is empty if they are
// not known yet.
func (r *Run) parallel(ctx context.Context, list []Target) int {
	n := r.Flags.Int("parallel")
	switch {
	case r.Flags.Bool("dry-run"):
		return 1 // keeps the list's order
	case n == 1 || len(list) < 2 || r.Kind != "image":
	// Of an image's tags that go at once Docker may say that one has failed, which
	// is gone, and Podman that one is gone, which is not.
	case slices.ContainsFunc(list, isTag):
		return 1
	case podman(ctx, r.Client): // fails on an image while another goes
		return 1
	}
	return n
}

// isTag reports whether a target is one of the references of an image.
func isTag(t Target) bool {
	ref, _ := reference.ParseAnyReference(t.ID)
	_, named := ref.(reference.Named)
	return named
}

// podman reports whether the Engine is Podman's service.
func podman(ctx context.Context, c *client.Client) bool {
	v, _ := c.ServerVersion(ctx) // a failure will show in what is done
	return slices.ContainsFunc(v.Components, func(c types.ComponentVersion) bool { return c.Name == "Podman Engine" })
}

// outcome is what became of one target, or an error that came in its place.
type outcome struct {
	target Target
	result Result
	err    error
}

// outcome is that of an action on t that was done.
func (r *Run) outcome(t Target) outcome {
	o := outcome{target: t, result: Result{Action: r.Action.Name, Kind: t.Kind, Target: t.ID, Name: t.Name, Status: "done"}}
	if t.Request != nil {
		o.result.Target, o.result.Request, o.result.Body = cmp.Or(t.Resource, t.Name), t.Request.Method+" "+t.Request.URI, t.Request.Body
	}
	return o
}

func (r *Run) act(ctx context.Context, t Target) outcome {
	o := r.outcome(t)
	if r.Flags.Bool("dry-run") {
		o.result.Status = "planned"
		return o
	}
	if r.Underway != nil {
		r.Underway.Add(1)
		defer r.Underway.Add(-1)
	}
	response, err := r.do(context.WithoutCancel(ctx), t)
	for dialed := (*net.OpError)(nil); r.Flags.Bool("reconnect") && errors.As(err, &dialed) && dialed.Op == "dial" && ctx.Err() == nil; {
		select { // until the Engine is back
		case <-time.After(time.Second):
			response, err = r.do(context.WithoutCancel(ctx), t)
		case <-ctx.Done():
		}
	}
	o.result.Response = response
	if err == nil {
		return o
	}
	text := strings.TrimPrefix(err.Error(), "Error response from daemon: ")
	var lost *url.Error
	if errors.As(err, &lost) {
		cause := cmp.Or(errors.Unwrap(lost.Err), lost.Err)
		text, _, _ = strings.Cut(cause.Error(), "\n") // what may help comes after it
	}
	o.result.Error = strings.Join(strings.Fields(text), " ")
	var refused interface{ StatusCode() int }
	if errors.As(err, &refused) {
		err = fmt.Errorf("%w%w", err, silent{errhttp.ToNative(refused.StatusCode())})
	}
	if code := errhttp.ToHTTP(err); !client.IsErrConnectionFailed(err) && (code != http.StatusInternalServerError || errdefs.IsInternal(err)) {
		o.result.Code = code
	}
	if errdefs.IsNotModified(err) && (r.Action.Name == "start" || r.Action.Name == "stop") {
		o.result.Status, o.result.Error, o.result.Code = "skipped", "", 0
		return o
	}
	if errdefs.IsNotFound(err) && r.Flags.Bool("ignore-not-found") || errdefs.IsConflict(err) && r.Flags.Bool("ignore-in-use") {
		o.result.Status = "skipped"
		return o
	}
	o.result.Status = "failed"
	o.err = &FailedError{o.result}
	return o
}

func (r *Run) do(ctx context.Context, t Target) (any, error) {
	if r.Action.Send != nil {
		return r.Action.Send(ctx, r.Send, t, r.Flags)
	}
	return r.Action.Do(ctx, r.Client, t, r.Flags)
}

// send gives the outcome to the consumer.
func (o outcome) send(yield func(json.RawMessage, error) bool) bool {
	if o.result.Status == "" {
		return yield(nil, o.err)
	}
	b, err := record.Encode(o.result)
	if err != nil {
		return yield(nil, err)
	}
	return yield(b, o.err)
}
