package query

import (
	"errors"
	"fmt"
	"strings"
)

// disk gives the file system that holds a path, or for null the Engine's data.
func (p *Program) disk(_ any, args []any) any {
	path, given := args[0].(string)
	if !given && args[0] != nil {
		return cannot("disk", "take for a path", args[0])
	}
	q := p.questions
	if !given {
		if q.options.Engine.Info == nil {
			return q.fail(errNoEngine)
		}
		_, host, _, err := q.options.Engine.Info()
		if err != nil {
			return q.fail(err)
		}
		switch {
		case host == "demo":
			path = "/"
		case !strings.HasPrefix(host, "unix://") && !strings.HasPrefix(host, "npipe://"):
			return q.fail(errors.New("disk: the Engine is not on this machine: " + host))
		default:
			if path, err = p.dataRoot(); err != nil {
				return q.fail(err)
			}
		}
	}
	total, used, available, err := statfs(path)
	if err != nil {
		return q.fail(fmt.Errorf("disk: %s: %w", path, err))
	}
	percent := 0.0
	if used+available > 0 { // as df has it
		percent = float64(used) / float64(used+available) * 100
	}
	return p.object("total", int(total), "used", int(used), "available", int(available), "percent", percent)
}

func (p *Program) dataRoot() (string, error) {
	info, err := p.questions.all("/info")
	if err != nil {
		return "", err
	}
	for _, v := range info {
		m, _ := v.(map[string]any)
		if root, _ := m["DockerRootDir"].(string); root != "" {
			return root, nil
		}
	}
	return "", errors.New("disk: the Engine does not say where its data is")
}
