package act

import (
	"baleen/source/record"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
)

// collect reads the whole list of targets, each once; ok means that it may be
// acted on.
func (r *Run) collect(ctx context.Context, targets iter.Seq2[Target, error], emit func(outcome) bool) (list []Target, ok bool) {
	at := map[string]int{} // where in list what has that name is
	for t, err := range targets {
		if err != nil {
			if !emit(r.failure(err)) || record.Fatal(err) {
				return nil, false
			}
			continue
		}
		// A record is the same target as its name, and more than one of its references.
		i, again := at[t.key(t.ID)]
		if again && t.Kind != "image" && t.Name != "" {
			again = list[i].ID == t.ID // a name may be another's id
		}
		if !again && t.Kind != "image" {
			i, again = at[t.Name]
			again = again && list[i].ID == t.Name
		}
		if !again {
			i = len(list)
			list = append(list, t)
		} else if t.Record && !list[i].Record {
			list[i] = t
		} else if t.Record && t.Refs == nil {
			list[i].Refs = nil // all
		} else if t.Record && list[i].Refs != nil {
			list[i].Refs = append([]string{}, slices.Compact(slices.Sorted(slices.Values(slices.Concat(list[i].Refs, t.Refs))))...) // not nil: that would be all
		}
		for _, name := range append([]string{t.ID, t.Name}, t.Refs...) {
			at[t.key(name)] = i
		}
	}
	list = r.once(ctx, list)
	if r.Action.Single && len(list) > 1 {
		emit(outcome{err: fmt.Errorf("--%s goes to one %s, %d were selected, nothing is done", r.Action.Name, r.Kind, len(list))})
		return nil, false
	}
	return list, true
}

// failure is the outcome of an error in place of a target.
func (r *Run) failure(err error) outcome {
	o := outcome{err: err}
	var target *TargetError
	if errors.As(err, &target) {
		o.result = Result{Action: r.Action.Name, Kind: r.Kind, Target: target.result, Status: "failed", Error: target.why}
	}
	return o
}

// once leaves out containers that are in list by another name already, or by the
// beginning of their id.
func (r *Run) once(ctx context.Context, list []Target) []Target {
	isID := func(t Target) bool { return strings.Trim(t.ID, "0123456789abcdef") == "" }
	if r.Kind != "container" || !slices.ContainsFunc(list, func(t Target) bool {
		return isID(t) != isID(list[0]) || isID(t) && len(t.ID) != len(list[0].ID)
	}) {
		return list
	}
	all, _ := r.Client.ContainerList(ctx, container.ListOptions{All: true}) // a failure will show in what is done
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(t Target) bool {
		id, meant := t.ID, 0
		for _, c := range all {
			if c.ID == t.ID || slices.Contains(c.Names, "/"+t.ID) {
				id, meant = c.ID, 1
				break
			}
			if strings.HasPrefix(c.ID, t.ID) {
				id = c.ID
				meant++
			}
		}
		if meant != 1 {
			id = t.ID
		}
		again := seen[id]
		seen[id] = true
		return again
	})
}
