package demo

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/distribution/reference"
	containertypes "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	networktypes "github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	hour = time.Hour
	day  = 24 * hour
	mib  = 1 << 20

	pinned = "nginx@sha256:6784fb0834aa7dbbe12e3d7471e69c290df3e6ba810dc38b34ae33d3c1c05f7d" // pulled by its digest: it has no tag
)

// New returns an Engine with a small shop on it, and with what gathers on a
// machine over time: old versions, leftovers of builds, containers that ended.
func New() *Engine {
	e := Empty()
	now := time.Now().UTC()
	e.addImages(now)
	e.addVolumes(now)
	e.addCache(now)
	for i, name := range []string{"shop_front", "shop_back"} {
		nw := newNetwork(fixedID("network "+name), name, "bridge", 18+i, now.Add(-9*day))
		nw.Labels = map[string]string{"com.docker.compose.network": name[len("shop_"):], "com.docker.compose.project": "shop"}
		e.networks = append(e.networks, nw)
	}
	e.addContainers(now)
	e.remember()
	e.alive = true
	return e
}

func (e *Engine) addImages(now time.Time) {
	debian, alpine := layer("debian 12", 74_780_000), layer("alpine 3.22", 7_990_000)
	dated := func(created time.Time, name string, parent *image, base step, size int64, config ocispec.ImageConfig, tags ...string) *image {
		im := &image{
			id: "sha256:" + fixedID("image "+name), parent: parent, created: created, arch: "amd64",
			comment: "buildkit.dockerfile.v0", config: dockerspec.DockerOCIImageConfig{ImageConfig: config},
		}
		base.by = "COPY / / # buildkit"
		own := layer("own "+name, size)
		own.by = "RUN /bin/sh -c set -ex && install " + name + " # buildkit"
		im.steps = []step{base, own, {by: fmt.Sprintf("CMD %q", config.Cmd), comment: im.comment}}
		if parent != nil {
			im.steps = append(slices.Clone(parent.steps), own)
		}
		for i := range im.steps {
			im.steps[i].created = im.created
		}
		e.images = append(e.images, im)
		for _, tag := range tags {
			ref, _ := reference.ParseNormalizedNamed(tag)
			e.tag(im, ref, created.Add(day))
			pinned, _ := reference.WithDigest(reference.TrimNamed(ref), fixedDigest(ref.String()))
			e.tag(im, pinned, created.Add(day))
		}
		return im
	}
	add := func(age time.Duration, name string, parent *image, base step, size int64, config ocispec.ImageConfig, tags ...string) *image {
		return dated(now.Add(-age), name, parent, base, size, config, tags...)
	}
	runs := func(cmd ...string) ocispec.ImageConfig {
		return ocispec.ImageConfig{Cmd: cmd, Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}}
	}
	node, nginx := runs("node"), runs("nginx", "-g", "daemon off;")
	nginx.ExposedPorts = map[string]struct{}{"80/tcp": {}}
	nginx.Labels = map[string]string{"maintainer": "NGINX Docker Maintainers <docker-maint@nginx.com>"}
	postgres := runs("postgres")
	postgres.Volumes = map[string]struct{}{"/var/lib/postgresql/data": {}}
	team := map[string]string{"org.opencontainers.image.vendor": "Team Shop", "org.opencontainers.image.version": "1.4"}
	app, leftover := runs("/app/serve"), runs("/app/serve")
	app.Labels, leftover.Labels = team, team

	mysql := runs("mysqld")
	mysql.Volumes = map[string]struct{}{"/var/lib/mysql": {}}

	// Reproducible builds are dated 1970, or not at all.
	dated(time.Time{}, "tools", nil, alpine, 18_200_000, runs("/bin/tools"), "registry.example.com:5000/team/tools:2")
	dated(time.Unix(0, 0).UTC(), "distroless", nil, layer("distroless", 1_990_000), 240_000, runs(), "gcr.io/distroless/static:nonroot")
	add(412*day, "node 18", nil, alpine, 119_300_000, node, "node:18-alpine")
	add(330*day, "pause", nil, layer("pause", 4_096), 740_000, runs("/pause"), "registry.k8s.io/pause:3.9")
	add(301*day, "nginx 1.25", nil, debian, 112_800_000, nginx, "nginx:1.25")
	add(118*day, "node 20", nil, alpine, 124_100_000, node, "node:20-alpine")
	add(44*day, "redis", nil, alpine, 33_600_000, runs("redis-server"), "redis:7-alpine")
	add(39*day, "postgres", nil, debian, 356_900_000, postgres, "postgres:16")
	base := add(33*day, "shop base", nil, debian, 61_200_000, runs("/bin/sh"), "shop-base:1")
	add(32*day, "mysql", nil, debian, 512_600_000, mysql, "mysql:8")
	add(31*day, "nginx 1.27", nil, debian, 117_400_000, nginx, "nginx:1.27")
	pulled, _ := reference.ParseNormalizedNamed(pinned)
	e.tag(add(28*day, "nginx pinned", nil, debian, 116_100_000, nginx), pulled, now.Add(-27*day))
	add(20*day, "node 22", nil, alpine, 152_500_000, node, "node:22-alpine", "node:lts-alpine")
	add(12*day, "leftover 1", nil, debian, 203_700_000, leftover)
	add(6*day, "shop api", base, step{}, 28_900_000, runs("/app/api", "--listen", ":9000"), "shop-api:2.3")
	add(2*day, "app 1.4", nil, debian, 148_300_000, app, "registry.example.com:5000/team/app:1.4")
	add(3*hour, "leftover 2", nil, debian, 151_100_000, leftover)
}

