package record

import (
	"math"
	"time"
)

// ParseTime reads a time as an Engine writes it: RFC 3339 in any zone, or for a
// cluster volume Go's own format. Where there is no time the Engine writes the year
// 1 or nothing, which is the zero time.
func ParseTime(text string) (t time.Time, ok bool) {
	if text == "" {
		return t, true
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t, err = time.Parse("2006-01-02 15:04:05.999999999 -0700 MST", text)
	}
	return t, err == nil
}

// UnixTime reads a number that an Engine writes for a time: seconds, or of events
// nanoseconds, since 1970. No time is the year 1, which is the zero time.
func UnixTime(n int64) (t time.Time, ok bool) {
	switch size := math.Abs(float64(n)); {
	case size < 1e11:
		return time.Unix(n, 0), true
	case size >= 1e17:
		return time.Unix(0, n), true
	}
	return t, false
}
