package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
	"net/url"
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
		View: `{name: .Spec.Name, image: .Spec.TaskTemplate.ContainerSpec.Image, mode: (.Spec.Mode | keys[0]),
			replicas: (.ServiceStatus | if . then "\(.RunningTasks)/\(.DesiredTasks)" else "N/A" end), id: short_id}`,
		JQ: `.[]`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return pick(e.List(ctx, "/services", r.Filters.Put(url.Values{"status": {"1"}})), "service", r.Names, "")
		},
	}
}