func (e *Engine) addVolumes(now time.Time) {
	compose := map[string]string{"com.docker.compose.project": "shop"}
	anonymous := map[string]string{"com.docker.volume.anonymous": ""}
	add := func(name string, age time.Duration, size int64, labels map[string]string) {
		v := newVolume(name, labels, now.Add(-age))
		v.size = size
		e.volumes = append(e.volumes, v)
	}
	add("shop_db-data", 61*day, 2_140_000_000, compose)
	add("shop_uploads", 61*day, 318_000_000, compose)
	add("shop_backup-2024", 97*day, 804_000_000, compose)
	add("my_little_data", 27*day, 212_000_000, nil)
	add(fixedID("volume of cache"), 3*day, 1_200_000, anonymous)
	add(fixedID("volume of nobody"), 26*day, 297_000_000, anonymous)
}

// addContainers starts what runs and ends what has ended.
func (e *Engine) addContainers(now time.Time) {
	access := []string{
		`172.18.0.1 - - "GET / HTTP/1.1" 200 612`, `172.18.0.1 - - "GET /api/orders?page=2 HTTP/1.1" 200 5120`,
		`[warn] 29#29: *311 an upstream response is buffered to a temporary file`,
		`172.18.0.1 - - "POST /api/cart HTTP/1.1" 201 87`, `172.18.0.1 - - "GET /favicon.ico HTTP/1.1" 404 153`,
		`[error] 29#29: *317 upstream timed out (110: Connection timed out)`,
	}
	checkpoint := []string{"LOG:  checkpoint starting: time", "LOG:  checkpoint complete: wrote 44 buffers (0.3%)", "ERROR:  duplicate key value violates unique constraint \"orders_pkey\""}
	app := []string{`{"level":"info","msg":"request","ms":12}`, `{"level":"info","msg":"request","ms":48}`, `{"level":"error","msg":"payment service did not answer","ms":5000}`}

	web := e.add(now, life{name: "web", image: "nginx:1.27", service: "web", age: 9 * day, up: 3 * day, network: "shop_front",
		binds: []string{"shop_uploads:/usr/share/nginx/html/uploads:ro"}, health: "healthy",
		load: load{cpu: 0.03, memory: 14 * mib, network: 41_000, lines: access}})
	web.host.PortBindings = nat.PortMap{"80/tcp": {{HostIP: "0.0.0.0", HostPort: "8080"}}}
	e.add(now, life{name: "db", image: "postgres:16", service: "db", age: 9 * day, up: 3 * day, network: "shop_back",
		binds: []string{"shop_db-data:/var/lib/postgresql/data"}, health: "healthy",
		load: load{cpu: 0.06, memory: 187 * mib, network: 22_000, lines: checkpoint}})
	cache := e.add(now, life{name: "cache", image: "redis:7-alpine", service: "cache", age: 3 * day, up: 3 * day, network: "shop_back",
		binds: []string{fixedID("volume of cache") + ":/data"},
		load:  load{cpu: 0.01, memory: 9 * mib, network: 12_000, lines: []string{"1:M * 100 changes in 300 seconds. Saving...", "1:M * Background saving terminated with success"}}})
	cache.mounts[0].anonymous = true
	api := e.add(now, life{name: "api", image: "registry.example.com:5000/team/app:1.4", service: "api", age: 2 * day, up: 47 * hour,
		network: "shop_back", memory: 256 * mib, binds: []string{"shop_uploads:/uploads"},
		load: load{cpu: 0.62, memory: 246 * mib, network: 96_000, lines: app}})
	api.networks["shop_front"] = &networktypes.EndpointSettings{}
	e.connect(api, "shop_front", e.networkOf("shop_front"))
	api.changes = []containertypes.FilesystemChange{
		{Kind: containertypes.ChangeModify, Path: "/tmp"}, {Kind: containertypes.ChangeAdd, Path: "/tmp/session-41"},
		{Kind: containertypes.ChangeModify, Path: "/var"}, {Kind: containertypes.ChangeDelete, Path: "/var/cache"},
	}

	e.add(now, life{name: "my_little_container", image: "mysql:8", age: 27 * day, up: 27 * day, labels: map[string]string{"role": "db"}, binds: []string{"my_little_data:/var/lib/mysql"},
		load: load{cpu: 0.02, memory: 402 * mib, network: 2_100, lines: []string{"[System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections."}}})
	e.add(now, life{name: "modest_bhaskara", image: pinned, age: 27 * day, up: 27 * day, labels: map[string]string{"role": "proxy"},
		load: load{cpu: 0.02, memory: 11 * mib, network: 18_000, lines: access}}).host.Links = []string{"/my_little_container:/modest_bhaskara/db"}
	e.add(now, life{name: "mailer", image: "registry.example.com:5000/team/app:1.4", cmd: []string{"/app/mail"}, age: 4 * day, ended: 5 * time.Minute, up: time.Second,
		code: 1, labels: map[string]string{"keep": ""}, load: load{lines: []string{"panic: smtp.example.com: no such host"}}})
	e.add(now, life{name: "k8s_POD_coredns-0", image: "registry.k8s.io/pause:3.9", age: 40 * day, ended: 12 * day, up: 28 * day})
	e.add(now, life{name: "batch-import", image: "node:20-alpine", cmd: []string{"node", "import.js"}, age: 8 * day, ended: 30 * hour, up: 11 * time.Minute,
		code: 137, memory: 512 * mib, load: load{lines: []string{"imported 1000 rows"}}}).oom = true
	e.add(now, life{name: "worker", image: "shop-api:2.3", cmd: []string{"/app/api", "--worker"}, age: 5 * day, ended: 5 * hour, up: 40 * time.Second,
		code: 1, load: load{lines: []string{"connecting to db:5432", "retrying in 1s", "panic: no route to host"}}})
	e.add(now, life{name: "migrate", image: "registry.example.com:5000/team/app:1.4", service: "migrate", cmd: []string{"/app/migrate", "up"},
		age: 2 * day, ended: 47 * hour, up: 6 * time.Second, load: load{lines: []string{"applied 0042_orders.sql"}}})
	slices.SortStableFunc(e.containers, func(a, b *container) int { return a.created.Compare(b.created) })
}

