package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
)

func plugins() Source {
	return Source{
		Name: "plugins", Aliases: []string{"plugin"},
		Usage:   "the Engine's managed plugins",
		Keys:    "Id Name Enabled Settings PluginReference Config",
		Args:    "[NAME|ID...]",
		Kind:    "plugin",
		Filters: true,
		Examples: []string{
			"baleen plugins -q 'select(.Enabled | not) | .Name' -r",
		},
		View: `{name: .Name, description: .Config.Description, enabled: .Enabled, id: short_id}`,
		JQ:   `.[]`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return named(ctx, e, "/plugins", "plugin", r)
		},
	}
}
