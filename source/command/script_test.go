package command

import (
	"baleen/source/record"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var variables = map[string]string{"NAME": "web", "TWO": "a  b", "EDGES": " a b ", "STARS": "*m*", "EMPTY": ""}

func lookup(name string) (string, bool) {
	value, ok := variables[name]
	return value, ok
}

// sh runs text in a shell whose baleen prints its words, and gives them back.
func sh(text string) ([][]string, error) {
	cmd := exec.Command("sh", "-uf", "-c", `baleen() { printf '%s\003' "$@"; printf '\004'; }`+"\n"+text)
	for name, value := range variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.Output()
	var lines [][]string
	for line := range strings.SplitSeq(strings.TrimSuffix(string(out), "\004"), "\004") {
		lines = append(lines, strings.Split(strings.TrimSuffix(line, "\003"), "\003"))
	}
	return lines, err
}

func wordsOf(lines []Line) (all [][]string) {
	for _, l := range lines {
		all = append(all, l.Words)
	}
	return all
}

// TestSplit compares what a shell makes of the same lines.
func TestSplit(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	for _, text := range []string{
		`baleen images -f dangling=true`,
		"#!/usr/bin/env -S baleen run\n\n# nothing\nbaleen a # b\n\tbaleen  c#d   \n",
		"baleen 'a  b\n c' \"d\ne\"f 'g'\"h\"",
		"baleen a \\\n  b\\\nc",
		`baleen a\ b \# \\ \$NAME "\$NAME \" \\ \n \` + "`" + `"`,
		`baleen "" '' a"" ""b`,
		`baleen $NAME x${NAME}y "$NAME" '$NAME' "a${NAME}b"`,
		`baleen $TWO x$TWO "$TWO" x${EDGES}y $EDGES`,
		`baleen ${NONE:-a b} "${NONE:-a  b}" ${NONE:-"a  b"} x${NONE:-'} '}y ${NAME:-no}`,
		`baleen ${NONE:-$NAME} ${NONE:-${EMPTY:-deep}} "${NONE:-"x $TWO"}" ${NAME:-$NONE}`,
		`baleen a${NONE:-}b ${NONE:-} "${EMPTY:-}" c`,
		`baleen $STARS \*m\* "a?" '[b]' {a,b} a~ a=b -- %x`,
		`baleen ${NONE:-(/kube-system/)|(/library/)}`,
		`baleen $ a$ "$" "a $ b" "\$x" 'test("k8s$")'`,
		"baleen images -s -q '\n  [.[] | select(unused)] # all\n  | .[] ' --delete\nbaleen b",
		"baleen a\r\nbaleen b",
		"baleen é 鯨 \"<none>\"",
	} {
		got, err := Split("f", text, lookup)
		want, shErr := sh(strings.ReplaceAll(text, "\r", ""))
		if err != nil || shErr != nil || fmt.Sprintf("%q", wordsOf(got)) != fmt.Sprintf("%q", want) {
			t.Errorf("%s\n%q, %v\nsh: %q, %v", text, wordsOf(got), err, want, shErr)
		}
	}
}

// TestSplitAtRandom: what is split at all is split as a shell does it.
func TestSplitAtRandom(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	pieces := []string{"a", " ", "\nbaleen y ", "'", `"`, `\`, "$NAME", "$TWO", "$EDGES", "${NAME:-", "${NONE:-", "}", "${EMPTY:-}", "#", "$", "{", "|", "é", " \\\n", "=", "*", "~", "~/x", ";", "&", "[", "!", ">", "<", "$(", "`", "b", "x"}
	afterWord := regexp.MustCompile(`[^ ]\\\n`) // where sh may read on in a variable's name
	compared := 0
	for range 3000 {
		var text strings.Builder
		for range 1 + rand.N(7) {
			text.WriteString(pieces[rand.N(len(pieces))])
		}
		line := "baleen x " + text.String()
		lines, err := Split("f", line, lookup)
		if err != nil || afterWord.MatchString(line) || slices.ContainsFunc(lines, func(l Line) bool { return l.Words[0] != "x" && l.Words[0] != "y" }) {
			continue // of a line with baleen before it sh knows what to do
		}
		compared++
		want, err := sh(line)
		if fmt.Sprintf("%q", wordsOf(lines)) != fmt.Sprintf("%q", want) {
			t.Errorf("%q\n%q\nsh: %q, %v", line, wordsOf(lines), want, err)
		}
	}
	if compared < 100 {
		t.Errorf("%d compared", compared)
	}
}

func TestSplitErrors(t *testing.T) {
	for text, want := range map[string]string{
		"\nimages | cat":            "f:2: | is not supported here\nquote it",
		"images > x":                "f:1: > is not",
		"images; volumes":           "f:1: ; is not",
		"images && volumes":         "f:1: && is not",
		"images -q (.x)":            "f:1: a command can only contain words",
		"a\nb 'c\nd":                "f:2: reached EOF without closing quote `'`",
		"a\nb \"c\nd\n":             "f:2: reached EOF without closing quote `\"`",
		"a ${NONE:-b\nc":            "f:1: reached EOF without matching `${` with `}`",
		"a \\":                      "f:1: nothing follows the last \\",
		"a $(date)":                 "f:1: command substitution is not",
		"a \"$(date)\"":             "f:1: command substitution is not",
		"a `date`":                  "f:1: command substitution is not",
		"a \"`date`\"":              "f:1: command substitution is not",
		"images $NONE":              "f:1: $NONE is not set",
		"images 'a\nb' \"${NONE}\"": "f:2: $NONE is not set",
		"images $EMPTY":             "f:1: $EMPTY is empty; ${EMPTY:-} lets it be empty",
		"images \"$EMPTY\"":         "f:1: $EMPTY is empty",
		"images ${NAME%x}":          "f:1: only $NAME and ${NAME:-default} are supported",
		"images ${NAME:=x}":         "f:1: only $NAME",
		"images ${#NAME}":           "f:1: only $NAME",
		"images $1":                 "f:1: only $NAME",
		"images \"$@\"":             "f:1: only $NAME",
		"images $'x'":               "f:1: $ before a quote",
		"images a$\"x\"":            "f:1: $ before a quote",
		"images *m*":                "f:1: the pattern * ",
		"images a? 'b'":             "f:1: the pattern ? ",
		"\nimages -q .[0]":          "f:2: the pattern [ ",
		"images ~/x":                "f:1: ~ without quotes",
		"A=b images":                "f:1: setting a variable",
		"images &":                  "f:1: & is not",
		"! images":                  "f:1: ! is not",
		"images <<x\ny\nx":          "f:1: << is not",
		"if true; then images; fi":  "f:1: a command of sh's",
		"images $((1+1))":           "f:1: arithmetic",
		"images # all \\\nb":        "f:1: a comment must not end in \\",
	} {
		lines, err := Split("f", text, lookup)
		var usage *record.UsageError
		if !errors.As(err, &usage) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, %v, want %s", text, wordsOf(lines), err, want)
		}
	}
}

func TestWhere(t *testing.T) {
	lines, err := Split("f", "# c\n\n'a\nb' \\\n c\n\"\" x\n${NONE:-\n} d", lookup)
	got := fmt.Sprint(lines)
	if want := "[{f:3 [a\nb c]} {f:6 [ x]} {f:7 [d]}]"; got != want || err != nil {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"baleen 'a b'": `["baleen" "a b"]`,
		"a; b":         `[] --exec:1: ; is not supported here`,
		"":             `[] --exec requires one command, not ""`,
	} {
		words, err := Words(text)
		got := fmt.Sprintf("%q", words)
		if err != nil {
			got += " " + strings.Split(err.Error(), "\n")[0]
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
