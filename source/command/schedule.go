package command

import (
	"baleen/source/record"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/urfave/cli/v2"
)

func scheduleFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "cron", Usage: "repeat at the times of `EXPRESSION`, five fields as in crontab or @nightly, @hourly and the like; TZ is the time zone"},
		&cli.StringFlag{Name: "every", Usage: "run now and then every `DURATION`: 90s, 24h, 7d"},
		&cli.StringFlag{Name: "jitter", Usage: "delay each run at random, by `DURATION` at most"},
	}
}

// schedule says when to run.
type schedule struct {
	first  time.Time
	next   func(last time.Time) time.Time // zero for never
	jitter time.Duration
}

// parseSchedule reads [scheduleFlags]. Times that come while a run is still going
// on are left out, but for the last one of --every.
func parseSchedule(flags record.Flags) (schedule, error) {
	expression := flags.String("cron")
	s := schedule{first: time.Now(), next: func(time.Time) time.Time { return time.Time{} }}
	every, err := positive(flags, "every")
	if err == nil {
		s.jitter, err = positive(flags, "jitter")
	}
	switch {
	case err != nil:
		return s, err
	case flags.IsSet("cron") && flags.IsSet("every"):
		return s, usage("--cron or --every, not both")
	case flags.IsSet("every"):
		s.next = func(last time.Time) time.Time {
			next := last.Add(every)
			if now := time.Now(); next.Before(now) {
				return now
			}
			return next
		}
	case flags.IsSet("cron"):
		times, err := parseCron(expression)
		if err != nil {
			return s, err
		}
		if s.first = times.Next(s.first); s.first.IsZero() {
			return s, usage("--cron %q matches no time", expression)
		}
		s.next = func(time.Time) time.Time { return times.Next(time.Now()) }
	case flags.IsSet("jitter"):
		return s, usage("--jitter requires --cron or --every")
	}
	return s, nil
}

// positive is the duration that a flag has, 0 if it is not set.
func positive(flags record.Flags, name string) (time.Duration, error) {
	if !flags.IsSet(name) {
		return 0, nil
	}
	d, err := record.ParseDuration(flags.String(name))
	if err != nil || d <= 0 {
		return 0, usage("--%s requires a duration like 90s, 24h or 7d, not %q", name, flags.String(name))
	}
	return d, nil
}

// delayed is t with the jitter.
func (s schedule) delayed(t time.Time) time.Time {
	if s.jitter == 0 || t.IsZero() {
		return t
	}
	return t.Add(rand.N(s.jitter))
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
