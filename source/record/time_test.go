package record_test

import (
	"testing"
	"time"

	"baleen/source/record"
)

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2024-05-01T10:00:00Z":                    "2024-05-01T10:00:00Z",
		"2024-05-01T12:00:00.25+02:00":            "2024-05-01T10:00:00.25Z",
		"2026-11-25 22:46:19.774525824 +0000 UTC": "2026-11-25T22:46:19.774525824Z",
		"2026-11-25 22:46:19 +0000 UTC":           "2026-11-25T22:46:19Z",
		"0001-01-01T00:00:00Z":                    "never",
		"0001-01-01 00:00:00 +0000 UTC":           "never",
		"":                                        "never",
		"2024-05-01":                              "",
		"1714557600":                              "",
		"yesterday":                               "",
	} {
		got := ""
		switch at, ok := record.ParseTime(text); {
		case ok && at.IsZero():
			got = "never"
		case ok:
			got = at.UTC().Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("%q: %s, not %s", text, got, want)
		}
	}
}

func TestUnixTime(t *testing.T) {
	for n, want := range map[int64]string{
		1714557600:          "2024-05-01T10:00:00Z",
		1714557600250000000: "2024-05-01T10:00:00.25Z",
		0:                   "1970-01-01T00:00:00Z",
		1714557600000:       "",
	} {
		got := ""
		if at, ok := record.UnixTime(n); ok {
			got = at.UTC().Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("%d: %s, not %s", n, got, want)
		}
	}
	if at, ok := record.UnixTime(-62135596800); !ok || !at.IsZero() {
		t.Errorf("the year 1 is %s", at)
	}
}
