package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
)

func services() Source {
	return Source{
		Name: "services", Aliases: []string{"service"},
		Usage:   "the Swarm's services",
		Keys:    "ID Version CreatedAt UpdatedAt Spec PreviousSpec Endpoint UpdateStatus ServiceStatus",
		Args:    "[NAME|ID...]",
		Kind:    "service",
		Filters: true,
		Examples: []string{
			"baleen services -q '{name: .Spec.Name, image: .Spec.TaskTemplate.ContainerSpec.Image}'",
		},
		View: `{name: .Spec.Name, image: .Spec.TaskTemplate.ContainerSpec.Image, mode: (.Spec.Mode | keys[0]), id: short_id}`,
		JQ:   `.[]`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return named(ctx, e, "/services", "service", r)
		},
	}
}
