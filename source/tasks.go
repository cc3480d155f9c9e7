package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
)

func tasks() Source {
	return Source{
		Name: "tasks", Aliases: []string{"task"},
		Usage:   "the Swarm's tasks",
		Keys:    "ID Version CreatedAt UpdatedAt Labels Spec ServiceID Slot NodeID Status DesiredState NetworksAttachments",
		Args:    "[ID...]",
		Kind:    "task",
		Filters: true,
		Examples: []string{
			"baleen tasks -f service=web -q 'select(.Status.State == \"failed\") | .Status.Err'",
		},
		View: `{id: short_id, image: .Spec.ContainerSpec.Image, node: .NodeID, state: .Status.State, wanted: .DesiredState, error: .Status.Err}`,
		JQ:   `.[]`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return named(ctx, e, "/tasks", "task", r)
		},
	}
}
