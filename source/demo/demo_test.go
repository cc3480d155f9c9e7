//lint:file-ignore SA1019 the Engine still says what is deprecated

package demo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"baleen/source/demo"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/build"
	containertypes "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	imagetypes "github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"
	networktypes "github.com/docker/docker/api/types/network"
	volumetypes "github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
)

// engine is an Engine with the real client on it.
type engine struct {
	*client.Client
	t    *testing.T
	http *http.Client
}

func connect(t *testing.T, e *demo.Engine) *engine {
	t.Helper()
	transport := &http.Transport{DialContext: e.Dial}
	t.Cleanup(transport.CloseIdleConnections)
	hc := &http.Client{Transport: transport}
	cli, err := client.NewClientWithOpts(client.WithHost("tcp://demo"), client.WithHTTPClient(hc), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cli.Close() })
	return &engine{cli, t, hc}
}

// ask sends a request and returns the answer's status and body.
func (e *engine) ask(method, path, body string) (int, string) {
	e.t.Helper()
	req, err := http.NewRequestWithContext(e.t.Context(), method, "http://demo"+path, strings.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := e.http.Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// want asks, and compares the status and, as a regular expression, the body.
func (e *engine) want(method, path, body string, status int, match string) {
	e.t.Helper()
	got, answer := e.ask(method, path, body)
	if got != status || !regexp.MustCompile(match).MatchString(answer) {
		e.t.Errorf("%s %s: %d %s; want %d %s", method, path, got, answer, status, match)
	}
}

// importImage imports an image and returns its id.
func (e *engine) importImage(ref string, changes ...string) string {
	e.t.Helper()
	r, err := e.ImageImport(e.t.Context(), imagetypes.ImportSource{Source: strings.NewReader("a tar"), SourceName: "-"}, ref, imagetypes.ImportOptions{Changes: changes})
	if err != nil {
		e.t.Fatal(err)
	}
	defer r.Close()
	var m struct{ Status string }
	if err := json.NewDecoder(r).Decode(&m); err != nil {
		e.t.Fatal(err)
	}
	return m.Status
}

// run creates and starts a container.
func (e *engine) run(name, image string, cmd ...string) string {
	e.t.Helper()
	res, err := e.ContainerCreate(e.t.Context(), &containertypes.Config{Image: image, Cmd: cmd}, nil, nil, nil, name)
	if err != nil {
		e.t.Fatal(err)
	}
	e.start(name)
	return res.ID
}

func (e *engine) start(name string) {
	e.t.Helper()
	if err := e.ContainerStart(e.t.Context(), name, containertypes.StartOptions{}); err != nil {
		e.t.Fatal(err)
	}
}

func (e *engine) imageTags(args ...filters.KeyValuePair) (tags []string) {
	e.t.Helper()
	list, err := e.ImageList(e.t.Context(), imagetypes.ListOptions{Filters: filters.NewArgs(args...)})
	if err != nil {
		e.t.Fatal(err)
	}
	for _, im := range list {
		tags = append(tags, strings.Join(im.RepoTags, " "))
	}
	return tags
}

func (e *engine) names(opts containertypes.ListOptions, args ...filters.KeyValuePair) (names []string) {
	e.t.Helper()
	opts.Filters = filters.NewArgs(args...)
	list, err := e.ContainerList(e.t.Context(), opts)
	if err != nil {
		e.t.Fatal(err)
	}
	for _, c := range list {
		names = append(names, strings.TrimPrefix(c.Names[0], "/"))
	}
	return names
}

func equal(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestVersions(t *testing.T) {
	e := connect(t, demo.Empty())
	ping, err := e.Ping(t.Context())
	if err != nil || ping.APIVersion != "1.51" || ping.OSType != "linux" {
		t.Errorf("ping: %+v, %v", ping, err)
	}
	if v, err := e.ServerVersion(t.Context()); err != nil || v.APIVersion != "1.51" || v.MinAPIVersion != "1.24" {
		t.Errorf("version: %+v, %v", v, err)
	}
	e.want("GET", "/_ping", "", 200, "^OK$")
	e.want("GET", "/v1.24/images/json", "", 200, `^\[\]\n$`)
	e.want("GET", "/v1.51/containers/json", "", 200, `^\[\]\n$`)
	e.want("GET", "/volumes", "", 200, `^{"Volumes":\[\],"Warnings":null}\n$`)
	e.want("GET", "/v1.52/images/json", "", 400, `^{"message":"client version 1.52 is too new. Maximum supported API version is 1.51"}\n$`)
	e.want("GET", "/v1.10/images/json", "", 400, `^client version 1.10 is too old. Minimum supported API version is 1.24`)
}

func TestUnknownRequestsAreRefused(t *testing.T) {
	e := connect(t, demo.New())
	for _, path := range []string{"/", "/nope", "/v1.51/nope", "/vx/images/json", "/images", "/images//json", "/containers/web", "/volumes/a/b", "/networks/a/b", "/build/prune"} {
		e.want("GET", path, "", 404, `^{"message":"page not found"}\n$`)
	}
	e.want("POST", "/images/json", "", 404, "page not found")
	e.want("DELETE", "/containers/web/json", "", 404, "page not found")
	for _, path := range []string{"/services", "/tasks", "/nodes", "/secrets", "/configs", "/swarm", "/services/x"} {
		e.want("GET", path, "", 503, `This node is not a swarm manager\. Use \\"docker swarm init\\"`)
	}
	e.want("GET", "/plugins", "", 200, `^\[\]\n$`)
	for _, path := range []string{"/images/json", "/containers/json", "/volumes", "/networks", "/plugins"} {
		e.want("GET", path+`?filters={"foo":{"x":true}}`, "", 400, `^{"message":"invalid filter 'foo'"}\n$`)
	}
	e.want("POST", "/containers/create", "{", 400, "invalid JSON")
	e.want("GET", `/containers/json?filters={"status":["x"]}`, "", 400, "invalid filter 'status=x'")
	e.want("GET", `/images/json?filters={"dangling":["x"]}`, "", 400, `invalid filter 'dangling=\[x\]'`)
	e.want("GET", `/networks?filters={"dangling":["x"]}`, "", 400, "invalid value for filter 'dangling'")
}

func TestDialLeavesNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	e := demo.New()
	conn, err := e.Dial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET /events HTTP/1.1\r\nHost: demo\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

func TestVolumes(t *testing.T) {
	e := connect(t, demo.Empty())
	e.importImage("app:1")
	v, err := e.VolumeCreate(t.Context(), volumetypes.CreateOptions{Name: "data", Labels: map[string]string{"a": "<b>"}})
	if err != nil || v.Driver != "local" || v.Scope != "local" || v.Labels["a"] != "<b>" {
		t.Fatalf("%+v, %v", v, err)
	}
	if _, err := e.ContainerCreate(t.Context(), &containertypes.Config{Image: "app:1", Volumes: map[string]struct{}{"/anon": {}}},
		&containertypes.HostConfig{Binds: []string{"data:/data:ro"}, Mounts: []mount.Mount{{Type: "volume", Source: "more", Target: "/more"}}}, nil, nil, "ctr"); err != nil {
		t.Fatal(err)
	}
	list := func(key, value string) (names []string) {
		res, err := e.VolumeList(t.Context(), volumetypes.ListOptions{Filters: filters.NewArgs(filters.Arg(key, value))})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range res.Volumes {
			names = append(names, v.Name)
		}
		return names
	}
	equal(t, "name=at", list("name", "at"), "data")
	equal(t, "label=a", list("label", "a"), "data")
	equal(t, "dangling=true", list("dangling", "true"))
	if anonymous := list("label", "com.docker.volume.anonymous"); len(anonymous) != 1 {
		t.Errorf("anonymous volumes: %q", anonymous)
	}
	e.want("DELETE", "/volumes/data?force=1", "", 409, `^{"message":"remove data: volume is in use - \[[0-9a-f]{64}\]"}\n$`)
	e.want("DELETE", "/containers/ctr?v=1", "", 204, "^$")
	equal(t, "after rm -v", list("dangling", "true"), "data", "more")
	e.want("DELETE", "/volumes/data", "", 204, "^$")
	e.want("DELETE", "/volumes/data", "", 404, `^{"message":"get data: no such volume"}\n$`)
	e.want("DELETE", "/volumes/data?force=1", "", 204, "^$")
	e.want("POST", "/volumes/create", `{"Name":"a b"}`, 400, `includes invalid characters for a local volume name`)
}

func TestNetworks(t *testing.T) {
	e := connect(t, demo.Empty())
	e.importImage("app:1")
	nw, err := e.NetworkCreate(t.Context(), "front", networktypes.CreateOptions{Labels: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	e.run("ctr", "app:1")
	list := func(args ...filters.KeyValuePair) (names []string) {
		nws, err := e.NetworkList(t.Context(), networktypes.ListOptions{Filters: filters.NewArgs(args...)})
		if err != nil {
			t.Fatal(err)
		}
		for _, nw := range nws {
			names = append(names, nw.Name)
		}
		return names
	}
	equal(t, "all", list(), "bridge", "host", "none", "front")
	equal(t, "custom", list(filters.Arg("type", "custom")), "front")
	equal(t, "dangling", list(filters.Arg("dangling", "true")), "front")
	equal(t, "null", list(filters.Arg("driver", "null")), "none")
	if err := e.NetworkConnect(t.Context(), "front", "ctr", nil); err != nil {
		t.Fatal(err)
	}
	equal(t, "dangling", list(filters.Arg("dangling", "true")))
	equal(t, "network=front", e.names(containertypes.ListOptions{}, filters.Arg("network", "front")), "ctr")
	info, err := e.NetworkInspect(t.Context(), nw.ID[:8], networktypes.InspectOptions{})
	if err != nil || len(info.Containers) != 1 || info.Labels["a"] != "b" {
		t.Errorf("%+v, %v", info, err)
	}
	e.want("DELETE", "/networks/front", "", 403, `error while removing network: network front has active endpoints`)
	e.want("POST", "/networks/front/connect", `{"Container":"ctr"}`, 403, "endpoint with name ctr already exists in network front")
	e.want("POST", "/networks/front/disconnect", `{"Container":"ctr"}`, 200, "^$")
	e.want("POST", "/networks/front/disconnect", `{"Container":"ctr"}`, 500, "is not connected to network front")
	e.want("DELETE", "/networks/front", "", 204, "^$")
	e.want("DELETE", "/networks/front", "", 404, `^{"message":"network front not found"}\n$`)
	e.want("DELETE", "/networks/bridge", "", 403, "bridge is a pre-defined network and cannot be removed")
	e.want("POST", "/networks/create", `{"Name":"none"}`, 403, "operation is not permitted on predefined none network ")
}

func TestWorld(t *testing.T) {
	e := connect(t, demo.New())
	if all := e.imageTags(); len(all) != 17 || slices.Index(all, "node:22-alpine node:lts-alpine") < 0 {
		t.Errorf("images: %q", all)
	}
	equal(t, "dangling", e.imageTags(filters.Arg("dangling", "true")), "", "", "")
	running := e.names(containertypes.ListOptions{})
	slices.Sort(running)
	equal(t, "running", running, "api", "cache", "db", "modest_bhaskara", "modest_bhaskara/db", "web")
	equal(t, "k8s", e.names(containertypes.ListOptions{All: true}, filters.Arg("name", "k8s")), "k8s_POD_coredns-0")
	equal(t, "exited=137", e.names(containertypes.ListOptions{All: true}, filters.Arg("exited", "137")), "batch-import")
	equal(t, "compose", e.names(containertypes.ListOptions{All: true}, filters.Arg("label", "com.docker.compose.service=migrate")), "migrate")
	linked, err := e.ContainerList(t.Context(), containertypes.ListOptions{Filters: filters.NewArgs(filters.Arg("label", "role=proxy"))})
	if err != nil || len(linked) != 1 || !strings.HasPrefix(linked[0].Image, "nginx@sha256:") {
		t.Errorf("by digest: %+v, %v", linked, err)
	}
	if r, err := e.DistributionInspect(t.Context(), "registry.example.com:5000/team/app:1.4", ""); err != nil || len(r.Platforms) != 1 {
		t.Errorf("distribution: %+v, %v", r, err)
	}
	if pruned, err := e.BuildCachePrune(t.Context(), build.CachePruneOptions{}); err != nil || len(pruned.CachesDeleted) != 1 {
		t.Errorf("build cache: %+v, %v", pruned, err)
	}
	if pruned, err := e.BuildCachePrune(t.Context(), build.CachePruneOptions{All: true}); err != nil || len(pruned.CachesDeleted) != 3 {
		t.Errorf("all of the build cache: %+v, %v", pruned, err)
	}
	du, err := e.DiskUsage(t.Context(), types.DiskUsageOptions{})
	if err != nil || len(du.Images) != 17 || len(du.Containers) != 11 || len(du.Volumes) != 6 {
		t.Errorf("df: %d images, %d containers, %d volumes, %v", len(du.Images), len(du.Containers), len(du.Volumes), err)
	}
	info, err := e.Info(t.Context())
	if err != nil || info.Containers != 11 || info.ContainersRunning != 6 || info.Images != 17 {
		t.Errorf("info: %+v, %v", info, err)
	}
	if inspect, err := e.ContainerInspect(t.Context(), "web"); err != nil || inspect.State.Health.Status != "healthy" {
		t.Errorf("web: %+v, %v", inspect.State, err)
	}
	e.want("GET", "/containers/api/changes", "", 200, `"/var/cache"`)
	e.want("GET", "/containers/web/top", "", 200, `"nginx -g 'daemon off;'"`)
	e.want("GET", "/containers/worker/top", "", 409, "is not running")
	e.want("GET", "/images/nginx:1.27/history", "", 200, `"Id":"<missing>"`)
	e.want("GET", "/images/json", "", 200, `"maintainer":"NGINX Docker Maintainers <docker-maint@nginx.com>"`)
}

func TestPull(t *testing.T) {
	e := connect(t, demo.Empty())
	pull := func(ref string) string {
		r, err := e.ImagePull(t.Context(), ref, imagetypes.PullOptions{})
		if err != nil {
			return err.Error()
		}
		defer r.Close()
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimSpace(b), []byte("\r\n"))
		return string(lines[len(lines)-1])
	}
	for _, test := range []struct{ ref, last string }{
		{"busybox:1", `{"status":"Status: Downloaded newer image for busybox:1"}`},
		{"busybox:1", `{"status":"Status: Image is up to date for busybox:1"}`},
		{"missing", "repository does not exist or may require 'docker login'"},
		{"example.com/missing:1", "manifest for example.com/missing:1 not found: manifest unknown"},
		{"broken", `{"errorDetail":{"message":"filesystem layer verification failed`},
	} {
		if last := pull(test.ref); !strings.Contains(last, test.last) {
			t.Errorf("pull %s ends with %s, want %s", test.ref, last, test.last)
		}
	}
	equal(t, "images", e.imageTags(), "busybox:1")
}

func TestEvents(t *testing.T) {
	e := connect(t, demo.Empty())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	live, errs := e.Events(ctx, events.ListOptions{Filters: filters.NewArgs(filters.Arg("type", "container"))})
	// The client subscribes in the background.
	since := time.Now()
	time.Sleep(50 * time.Millisecond)
	e.importImage("app:1", `LABEL a="b c"`)
	id := e.run("ctr", "app:1")
	e.want("POST", "/containers/ctr/stop", "", 204, "^$")
	e.want("DELETE", "/containers/ctr", "", 204, "^$")
	for _, action := range []events.Action{"create", "start", "kill", "die", "stop", "destroy"} {
		select {
		case m := <-live:
			if m.Action != action || m.Actor.ID != id || m.Actor.Attributes["name"] != "ctr" || m.Actor.Attributes["a"] != "b c" || m.From != "app:1" || m.Status != string(action) {
				t.Errorf("event %+v, want %s", m, action)
			}
		case err := <-errs:
			t.Fatal(err)
		}
	}
	past, errs := e.Events(t.Context(), events.ListOptions{Since: since.Format(time.RFC3339Nano), Until: time.Now().Format(time.RFC3339Nano)})
	var all []string
	for done := false; !done; {
		select {
		case m := <-past:
			all = append(all, string(m.Type)+" "+string(m.Action))
		case err := <-errs:
			if err != io.EOF {
				t.Fatal(err)
			}
			done = true
		}
	}
	equal(t, "past events", all, "image tag", "image import", "container create", "network connect", "container start",
		"container kill", "network disconnect", "container die", "container stop", "container destroy")
	e.want("GET", "/events?since=abc", "", 500, "invalid syntax")
}

func TestEventsAreKept(t *testing.T) {
	e := connect(t, demo.Empty())
	for range 300 {
		e.want("POST", "/volumes/create", "", 201, "anonymous")
	}
	now := time.Now()
	_, all := e.ask("GET", fmt.Sprintf("/events?since=1&until=%d.%09d", now.Unix(), now.Nanosecond()), "")
	if n := strings.Count(all, "\n"); n != 256 {
		t.Errorf("%d events are remembered, want 256", n)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		demo.New()
	}
}
