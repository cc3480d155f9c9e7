package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
)

func configs() Source {
	return Source{
		Name: "configs", Aliases: []string{"config"},
		Usage:   "the Swarm's configs",
		Keys:    "ID Version CreatedAt UpdatedAt Spec",
		Args:    "[NAME|ID...]",
		Kind:    "config",
		Filters: true,
		Examples: []string{
			"baleen configs app.ini -q '.Spec.Data | @base64d' -r",
		},
		View: `{name: .Spec.Name, created: _ago, id: short_id}`,
		JQ:   `.[]`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return named(ctx, e, "/configs", "config", r)
		},
	}
}
