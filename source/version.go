package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
)

func version() Source {
	return Source{
		Name:     "version",
		Usage:    "the Engine's version, as /version has it (baleen's own: --version)",
		Examples: []string{"baleen version -q .ApiVersion -r"},
		Document: true,
		View:     `{version: .Version, api: .ApiVersion, oldest_api: .MinAPIVersion, os: .Os, arch: .Arch, kernel: .KernelVersion}`,
		Records: func(ctx context.Context, e *engine.Engine, _ Request) record.Seq {
			return e.Records(ctx, "/version", nil, "")
		},
	}
}
