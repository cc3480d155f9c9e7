package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
	"net/url"
)

func networks() Source {
	return Source{
		Name: "networks", Aliases: []string{"network"},
		Usage:   "networks, as /networks has them",
		Keys:    "Name Id Created Scope Driver EnableIPv4 EnableIPv6 IPAM Internal Attachable Ingress ConfigFrom ConfigOnly Containers Options Labels Peers",
		Args:    "[NAME|ID...]",
		Kind:    "network",
		Filters: true,
		Examples: []string{
			"baleen networks -q '{name: name, driver: .Driver}'",
			"baleen networks -f type=custom -q 'select(label(\"keep\") | not)' --delete --dry-run",
		},
		View: `{name: .Name, driver: .Driver, scope: .Scope, subnets: ([.IPAM.Config[]?.Subnet] | join(", ")), id: short_id}`,
		JQ:   `.[]`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return pick(e.List(ctx, "/networks", r.Filters.Put(url.Values{})), "network", r.Names, "")
		},
	}
}