// life is how a container of the world came to be what it is.
type life struct {
	name, image string
	service     string // of the compose project, if any
	cmd, binds  []string
	labels      map[string]string
	network     string
	memory      int64         // limit in bytes
	age         time.Duration // since it was created
	up          time.Duration // how long it has run
	ended       time.Duration // since it ended, if it has
	code        int
	health      containertypes.HealthStatus
	load        load
}

func (e *Engine) add(now time.Time, l life) *container {
	im, _ := e.image(l.image)
	config := &containertypes.Config{Image: l.image, Cmd: l.cmd, Labels: l.labels}
	if l.service != "" {
		config.Labels = map[string]string{
			"com.docker.compose.container-number": "1", "com.docker.compose.oneoff": "False",
			"com.docker.compose.project": "shop", "com.docker.compose.project.working_dir": "/srv/shop", "com.docker.compose.service": l.service,
		}
	}
	host := &containertypes.HostConfig{Binds: l.binds, NetworkMode: containertypes.NetworkMode(l.network)}
	host.Memory = l.memory
	ctr := newContainer(fixedID("container "+l.name), l.name, im, config, host, now.Add(-l.age))
	ctr.load, ctr.health, ctr.sizeRw = l.load, l.health, int64(len(l.name))*1093
	if ctr.load.lines == nil {
		ctr.load.lines = []string{""}
	}
	// What is made of fixed parts cannot fail.
	_ = e.mount(ctr, now)
	e.containers = append(e.containers, ctr)
	_ = e.start(ctr, now.Add(-l.ended-l.up))
	if l.ended > 0 {
		e.exit(ctr, l.code, now.Add(-l.ended))
	}
	return ctr
}

