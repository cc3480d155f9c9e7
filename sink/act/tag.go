package act

import (
	"baleen/source/record"
	"context"

	"github.com/docker/docker/client"
)

func tag() Action {
	return Action{
		Name:   "tag",
		Usage:  "give the one image a further reference",
		Value:  "REF",
		Single: true,
		Kinds:  []string{"image"},
		Do: func(ctx context.Context, c *client.Client, t Target, f record.Flags) (any, error) {
			return nil, c.ImageTag(ctx, t.ID, f.String("tag"))
		},
	}
}
