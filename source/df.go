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
			def sum(f): [f // 0 | select(. > 0)] | add // 0;
			def count(f): [.[] | select(f)] | length;
			def usage:
				if .ImageUsage then . else
				{ImageUsage: ((.LayersSize // 0) as $size | .Images // [] | {TotalCount: length, ActiveCount: count(.Containers > 0), TotalSize: $size,
					Reclaimable: ([0, $size - sum(.[] | select(.Containers != 0 and .Size != -1 and .SharedSize != -1) | .Size - .SharedSize)] | max)}), # the containerd store counts what is shared twice
				ContainerUsage: (def active: .State | IN("running", "paused", "restarting");
					.Containers // [] | {TotalCount: length, ActiveCount: count(active), TotalSize: sum(.[].SizeRw), Reclaimable: sum(.[] | select(active | not) | .SizeRw)}),
				VolumeUsage: (.Volumes // [] | {TotalCount: length, ActiveCount: count(.UsageData.RefCount > 0), TotalSize: sum(.[].UsageData.Size),
					Reclaimable: sum(.[] | select(.UsageData.RefCount == 0) | .UsageData.Size)}),
				BuildCacheUsage: (.BuildCache // [] | {TotalCount: length, ActiveCount: count(.InUse), TotalSize: sum(.[] | select(.Shared | not) | .Size),
					Reclaimable: sum(.[] | select(.Shared or .InUse | not) | .Size)})} end;
			usage | ["images", .ImageUsage], ["containers", .ContainerUsage], ["volumes", .VolumeUsage], ["build cache", .BuildCacheUsage]
			| .[0] as $type | .[1]
			| {type: $type, total: .TotalCount, active: .ActiveCount, size: (.TotalSize | human_size),
			reclaimable: ((.Reclaimable | human_size) + if .TotalSize > 0 and $type != "build cache" then " (\(.Reclaimable * 100 / .TotalSize | floor)%)" else "" end)}`,
		Records: func(ctx context.Context, e *engine.Engine, _ Request) record.Seq {
			return e.Records(ctx, "/system/df", nil, "")
		},
	}
}
