package command

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"a message", 0, "a message"},
		{"what failed: why it failed\ntry: baleen containers -a -q name -r", 20, "what failed: why it\nfailed\ntry: baleen containers -a -q name -r"},
		{"a/very/long/path/without/any/blank ends", 10, "a/very/long/path/without/any/blank\nends"},
		{"鯨鯨 鯨鯨 鯨鯨", 9, "鯨鯨 鯨鯨\n鯨鯨"},
	} {
		if got := WrapMessage(test.text, test.width); got != test.want {
			t.Errorf("%q at %d: %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

// TestHelpWidth: the table of flags fits any terminal.
func TestHelpWidth(t *testing.T) {
	usage := strings.Repeat("some words about it ", 10)
	table := []Command{{Name: "things", Usage: usage, Keys: strings.Fields(strings.Repeat("Key ", 50)), Groups: func() []Group {
		return []Group{{"Source", []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: usage},
			&cli.StringFlag{Name: "a-very-long-name-of-a-flag", Usage: "`VALUE`: " + usage},
		}}}
	}}}
	for _, width := range []int{40, 60, 80, 120} {
		var b strings.Builder
		if !Help(&b, width, table, []string{"things", "--help"}) {
			t.Fatal("no help")
		}
		for line := range strings.SplitSeq(b.String(), "\n") {
			if len(line) > width {
				t.Errorf("at %d: %q", width, line)
			}
		}
		if n := strings.Count(strings.Join(strings.Fields(b.String()), " "), strings.TrimSpace(usage)); n != 3 {
			t.Errorf("at %d: %d texts of 3\n%s", width, n, b.String())
		}
	}
}
