package command

import (
	"fmt"
	"io"
)

const usageLine = "baleen SOURCE [NAME...] [-f KEY=VALUE]... [-q FILTER] [ACTION] [OUTPUT FLAGS]"

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
  130, 143, 141  ended by SIGINT, SIGTERM, or the reader going away
`

// Overview writes the help on baleen as a whole; the first sources of commands
// are sources.
func Overview(w io.Writer, commands []Command, sources int) {
	fmt.Fprintf(w, "%s\n%s\nSources (baleen help SOURCE has their flags and more recipes):\n", usageLine, recipes)
	List(w, commands[:sources])
	fmt.Fprintln(w, "\nBesides:")
	List(w, commands[sources:])
	io.WriteString(w, exitCodes)
}
