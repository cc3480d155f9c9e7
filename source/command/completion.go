package command

import (
	"embed"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

//go:embed completion.bash completion.zsh completion.fish completion.powershell
var completions embed.FS

// Completion is the command that prints a shell's completion script, which runs
// baleen __complete: see [Complete].
func Completion() Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return Command{
		Name:     "completion",
		Usage:    "print a shell's completion script",
		Args:     strings.Join(shells, "|"),
		Choices:  func() []string { return shells },
		Examples: []string{"source <(baleen completion bash)"},
		Run: func(c *cli.Context) error {
			if c.NArg() != 1 || !slices.Contains(shells, c.Args().First()) {
				return usage("completion requires a shell: %s", strings.Join(shells, ", "))
			}
			script, err := completions.ReadFile("completion." + c.Args().First())
			if err == nil {
				_, err = os.Stdout.Write(script)
			}
			return err
		},
	}
}
