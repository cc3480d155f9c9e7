package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
)

func df() Source {
	return Source{
		Name:  "df",
		Usage: "what takes up the Engine's disk, as /system/df has it (may take long)",
		Keys:  "LayersSize Images Containers Volumes BuildCache BuilderSize",
		Examples: []string{
			"baleen df -q '.Volumes[] | {Name, size: .UsageData.Size}'",
			"baleen df -q '[.Images[].Size] | add'",
		},
		View: `
			{type: "images", total: (.Images | length), size: (.LayersSize // 0 | human_size)},
			{type: "containers", total: (.Containers | length), size: ([.Containers[]?.SizeRw // 0] | add // 0 | human_size)},
			{type: "volumes", total: (.Volumes | length), size: ([.Volumes[]?.UsageData.Size // 0] | add // 0 | human_size)},
			{type: "build cache", total: (.BuildCache | length), size: ([.BuildCache[]?.Size // 0] | add // 0 | human_size)}`,
		Records: func(ctx context.Context, e *engine.Engine, _ Request) record.Seq {
			return e.Records(ctx, "/system/df", nil, "")
		},
	}
}
