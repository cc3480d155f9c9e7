package source

import (
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 500, time.UTC)
	for text, want := range map[string]time.Time{
		"":                                  {},
		"36h":                               now.Add(-36 * time.Hour),
		"7d":                                now.AddDate(0, 0, -7),
		"2w":                                now.AddDate(0, 0, -14),
		"1w2d3h":                            now.Add(-(9*24 + 3) * time.Hour),
		"1.5d":                              now.Add(-36 * time.Hour),
		"1h30m":                             now.Add(-90 * time.Minute),
		"10ms":                              now.Add(-10 * time.Millisecond),
		"-5m":                               now.Add(5 * time.Minute),
		"1769860800":                        now.Add(-500),
		"1769860800.000000500":              now,
		"2026-01-31T12:00:00Z":              now.Add(-500),
		"2026-01-31T13:00:00.0000005+01:00": now,
		"2026-01-31":                        time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC),
	} {
		if got, err := parseTime("since", text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"yesterday", "7dd", "d", "7", "1h2", "-", "1 d", "1.2.3d", "2026-13-01", "999999d", "106751d24h", "9000w9000w"} {
		got, err := parseTime("since", text, now)
		if text == "7" { // Unix seconds
			if err != nil || got.Unix() != 7 {
				t.Errorf("7: %v, %v", got, err)
			}
		} else if err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}
