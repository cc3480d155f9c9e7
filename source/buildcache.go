package source

import (
	"context"
	"encoding/json"
	"net/url"

	"baleen/source/engine"
	"baleen/source/record"
)

func buildCache() Source {
	return Source{
		Name:  "buildcache",
		Usage: "records of the build cache, as /system/df has them (may take long)",
		Keys:  "ID Type Parent Parents Description InUse Shared Size CreatedAt LastUsedAt UsageCount",
		Args:  "[ID...]",
		Kind:  "buildcache",
		Examples: []string{
			"baleen buildcache -q 'select(.InUse | not) | .Size' -s",
			`baleen buildcache -q 'select((.InUse | not) and (.LastUsedAt | timestamp < now - duration("7d")))' --delete --dry-run`,
		},
		View: `{id: .ID[:12], type: .Type, in_use: .InUse, shared: .Shared, size: (.Size | human_size), created: _ago}`,
		JQ:   `(.BuildCache // .BuildCacheUsage.Items // [])[]`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return pick(cacheRecords(e.Records(ctx, "/system/df", url.Values{"type": {"build-cache"}, "verbose": {"1"}}, "")), "build cache record", r.Names, "")
		},
	}
}

// cacheRecords takes the records out of the Engine's answer; since version 1.52 of
// the API they have another place.
func cacheRecords(answers record.Seq) record.Seq {
	return func(yield func(json.RawMessage, error) bool) {
		for answer, err := range answers {
			if err != nil {
				yield(nil, err)
				return
			}
			list := record.Member(answer, "BuildCache")
			if list == nil {
				list = record.At(answer, "BuildCacheUsage.Items")
			}
			for _, v := range record.Elements(list) {
				if !yield(v, nil) {
					return
				}
			}
		}
	}
}
