package act

import (
	"baleen/source/record"
	"context"
	"fmt"
	"strconv"
	"time"

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
	return []cli.Flag{&cli.StringFlag{Name: "timeout", Usage: "with --stop, --restart: kill after `DURATION`, or a number of seconds; -1 never (default: the container's own)"}}
}

func stopOptions(f record.Flags) container.StopOptions {
	if !f.IsSet("timeout") {
		return container.StopOptions{}
	}
	seconds, _ := timeout(f.String("timeout")) // checked before
	return container.StopOptions{Timeout: &seconds}
}

// timeout is a duration, or a number of seconds, in whole seconds, rounded up.
func timeout(text string) (seconds int, err error) {
	if n, err := strconv.Atoi(text); err == nil && n >= -1 {
		return n, nil
	}
	d, err := record.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, &record.UsageError{Message: fmt.Sprintf("--timeout takes a duration such as 90s, or a number of seconds, not %q", text)}
	}
	return int((d + time.Second - 1) / time.Second), nil
}
