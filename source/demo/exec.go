package demo

import (
	"io"
	"slices"
	"strconv"
	"strings"

	containertypes "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

// execution is a command that was created in a container.
type execution struct {
	ctr  *container
	argv []string
	code int
}

func (e *Engine) createExec(c *call) (any, error) {
	ctr, err := e.container(c.name)
	if err != nil {
		return nil, err
	}
	var options containertypes.ExecOptions
	if err := c.decode(&options); err != nil {
		return nil, err
	}
	switch {
	case !ctr.running():
		return nil, fail(409, "container %s is not running", ctr.id)
	case len(options.Cmd) == 0:
		return nil, fail(400, "no exec command specified")
	}
	id := newID()
	if e.execs == nil {
		e.execs = map[string]*execution{}
	}
	e.execs[id] = &execution{ctr: ctr, argv: options.Cmd}
	return map[string]string{"Id": id}, nil
}

// startExec pretends to run true, false, echo, and exit as sh -c has it.
func (e *Engine) startExec(c *call) error {
	e.mu.Lock()
	x := e.execs[c.name]
	e.mu.Unlock()
	if x == nil {
		return fail(404, "No such exec instance: %s", c.name)
	}
	argv := x.argv
	if len(argv) == 3 && argv[0] == "sh" && argv[1] == "-c" {
		argv = strings.Fields(argv[2])
	}
	out, text := stdcopy.Stdout, ""
	switch argv[0] {
	case "true":
	case "false":
		x.code = 1
	case "echo":
		text = strings.Join(argv[1:], " ") + "\n"
	case "exit":
		x.code, _ = strconv.Atoi(strings.Join(argv[1:], ""))
	default:
		if !slices.Contains(x.ctr.argv(), argv[0]) {
			out, text, x.code = stdcopy.Stderr, "exec: "+strconv.Quote(argv[0])+": executable file not found in $PATH\n", 127
		} else if len(argv) == 3 && argv[1] == "exit" {
			x.code, _ = strconv.Atoi(argv[2])
		}
	}
	c.w.Header().Set("Content-Type", "application/vnd.docker.raw-stream")
	_, err := io.WriteString(stdcopy.NewStdWriter(c.w, out), text)
	return err
}

func (e *Engine) inspectExec(c *call) (any, error) {
	x := e.execs[c.name]
	if x == nil {
		return nil, fail(404, "No such exec instance: %s", c.name)
	}
	return map[string]any{"ID": c.name, "Running": false, "ExitCode": x.code, "ContainerID": x.ctr.id}, nil
}
