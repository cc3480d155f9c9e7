package engine

import (
	"baleen/source/demo"
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// A sh block of the README: the words after sh, the commands, and what they
// print, if a text block follows.
var shBlock = regexp.MustCompile("(?ms)^```sh( [^\n]*)?\n(.*?)^```\n(?:\n*```text\n(.*?)^```$)?")

// README runs the examples of a file as they stand.
//
//	```sh                  on the pretend Engine that -H demo shows
//	```sh real             on a real Engine with the world small
//	```sh norun "reason"   not
//
// In the text block that may follow, ... stands for anything.
func README(t *testing.T, file string) {
	readme, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dockerd := KindOf("dockerd")
	real := Open(t, dockerd)
	for _, m := range shBlock.FindAllSubmatchIndex(readme, -1) {
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return string(readme[m[2*i]:m[2*i+1]])
		}
		line := 1 + bytes.Count(readme[:m[0]], []byte("\n"))
		t.Run(fmt.Sprintf("line %d", line), func(t *testing.T) {
			var dial Dial
			switch word, reason, _ := strings.Cut(strings.TrimSpace(part(1)), " "); word {
			case "":
				dial = demo.New().Dial
			case "real":
				Need(t, dockerd)
				dial = small(t, real)
			case "norun":
				t.Skip(reason)
			default:
				t.Fatalf("sh %s: neither real nor norun", word)
			}
			got := Shell(t, dial, part(2))
			if m[6] >= 0 && !Matches(part(3), got) {
				t.Errorf("%s\nprints:\n%s\nnot:\n%s", part(2), got, part(3))
			}
		})
	}
}

// small opens an Engine and fills it.
func small(t *testing.T, open Opener) Dial {
	dial, _, err := open(0)
	if err != nil {
		t.Fatal(err)
	}
	program, err := Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := NewClient(dial).Small(t.Context(), program); err != nil {
		t.Fatal(err)
	}
	return dial
}
