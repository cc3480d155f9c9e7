package command

import (
	"baleen/source/record"
	"context"
	"fmt"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/urfave/cli/v2"
)

func scheduleFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "cron", Usage: "run it whenever the `EXPRESSION` of five fields, as cron's, or @daily and the like say; TZ is their time zone"},
		&cli.StringFlag{Name: "every", Usage: "run it now and then every `DURATION`: 90s, 24h, 7d"},
		&cli.BoolFlag{Name: "fail-fast", Usage: "end a run at the first line that fails"},
	}
}

// times waits for each moment at which flags want a run, and ends with
// ctx. Without a schedule there is one, at once. Moments that come while the run
// before them goes on are left out, but for the last one of --every.
func times(ctx context.Context, flags record.Flags) (iter.Seq[time.Time], error) {
	expression, every := flags.String("cron"), flags.String("every")
	first, next := time.Now(), func(time.Time) time.Time { return time.Time{} }
	switch {
	case flags.IsSet("cron") && flags.IsSet("every"):
		return nil, usage("--cron or --every, not both")
	case flags.IsSet("every"):
		d, err := record.ParseDuration(every)
		if err != nil || d <= 0 {
			return nil, usage("--every takes a duration like 90s, 24h or 7d, not %q", every)
		}
		next = func(last time.Time) time.Time { return last.Add(d) }
	case flags.IsSet("cron"):
		schedule, err := parseCron(expression)
		if err != nil {
			return nil, err
		}
		first = schedule.Next(first)
		if first.IsZero() {
			return nil, usage("--cron %q never comes", expression)
		}
		next = func(time.Time) time.Time { return schedule.Next(time.Now()) }
	}
	return func(yield func(time.Time) bool) {
		for t := first; !t.IsZero() && sleepUntil(ctx, t) && yield(t); {
			if t = next(t); !t.IsZero() && t.Before(time.Now()) {
				t = time.Now()
			}
		}
	}, nil
}

func parseCron(expression string) (cron.Schedule, error) {
	// What time.Local does with a zone that it cannot find is to be UTC.
	if zone := strings.TrimPrefix(os.Getenv("TZ"), ":"); !strings.HasPrefix(zone, "/") {
		if _, err := time.LoadLocation(zone); err != nil {
			return nil, usage("--cron: TZ=%s: %v\nis there a time zone database in /usr/share/zoneinfo? a build with -tags timetzdata has its own", zone, err)
		}
	}
	if len(strings.Fields(expression)) < 2 && !strings.HasPrefix(expression, "@") {
		return nil, usage("--cron takes five fields like '0 2 * * *', not %q", expression)
	}
	schedule, err := cron.ParseStandard(expression)
	if err != nil {
		return nil, usage("--cron %q: %v", expression, err)
	}
	return schedule, nil
}

// sleepUntil reports whether t came before the end of ctx. It looks at the clock
// once a minute, since that may be set, and go on while the machine sleeps.
func sleepUntil(ctx context.Context, t time.Time) bool {
	t = t.Round(0)
	for ctx.Err() == nil {
		left := time.Until(t)
		if left <= 0 {
			return true
		}
		select {
		case <-time.After(min(left, time.Minute)):
		case <-ctx.Done():
		}
	}
	return false
}

func usage(format string, args ...any) error {
	return &record.UsageError{Message: fmt.Sprintf(format, args...)}
}
