package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
)

func changes() Source {
	return Source{
		Name:     "changes",
		Usage:    "the paths that a container changed (Kind 0), added (1) or deleted (2)",
		Keys:     "Path Kind",
		Args:     "CONTAINER",
		MinArgs:  1,
		Examples: []string{"baleen changes web -q 'select(.Kind == 1) | .Path' -r"},
		Check:    oneName("changes", "container"),
		View:     `{kind: ["C", "A", "D"][.Kind], path: .Path}`,
		JQ:       `.[]`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return of(ctx, e, "container", r.Names[0], "/changes")
		},
	}
}
