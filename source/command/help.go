package command

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rivo/uniseg"
	"github.com/urfave/cli/v2"
)

const usageLine = "baleen SOURCE [NAME...] [-f KEY=VALUE]... [-q FILTER] [ACTION] [OUTPUT FLAGS]"

const firstSteps = `
  baleen ps -t                                     containers, as a table
  baleen images -q 'select(.Size > 1e9)'           images over 1 GB, as JSON
  baleen stats -q '{name: name, cpu: cpu_percent}' CPU of each, as it changes
  baleen logs web --follow                         log lines as records
  baleen images -f dangling=true --delete --dry-run
`

const recipes = `
Recipes (-H demo tries them on a pretend Engine):
  baleen images -q 'select(.Size > 1e9) | .RepoTags[]?' -r
  baleen stats -q '{name: name, memory: .memory_stats.usage}'
  baleen containers -a -f status=exited -q name -r
  baleen images -f dangling=true --delete --dry-run
  baleen images | grep legacy | baleen read --kind image --delete --dry-run
`

const exitCodes = `
Exit codes:
  0  all of it worked
  1  the Engine could not be reached, refused, or cut its answer short;
     an action failed; -e and the last output was false or null
  2  usage
  3  the filter does not compile; nothing was asked of the Engine
  4  -e and no output
  5  the filter failed on a record; the others were processed
  129, 130, 143, 141  ended by SIGHUP, SIGINT, SIGTERM, or the reader going away
`

// A topic is help on what all sources share.
type topic struct {
	name, usage string
	text        string
	groups      []string // whose flags it lists
}

func topics() []topic {
	return []topic{
		{"filter", "jq filters: -q, jq's flags, baleen's functions", `
-q FILTER runs a jq filter on each record, as the Engine sends it. Its outputs
are printed or, with an action, acted on. -f KEY=VALUE is the Engine's own
filter. baleen functions lists the functions that baleen adds to jq's own.

  baleen images -q 'select(.Size > 1e9) | tags' -r
  baleen images -q 'select(unused and older_than("30d"))'
  baleen containers -s -q 'group_by(.State) | map({(.[0].State): length}) | add'
  baleen containers -F filter.jq
`, []string{"Filter"}},
		{"actions", "delete, stop, restart ... what the filter selects", `
An action acts on each record that is selected by names, -f or -q. On a list
nothing is done until the whole list was read; on a stream each record acts as
it comes. Each target gives one result: done, planned, skipped or failed.
Start with --dry-run.

  baleen containers -a -f status=exited --delete --dry-run
  baleen images -q 'select(unused and older_than("30d"))' --delete --max 50
  baleen events -f event=die -q 'select(name == "web")' --start
  docker ps -q | baleen read -R --stop
`, []string{"Action"}},
		{"output", "tables, JSON, YAML, CSV, columns", `
The default is NDJSON: one record a line. Standard output has records only;
messages go to standard error. A live table or chart is drawn anew; q ends it.

  baleen ps -t --sort name
  baleen containers -o csv --columns Id,Names,State
  baleen images -q '.RepoTags[]?' -r
`, []string{"Output"}},
		{"engines", "which Engine, several Engines, TLS, tracing", `
The first of these says which Engine is used: --context, -H, DOCKER_HOST,
DOCKER_CONTEXT, docker's current context, the default socket. Several -H or
--context are read at once; each record then begins with its "Engine".

  baleen -H ssh://admin@host containers
  baleen --all-contexts images
  baleen -H demo stats          (a pretend Engine)
  baleen images --curl          (the same with curl and jq)
`, []string{"Engine"}},
		{"scripts", "files of command lines, schedules", `
baleen run FILE runs a file of baleen command lines. Words are split as sh does:
quotes, $NAME, ${NAME:-default}, comments. An unset variable is an error. A line
that fails is reported, the rest still run.

  baleen run --dry-run clean.baleen
  baleen run --cron '0 4 * * *' --jitter 10m clean.baleen
  baleen run --every 1h -H unix:///run/podman/podman.sock clean.baleen
`, []string{"Run", "Schedule"}},
	}
}

func findTopic(name string) (topic, bool) {
	i := slices.IndexFunc(topics(), func(t topic) bool { return t.name == name })
	if i < 0 {
		return topic{}, false
	}
	return topics()[i], true
}

// Help writes what a line asks for that [Arrange] put in order, and reports
// whether it asks for help. Text is wrapped to width, if that is not 0.
func Help(w io.Writer, width int, commands []Command, line []string) bool {
	h := helper{w, width}
	switch {
	case len(line) == 0:
		h.brief(commands)
	case line[0] == "--help" && len(line) > 1:
		t, _ := findTopic(line[1])
		h.topic(commands, t)
	case line[0] == "--help":
		h.overview(commands)
	case len(line) > 1 && line[1] == "--help":
		h.command(find(commands, line[0]))
	default:
		return false
	}
	return true
}

type helper struct {
	w     io.Writer
	width int
}