// remember replaces the events that making the world has caused by those that
// a daemon would remember of the containers' lives.
func (e *Engine) remember() {
	e.recent, e.emitted = nil, 0
	for _, ctr := range e.containers {
		e.emitPast(ctr, ctr.started, events.ActionStart, nil)
		if !ctr.running() {
			e.emitPast(ctr, ctr.finished, events.ActionDie, map[string]string{
				"exitCode": strconv.Itoa(ctr.exitCode), "execDuration": strconv.Itoa(int(ctr.finished.Sub(ctr.started).Seconds())),
			})
		}
	}
	for ago := time.Hour; ago > 0; ago -= 5 * time.Minute {
		e.pulse(time.Now().Add(-ago))
	}
	slices.SortStableFunc(e.recent, func(a, b events.Message) int { return cmp.Compare(a.TimeNano, b.TimeNano) })
}

// pulse has each container with a health check say how it is, and a job fail once more.
func (e *Engine) pulse(at time.Time) {
	for _, ctr := range e.containers {
		switch {
		case ctr.running() && ctr.health != "":
			e.emitPast(ctr, at, events.Action("health_status: "+string(ctr.health)), nil)
		case ctr.name == "mailer" && ctr.state == containertypes.StateExited:
			ctr.started, ctr.finished, ctr.exitCode = at.Add(-time.Second), at, 1
			e.emitPast(ctr, ctr.started, events.ActionStart, nil)
			e.emitPast(ctr, at, events.ActionDie, map[string]string{"exitCode": "1", "execDuration": "1"})
		}
	}
}

// emitPast emits what happened to a container at a time.
func (e *Engine) emitPast(ctr *container, at time.Time, action events.Action, more map[string]string) {
	attributes := maps.Clone(ctr.config.Labels)
	attributes["image"], attributes["name"] = ctr.config.Image, ctr.name
	maps.Copy(attributes, more)
	e.emitAt(at, events.ContainerEventType, action, ctr.id, attributes)
}
