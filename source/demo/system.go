//lint:file-ignore SA1019 the Engine still says what is deprecated

package demo

import (
	"net/http"
	"runtime"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/build"
	containertypes "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/system"
	volumetypes "github.com/docker/docker/api/types/volume"
)

const kernel = "6.12.57-demo"

func (e *Engine) ping(c *call) error {
	h := c.w.Header()
	h.Set("Builder-Version", "2")
	h.Set("Cache-Control", "no-cache, no-store, must-revalidate")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Pragma", "no-cache")
	h.Set("Swarm", "inactive")
	if c.r.Method == http.MethodHead {
		h.Set("Content-Length", "0")
		return nil
	}
	_, _ = c.w.Write([]byte("OK"))
	return nil
}

func (e *Engine) version(*call) (any, error) {
	const built = "2025-11-05T00:00:00.000000000+00:00"
	v := types.Version{
		Version: release, APIVersion: apiVersion, MinAPIVersion: minAPIVersion, GitCommit: "demo",
		GoVersion: runtime.Version(), Os: "linux", Arch: "amd64", KernelVersion: kernel, BuildTime: built,
		Components: []types.ComponentVersion{{Name: "Engine", Version: release, Details: map[string]string{
			"ApiVersion": apiVersion, "Arch": "amd64", "BuildTime": built, "Experimental": "false", "GitCommit": "demo", "GoVersion": runtime.Version(),
			"KernelVersion": kernel, "MinAPIVersion": minAPIVersion, "Os": "linux",
		}}},
	}
	v.Platform.Name = "baleen demo Engine"
	return v, nil
}

func (e *Engine) info(c *call) (any, error) {
	i := system.Info{
		ID: "6f1b2c4e-7f7b-4f0c-9d7e-0d1e5a9e0c11", Containers: len(e.containers), Images: len(e.images),
		Driver: "overlay2", DriverStatus: [][2]string{{"Backing Filesystem", "extfs"}, {"Supports d_type", "true"}},
		Plugins: system.PluginsInfo{
			Volume: []string{"local"}, Network: []string{"bridge", "host", "ipvlan", "macvlan", "null", "overlay"},
			Log: []string{"json-file", "local", "none"},
		},
		MemoryLimit: true, SwapLimit: true, CPUCfsPeriod: true, CPUCfsQuota: true, CPUShares: true, CPUSet: true,
		PidsLimit: true, IPv4Forwarding: true, SystemTime: c.now().Format(time.RFC3339Nano), LoggingDriver: "json-file",
		CgroupDriver: "systemd", CgroupVersion: "2", KernelVersion: kernel, OperatingSystem: "Demo Linux", OSType: "linux",
		Architecture: "x86_64", IndexServerAddress: "https://index.docker.io/v1/", RegistryConfig: &registry.ServiceConfig{},
		NCPU: cpus, MemTotal: memory, DockerRootDir: root, Name: "demo", Labels: []string{}, ServerVersion: release,
		Runtimes:       map[string]system.RuntimeWithStatus{"runc": {Runtime: system.Runtime{Path: "runc"}}},
		DefaultRuntime: "runc", Swarm: swarm.Info{LocalNodeState: swarm.LocalNodeStateInactive}, InitBinary: "docker-init",
		SecurityOptions: []string{"name=seccomp,profile=builtin", "name=cgroupns"}, CDISpecDirs: []string{}, Warnings: []string{},
	}
	for _, ctr := range e.containers {
		switch ctr.state {
		case containertypes.StateRunning:
			i.ContainersRunning++
		case containertypes.StatePaused:
			i.ContainersPaused++
		default:
			i.ContainersStopped++
		}
	}
	return i, nil
}

func (e *Engine) listPlugins(c *call) (any, error) {
	if _, err := c.filters("enabled", "capability"); err != nil {
		return nil, err
	}
	return types.PluginsListResponse{}, nil
}

func (e *Engine) noSwarm(*call) (any, error) {
	return nil, fail(503, `This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.`)
}

func (e *Engine) diskUsage(c *call) (any, error) {
	wanted := map[string]bool{}
	for _, kind := range c.query["type"] {
		switch kind {
		case "container", "image", "volume", "build-cache":
			wanted[kind] = true
		default:
			return nil, fail(400, "unknown object type: %s", kind)
		}
	}
	all := len(wanted) == 0 || c.before("1.42")
	var du types.DiskUsage
	if all || wanted["image"] {
		images, err := e.selectImages(filters.NewArgs(), false, true, c.now())
		if err != nil {
			return nil, err
		}
		if c.before("1.44") {
			for _, s := range images {
				s.VirtualSize = s.Size
			}
		}
		du.Images = images
		sizes := map[string]int64{}
		for _, im := range e.images {
			for _, s := range im.steps {
				sizes[s.layer] = s.size
			}
		}
		for _, size := range sizes {
			du.LayersSize += size
		}
	}
	if all || wanted["container"] {
		du.Containers = []*containertypes.Summary{}
		for i := len(e.containers) - 1; i >= 0; i-- {
			s := e.summary(e.containers[i], true)
			du.Containers = append(du.Containers, &s)
		}
	}
	if all || wanted["volume"] {
		du.Volumes = []*volumetypes.Volume{}
		for _, v := range e.volumes {
			r := v.Volume
			r.UsageData = &volumetypes.UsageData{RefCount: int64(len(e.users(v))), Size: v.size}
			du.Volumes = append(du.Volumes, &r)
		}
	}
	if all || wanted["build-cache"] {
		du.BuildCache = append([]*build.CacheRecord{}, e.cache...)
	}
	return du, nil
}