// brief fits a terminal of 24 lines.
func (h helper) brief(commands []Command) {
	var sources, others, names []string
	for _, c := range commands {
		if c.Source {
			sources = append(sources, c.Name)
		} else {
			others = append(others, c.Name)
		}
	}
	for _, t := range topics() {
		names = append(names, t.name)
	}
	fmt.Fprintf(h.w, "%s\n%s\nSources:\n", usageLine, firstSteps)
	fmt.Fprintln(h.w, wrap(strings.Join(sources, " "), 78, "  "))
	fmt.Fprintf(h.w, "Commands:\n  %s\n\n", strings.Join(others, " "))
	h.table([][2]string{
		{"-H demo", "tries all of it on a pretend Engine"},
		{"baleen help SOURCE", "its flags, columns and recipes"},
		{"baleen help " + strings.Join(names, "|"), ""},
		{"baleen --help", "each source in a line, exit codes"},
	})
}

func (h helper) overview(commands []Command) {
	fmt.Fprintf(h.w, "%s\n%s\nSources (baleen help SOURCE has their flags and more recipes):\n", usageLine, recipes)
	list := func(source bool) {
		var rows [][2]string
		for _, c := range commands {
			if c.Source == source {
				rows = append(rows, [2]string{strings.Join(append([]string{c.Name}, c.Aliases...), ", "), c.Usage})
			}
		}
		h.table(rows)
	}
	list(true)
	fmt.Fprintln(h.w, "\nCommands:")
	list(false)
	fmt.Fprintln(h.w, "\nTopics (baleen help TOPIC):")
	var rows [][2]string
	for _, t := range topics() {
		rows = append(rows, [2]string{t.name, t.usage})
	}
	h.table(rows)
	io.WriteString(h.w, exitCodes)
}

func (h helper) topic(commands []Command, t topic) {
	fmt.Fprintf(h.w, "baleen help %s: %s\n%s", t.name, t.usage, t.text)
	for _, title := range t.groups {
		var flags []cli.Flag
		for _, c := range commands {
			for _, g := range c.groups() {
				for _, f := range g.Flags {
					if g.Title == title && !slices.ContainsFunc(flags, func(o cli.Flag) bool { return o.Names()[0] == f.Names()[0] }) {
						flags = append(flags, f)
					}
				}
			}
		}
		h.flags(title, flags)
	}
}

func (h helper) command(c *Command) {
	fmt.Fprintf(h.w, "baleen %s [FLAGS]\n%s\n", strings.TrimSpace(c.Name+" "+c.Args), wrap(c.Usage, h.width, ""))
	if len(c.Examples) > 0 {
		fmt.Fprintf(h.w, "\nRecipes:\n  %s\n", strings.Join(c.Examples, "\n  "))
	}
	for _, list := range []struct {
		title string
		words []string
	}{{"Columns", c.columns()}, {"Keys", c.Keys}} {
		if len(list.words) > 0 {
			fmt.Fprintf(h.w, "\n%s:\n%s\n", list.title, wrap(strings.Join(list.words, " "), cmp.Or(h.width, 80), "  "))
		}
	}
	for _, g := range c.groups() {
		h.flags(g.Title, g.Flags)
	}
}

func (h helper) flags(title string, flags []cli.Flag) {
	var rows [][2]string
	for _, f := range flags {
		left, right := describe(f)
		rows = append(rows, [2]string{left, right})
	}
	if len(rows) > 0 {
		fmt.Fprintf(h.w, "\n%s:\n", title)
		h.table(rows)
	}
}

// table writes rows of two columns. On a narrow terminal the second one is
// wrapped, below the first where that is long.
func (h helper) table(rows [][2]string) {
	left := 0
	for _, r := range rows {
		if n := uniseg.StringWidth(r[0]); r[1] != "" && (h.width == 0 || n <= h.width/2) {
			left = max(left, n)
		}
	}
	indent := strings.Repeat(" ", left+4)
	for _, r := range rows {
		text := strings.TrimLeft(wrap(r[1], h.width, indent), " ")
		switch n := uniseg.StringWidth(r[0]); {
		case text == "":
			fmt.Fprintf(h.w, "  %s\n", r[0])
		case n > left:
			fmt.Fprintf(h.w, "  %s\n%s%s\n", r[0], indent, text)
		default:
			fmt.Fprintf(h.w, "  %s%s%s\n", r[0], strings.Repeat(" ", left+2-n), text)
		}
	}
}

// wrap breaks text into lines of width, each with indent before it. 0 is a
// width without end.
func wrap(text string, width int, indent string) string {
	var b strings.Builder
	room := 0
	for i, word := range strings.Fields(text) {
		n := uniseg.StringWidth(word)
		switch {
		case i == 0:
			b.WriteString(indent)
			room = width - len(indent)
		case width > 0 && n+1 > room:
			b.WriteString("\n" + indent)
			room = width - len(indent)
		default:
			b.WriteByte(' ')
			room--
		}
		b.WriteString(word)
		room -= n
	}
	return b.String()
}

// WrapMessage wraps a message to a terminal's width, but for lines to type. 0 is
// a width without end.
func WrapMessage(text string, width int) string {
	if width == 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if uniseg.StringWidth(line) > width && !strings.HasPrefix(line, "try: ") {
			lines[i] = wrap(line, width, "")
		}
	}
	return strings.Join(lines, "\n")
}
