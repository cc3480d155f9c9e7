package source

import (
	"baleen/source/record"
	"fmt"
	"time"

	timetypes "github.com/docker/docker/api/types/time"
)

// parseTime reads what --since and --until take: RFC 3339, Unix seconds, or a
// duration back from now. No text is the zero time.
func parseTime(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := record.ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	unix, err := timetypes.GetTimestamp(text, now)
	if err == nil {
		var s, ns int64
		if s, ns, err = timetypes.ParseTimestamps(unix, 0); err == nil {
			return time.Unix(s, ns), nil
		}
	}
	return time.Time{}, &record.UsageError{Message: fmt.Sprintf("--%s takes a time (2006-01-02T15:04:05Z), Unix seconds or a duration back from now (36h, 7d), not %q", flag, text)}
}

// unix is t as the Engine takes it, to the nanosecond.
func unix(t time.Time) string {
	return fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond())
}
