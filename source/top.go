package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
	"encoding/json"
	"fmt"
)

func top() Source {
	return Source{
		Name:    "top",
		Usage:   `processes of containers, as ps shows them, each with its "container"`,
		Keys:    "container UID PID PPID C STIME TTY TIME CMD",
		Args:    "CONTAINER...",
		MinArgs: 1,
		Kind:    "container",
		Examples: []string{
			"baleen top web db -q '[.container, .PID, .CMD]'",
			`baleen top worker -q 'select(.CMD | test("defunct"))' --restart`,
		},
		JQ: `. as $top | .Processes[] | [$top.Titles, .] | transpose | map({(.[0]): .[1]}) | add`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return func(yield func(json.RawMessage, error) bool) {
				for _, name := range r.Names {
					processes, err := topOf(ctx, e, name, r.Note)
					if err != nil && !yield(nil, err) || err != nil && record.Fatal(err) {
						return
					}
					for _, p := range processes {
						if !yield(p, nil) {
							return
						}
					}
				}
			}
		},
	}
}

// top gives a container's processes: an object each, with the Engine's titles
// for keys.
func topOf(ctx context.Context, e *engine.Engine, name string, note func(kind, name, id string)) (processes []json.RawMessage, err error) {
	c, err := engine.LookUp(ctx, e, name)
	if err != nil {
		return nil, err
	}
	if note != nil {
		note("container", c.Name, c.ID)
	}
	for raw, err := range e.Records(ctx, "/containers/"+c.ID+"/top", nil, "") {
		var ps struct {
			Titles    []string
			Processes [][]string
		}
		if err == nil {
			err = json.Unmarshal(raw, &ps)
		}
		if err != nil {
			return nil, &record.PartError{Err: fmt.Errorf("top of %s: %w", c.Name, err)}
		}
		for _, fields := range ps.Processes {
			p := append([]byte(`{"container":`), record.Quote(c.Name)...)
			for i, title := range ps.Titles[:min(len(ps.Titles), len(fields))] {
				p = append(append(p, ','), record.Quote(title)...)
				p = append(append(p, ':'), record.Quote(fields[i])...)
			}
			processes = append(processes, append(p, '}'))
		}
	}
	return processes, nil
}
