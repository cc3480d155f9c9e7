package command

import (
	"os"
	"strings"
	"time"

	"github.com/netresearch/go-cron"
)

// cronSchedule is a crontab's expression in the time zone that it or TZ names.
// Where clocks change it follows ISC cron: a time that is skipped comes right
// after the change, one that is repeated comes once. Minutes and hours that
// are * follow real time.
type cronSchedule struct{ cron.Schedule }

// parseCron parses the five fields of a crontab's line, or @daily and the like.
func parseCron(expression string) (cronSchedule, error) {
	// time.Local is UTC where TZ names a zone that does not exist.
	if zone := strings.TrimPrefix(os.Getenv("TZ"), ":"); !strings.HasPrefix(zone, "/") {
		if _, err := time.LoadLocation(zone); err != nil {
			return cronSchedule{}, usage("--cron: TZ=%s: %v\nis there a time zone database in /usr/share/zoneinfo? a build with -tags timetzdata has its own", zone, err)
		}
	}
	if len(strings.Fields(expression)) < 2 && !strings.HasPrefix(expression, "@") {
		return cronSchedule{}, usage("--cron requires five fields like '0 4 * * *', not %q", expression)
	}
	spec := expression
	if spec == "@nightly" {
		spec = "@midnight"
	}
	parser, err := cron.TryNewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor | cron.DowOrDom)
	if err != nil {
		return cronSchedule{}, err
	}
	schedule, err := parser.Parse(spec)
	if err != nil {
		return cronSchedule{}, usage("--cron %q: %v", expression, err)
	}
	return cronSchedule{schedule}, nil
}

// Next is the first time after another one, zero for never.
func (s cronSchedule) Next(after time.Time) time.Time {
	const star = 1 << 63 // how the package marks a field that is *
	spec, ok := s.Schedule.(*cron.SpecSchedule)
	if !ok || (spec.Minute|spec.Hour)&star != 0 {
		return s.Schedule.Next(after)
	}
	zone := spec.Location
	if zone == time.Local {
		zone = after.Location()
	}
	clock := *spec
	clock.Location = time.UTC // whose clock never changes
	for reading := onClock(after.In(zone)); ; {
		if reading = clock.Next(reading); reading.IsZero() {
			return reading
		}
		if t := firstTime(reading, zone); t.After(after) {
			return t.In(after.Location())
		}
	}
}

// onClock is what a clock shows at t, as a time in UTC.
func onClock(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// firstTime is when a clock in zone first shows a reading or, where it never
// does, the moment at which it skips it.
func firstTime(reading time.Time, zone *time.Location) time.Time {
	t := time.Date(reading.Year(), reading.Month(), reading.Day(), reading.Hour(), reading.Minute(), reading.Second(), 0, zone)
	start, end := t.ZoneBounds()
	switch shown := onClock(t); {
	case shown.After(reading):
		return start
	case shown.Before(reading):
		return end
	case start.IsZero():
		return t
	}
	_, offset := t.Zone()
	_, before := start.Add(-1).Zone()
	if earlier := t.Add(time.Duration(offset-before) * time.Second); earlier.Before(start) {
		return earlier
	}
	return t
}
