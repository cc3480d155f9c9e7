package source

import (
	"baleen/source/engine"
	"baleen/source/follow"
	"baleen/source/record"
	"context"
	"net/url"

	"github.com/urfave/cli/v2"
)

func stats() Source {
	return Source{
		Name:    "stats",
		Usage:   "a sample a second of each container, as /containers/{id}/stats has them",
		Keys:    "id name read preread pids_stats num_procs cpu_stats precpu_stats memory_stats blkio_stats storage_stats networks",
		Args:    "[NAME|ID...]",
		Kind:    "container",
		Filters: true,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "stopped containers too"},
			&cli.BoolFlag{Name: "no-stream", Usage: "one sample of each container, all taken at once"},
			engine.ReconnectFlag(),
		},
		Examples: []string{
			"baleen stats web -q .cpu_stats.cpu_usage",
			"baleen stats -q '{name: name, mem: .memory_stats.usage}'",
			"baleen stats --no-stream -q 'select(mem_percent > 95)' --restart",
		},
		Live: func(f record.Flags) bool { return !f.Bool("no-stream") },
		Check: func(r Request) error {
			if r.Flags.Bool("reconnect") && r.Flags.Bool("no-stream") {
				return &record.UsageError{Message: "--reconnect does not go with --no-stream"}
			}
			if err := namesOrGlobs("stats", r); err != nil {
				return err
			}
			return namesOrFilters("stats", r)
		},
		View: `
			def percent: if . == null then null else . * 100 | round / 100 end;
			{name: name, cpu: (if has_prev then cpu_percent | percent else null end), mem: (mem_percent | percent),
			used: (mem_used // 0 | _human_memory), limit: (.memory_stats.limit // 0 | _human_memory),
			received: (net_io.rx | human_size), sent: (net_io.tx | human_size),
			read: (block_io.read | human_size), written: (block_io.write | human_size), pids: pids}`,
		Percent: []string{"cpu", "mem"},
		Samples: true,
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			r = r.namesAsFilters()
			live, all := !r.Flags.Bool("no-stream"), r.Flags.Bool("all")
			f := &follow.Follower{
				E: e, What: "stats", Names: r.Names, Filters: r.Filters, All: all, Live: live,
				Reconnect: r.Flags.Bool("reconnect"), Leave: []string{"destroy"},
			}
			f.Stream = func(ctx context.Context, f *follow.Follower, c engine.Container) error {
				return sendStats(ctx, f, c, live)
			}
			if !all && len(r.Names) == 0 {
				f.Leave = append(f.Leave, "die")
			}
			if !live {
				return f.Ordered(ctx)
			}
			return f.Records(ctx)
		},
	}
}

// sendStats sends one container's samples. Podman may end the answer without one of
// a container that runs: it is asked again.
func sendStats(ctx context.Context, f *follow.Follower, c engine.Container, live bool) error {
	q := url.Values{"stream": {"1"}}
	if !live {
		q.Set("stream", "0")
	}
	for tries := 1; ; tries++ {
		a, err := f.Open(ctx, "/containers/"+c.ID+"/stats", q)
		if err != nil {
			return err
		}
		sent := false
		for v, err := range a.Records("") {
			if err != nil {
				return err
			}
			if sent = true; !f.Send(ctx, v, nil) {
				return nil
			}
		}
		f.Pass() // before the Engine is asked again
		if !live && sent {
			return nil
		}
		// A removed container's stream ends like one that a dying Engine closes.
		now, err := engine.LookUp(ctx, f.E, c.ID)
		switch {
		case err != nil || now.State.Status == "removing" || now.State.Status == "dead":
			return err
		case !live && !now.State.Running:
			return nil
		case live || tries == 3:
			return &engine.LostError{What: a.What, Err: engine.ErrEnded}
		}
	}
}
