package act

import (
	"baleen/source/record"
	"context"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
)

func start() Action {
	return Action{
		Name:  "start",
		Usage: "start each",
		Kinds: []string{"container"},
		Do: func(ctx context.Context, c *client.Client, t Target, _ record.Flags) (any, error) {
			return nil, c.ContainerStart(ctx, t.ID, container.StartOptions{})
		},
	}
}
