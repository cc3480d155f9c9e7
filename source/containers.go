package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
	"net/url"
	"strconv"

	"github.com/urfave/cli/v2"
)

func containers() Source {
	return Source{
		Name:    "containers",
		Aliases: []string{"ps", "container"},
		Usage:   "containers, as /containers/json has them; the running ones unless -a",
		Keys:    "Id Names Image ImageID ImageManifestDescriptor Command Created Ports Labels State Status Health HostConfig NetworkSettings Mounts SizeRw SizeRootFs",
		Args:    "[NAME|ID...]",
		Kind:    "container",
		Filters: true,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "stopped containers too"},
			&cli.IntFlag{Name: "last", Usage: "the `N` newest, running or not"},
			&cli.BoolFlag{Name: "latest", Aliases: []string{"l"}, Usage: "the newest, running or not"},
			&cli.BoolFlag{Name: "size", Usage: "have the Engine compute SizeRw and SizeRootFs (slow)"},
		},
		Examples: []string{
			"baleen containers -f status=exited -q name -r",
			`baleen containers -a -f status=exited -q 'select(name | test("k8s") | not)' --delete --dry-run`,
			"baleen ps -q '{name: name, image: .Image, state: .State}'",
		},
		Check: func(r Request) error {
			if r.Flags.IsSet("last") && r.Flags.Int("last") < 1 {
				return &record.UsageError{Message: "--last requires a number of containers, at least 1"}
			}
			return nil
		},
		View: `
			{name: name, image: (.Image | if type != "string" then . elif test("^(sha256:)?[0-9a-f]{64}$") then ltrimstr("sha256:")[:12] else sub("@sha256:[0-9a-f]+$"; "") end), status: .Status, ports: ([.Ports[]?
			| (if .PublicPort then "\(.IP):\(.PublicPort)->" else "" end) + "\(.PrivatePort)/\(.Type)"] | unique | join(", ")),
			id: short_id}`,
		JQ: `.[]`,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			q := url.Values{}
			for _, flag := range []string{"all", "size"} {
				if r.Flags.Bool(flag) {
					q.Set(flag, "1")
				}
			}
			if n := r.Flags.Int("last"); n > 0 {
				q.Set("limit", strconv.Itoa(n))
			}
			if r.Flags.Bool("latest") {
				q.Set("limit", "1")
			}
			hint := ""
			switch all := r.Flags.Bool("all") || r.Filters["status"] != nil; {
			case q.Has("limit") || all && len(r.Filters) > 0:
				hint = "-f, --last and -l leave containers out"
			case !all:
				hint = "stopped containers are listed with -a"
			}
			return pick(e.List(ctx, "/containers/json", r.Filters.Put(q)), "container", r.Names, hint)
		},
	}
}
