package command

import (
	"strings"
	"testing"
	"time"
)

// TestCron lists the times of expressions, above all where clocks change.
func TestCron(t *testing.T) {
	for _, test := range []struct{ zone, expression, from, want string }{
		{"UTC", "0 4 * * *", "2026-11-26T04:00:00Z", "2026-11-27T04:00:00Z 2026-11-28T04:00:00Z"},
		{"UTC", "@nightly", "2026-11-26T04:00:00Z", "2026-11-27T00:00:00Z"},
		{"UTC", "@every 90s", "2026-11-26T04:00:00Z", "2026-11-26T04:01:30Z"},
		{"UTC", "0 4 * * 7", "2026-11-26T04:00:00Z", "2026-11-29T04:00:00Z 2026-12-06T04:00:00Z"},
		{"UTC", "0 4 * * 5-7", "2026-11-26T04:00:00Z", "2026-11-27T04:00:00Z 2026-11-28T04:00:00Z 2026-11-29T04:00:00Z 2026-12-04T04:00:00Z"},
		{"UTC", "0 4 1 * sun", "2026-11-26T04:00:00Z", "2026-11-29T04:00:00Z 2026-12-01T04:00:00Z"}, // either, as in crontab
		{"UTC", "TZ=Asia/Tokyo 0 4 * * *", "2026-11-26T00:00:00Z", "2026-11-26T19:00:00Z"},
		{"UTC", "0 0 30 2 *", "2026-11-26T00:00:00Z", "0001-01-01T00:00:00Z"},
		// 02:00 to 03:00 is skipped
		{"America/New_York", "30 2 * * *", "2026-03-07T12:00:00-05:00", "2026-03-08T03:00:00-04:00 2026-03-09T02:30:00-04:00"},
		{"America/New_York", "*/20 2 * * *", "2026-03-08T00:00:00-05:00", "2026-03-08T03:00:00-04:00 2026-03-09T02:00:00-04:00"},
		{"America/New_York", "0 * * * *", "2026-03-08T01:00:00-05:00", "2026-03-08T03:00:00-04:00 2026-03-08T04:00:00-04:00"},
		{"America/New_York", "0 3 * * *", "2026-03-08T01:00:00-05:00", "2026-03-08T03:00:00-04:00 2026-03-09T03:00:00-04:00"},
		// 01:00 to 02:00 is repeated
		{"America/New_York", "30 1 * * *", "2026-10-31T12:00:00-04:00", "2026-11-01T01:30:00-04:00 2026-11-02T01:30:00-05:00"},
		{"America/New_York", "50 1 * * *", "2026-11-01T01:45:00-05:00", "2026-11-02T01:50:00-05:00"},
		{"America/New_York", "0 * * * *", "2026-11-01T00:30:00-04:00", "2026-11-01T01:00:00-04:00 2026-11-01T01:00:00-05:00 2026-11-01T02:00:00-05:00"},
		// midnight is skipped; half an hour is repeated
		{"America/Sao_Paulo", "0 0 * * *", "2018-11-03T12:00:00-03:00", "2018-11-04T01:00:00-02:00 2018-11-05T00:00:00-02:00"},
		{"Australia/Lord_Howe", "45 1 * * *", "2026-04-04T12:00:00+11:00", "2026-04-05T01:45:00+11:00 2026-04-06T01:45:00+10:30"},
	} {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Skip(err)
		}
		at, err := time.ParseInLocation(time.RFC3339, test.from, zone)
		if err != nil {
			t.Fatal(err)
		}
		schedule, err := parseCron(test.expression)
		if err != nil {
			t.Errorf("%s: %v", test.expression, err)
			continue
		}
		at = at.In(zone)
		var got []string
		for range strings.Fields(test.want) {
			at = schedule.Next(at)
			got = append(got, at.Format(time.RFC3339))
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s in %s: %s, want %s", test.expression, test.zone, got, test.want)
		}
	}
}
