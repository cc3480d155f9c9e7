package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
)

func info() Source {
	return Source{
		Name:     "info",
		Usage:    "what the Engine says of itself, as /info has it",
		Examples: []string{"baleen info -q '{Containers, Images, Driver, ServerVersion}'"},
		Document: true,
		View: `
			{name: .Name, version: .ServerVersion, running: .ContainersRunning, containers: .Containers, images: .Images,
			cpus: .NCPU, memory: (.MemTotal | human_size), os: .OperatingSystem}`,
		Records: func(ctx context.Context, e *engine.Engine, _ Request) record.Seq {
			return e.Records(ctx, "/info", nil, "")
		},
	}
}
