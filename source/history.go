package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
)

func history() Source {
	return Source{
		Name:     "history",
		Usage:    "the layers of an image, the newest first",
		Keys:     "Id Created CreatedBy Tags Size Comment",
		Args:     "IMAGE",
		MinArgs:  1,
		Examples: []string{"baleen history nginx:1.27 -q 'select(.Size > 1e7) | .CreatedBy' -r"},
		Check:    oneName("history", "image"),
		View:     `{id: short_id, created: _ago, size: (.Size | human_size), by: .CreatedBy}`,
		JQ:       `.[]`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return of(ctx, e, "image", r.Names[0], "/history")
		},
	}
}
