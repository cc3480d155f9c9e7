package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
	"net/url"
)

func volumes() Source {
	return Source{
		Name: "volumes", Aliases: []string{"volume"},
		Usage:   "volumes, as /volumes has them",
		Keys:    "Name Driver Mountpoint CreatedAt Labels Scope Options Status UsageData ClusterVolume",
		Args:    "[NAME...]",
		Kind:    "volume",
		Filters: true,
		Examples: []string{
			"baleen volumes -q .Name -r",
			"baleen volumes -f dangling=true --delete --dry-run",
		},
		View: `{name: .Name, driver: .Driver, created: (_ago? // ""), mountpoint: .Mountpoint}`,
		JQ:   `.Volumes[]?`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return pick(e.Volumes(ctx, r.Filters.Put(url.Values{})), "volume", r.Names, "")
		},
	}
}
