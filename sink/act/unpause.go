package act

import (
	"baleen/source/record"
	"context"

	"github.com/docker/docker/client"
)

func unpause() Action {
	return Action{
		Name:  "unpause",
		Usage: "unpause each",
		Kinds: []string{"container"},
		Do: func(ctx context.Context, c *client.Client, t Target, _ record.Flags) (any, error) {
			return nil, c.ContainerUnpause(ctx, t.ID)
		},
	}
}
