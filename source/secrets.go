package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
)

func secrets() Source {
	return Source{
		Name: "secrets", Aliases: []string{"secret"},
		Usage:   "the Swarm's secrets, without what is in them",
		Keys:    "ID Version CreatedAt UpdatedAt Spec",
		Args:    "[NAME|ID...]",
		Kind:    "secret",
		Filters: true,
		Examples: []string{
			"baleen secrets -q .Spec.Name -r",
		},
		View: `{name: .Spec.Name, created: _ago, id: short_id}`,
		JQ:   `.[]`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return named(ctx, e, "/secrets", "secret", r)
		},
	}
}
