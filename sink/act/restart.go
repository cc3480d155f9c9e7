package act

import (
	"baleen/source/record"
	"context"

	"github.com/docker/docker/client"
)

func restart() Action {
	return Action{
		Name:  "restart",
		Usage: "restart each",
		Kinds: []string{"container"},
		Flags: stopFlags,
		Do: func(ctx context.Context, c *client.Client, t Target, f record.Flags) (any, error) {
			return nil, c.ContainerRestart(ctx, t.ID, stopOptions(f))
		},
	}
}
