package demo

import (
	containertypes "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
)

func (e *Engine) renameContainer(c *call) (any, error) {
	ctr, err := e.container(c.name)
	if err != nil {
		return nil, err
	}
	name := c.query.Get("name")
	switch other, _ := e.container(name); {
	case name == "":
		return nil, fail(400, "Neither old nor new names may be empty")
	case other != nil && other.name == name:
		return nil, fail(409, "Conflict. The container name %q is already in use by container %q. You have to remove (or rename) that container to be able to reuse that name.", "/"+name, other.id)
	}
	old := ctr.name
	ctr.name = name
	e.emitContainer(events.ActionRename, ctr, map[string]string{"oldName": "/" + old})
	return nil, nil
}

func (e *Engine) updateContainer(c *call) (any, error) {
	ctr, err := e.container(c.name)
	if err != nil {
		return nil, err
	}
	var update containertypes.UpdateConfig
	if err := c.decode(&update); err != nil {
		return nil, err
	}
	if update.RestartPolicy.Name != "" {
		ctr.host.RestartPolicy = update.RestartPolicy
	}
	if update.Memory != 0 {
		ctr.host.Memory = update.Memory
	}
	e.emitContainer(events.ActionUpdate, ctr, nil)
	return containertypes.UpdateResponse{Warnings: []string{}}, nil
}
