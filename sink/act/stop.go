package act

import (
	"baleen/source/record"
	"context"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/urfave/cli/v2"
)

func stop() Action {
	return Action{
		Name:  "stop",
		Usage: "stop each",
		Kinds: []string{"container"},
		Flags: stopFlags,
		Do: func(ctx context.Context, c *client.Client, t Target, f record.Flags) (any, error) {
			return nil, c.ContainerStop(ctx, t.ID, stopOptions(f))
		},
	}
}

func stopFlags(string) []cli.Flag {
	return []cli.Flag{&cli.IntFlag{Name: "timeout", Usage: "with --stop, --restart: kill after `SECONDS`; -1 never (default: the container's own)"}}
}

func stopOptions(f record.Flags) container.StopOptions {
	if !f.IsSet("timeout") {
		return container.StopOptions{}
	}
	seconds := f.Int("timeout")
	return container.StopOptions{Timeout: &seconds}
}
