package act

import (
	"baleen/source/record"
	"context"

	"github.com/docker/docker/client"
	"github.com/urfave/cli/v2"
)

func kill() Action {
	return Action{
		Name:  "kill",
		Usage: "kill each",
		Kinds: []string{"container"},
		Flags: func(string) []cli.Flag {
			return []cli.Flag{&cli.StringFlag{Name: "signal", Usage: "with --kill: send `SIGNAL`, not KILL"}}
		},
		Do: func(ctx context.Context, c *client.Client, t Target, f record.Flags) (any, error) {
			return nil, c.ContainerKill(ctx, t.ID, f.String("signal"))
		},
	}
}
