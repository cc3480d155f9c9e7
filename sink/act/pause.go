package act

import (
	"baleen/source/record"
	"context"

	"github.com/docker/docker/client"
)

func pause() Action {
	return Action{
		Name:  "pause",
		Usage: "pause each",
		Kinds: []string{"container"},
		Do: func(ctx context.Context, c *client.Client, t Target, _ record.Flags) (any, error) {
			return nil, c.ContainerPause(ctx, t.ID)
		},
	}
}
