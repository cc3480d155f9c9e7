package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
)

func nodes() Source {
	return Source{
		Name: "nodes", Aliases: []string{"node"},
		Usage:   "the Swarm's nodes",
		Keys:    "ID Version CreatedAt UpdatedAt Spec Description Status ManagerStatus",
		Args:    "[HOSTNAME|ID...]",
		Kind:    "node",
		Filters: true,
		Examples: []string{
			"baleen nodes -f role=manager -q .Description.Hostname -r",
		},
		View: `
			{name: .Description.Hostname, role: .Spec.Role, availability: .Spec.Availability, state: .Status.State,
			version: .Description.Engine.EngineVersion, id: short_id}`,
		JQ: `.[]`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return named(ctx, e, "/nodes", "node", r)
		},
	}
}
