package demo_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"

	"baleen/source/demo"

	containertypes "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/pkg/stdcopy"
)

func TestCreate(t *testing.T) {
	e := connect(t, demo.Empty())
	e.importImage("app:1", `CMD ["/prog"]`, "LABEL a=1 b=2")
	e.want("POST", "/containers/create?name=ctr", `{"Image":"app:1","Labels":{"b":"3"},"HostConfig":{"Memory":16777216}}`, 201, `^{"Id":"[0-9a-f]{64}","Warnings":\[\]}\n$`)
	e.want("POST", "/containers/create?name=ctr", `{"Image":"app:1"}`, 409, `Conflict\. The container name \\"/ctr\\" is already in use by container`)
	e.want("POST", "/containers/create?name=d", `{"Image":"nope"}`, 404, `^{"message":"No such image: nope:latest"}\n$`)
	e.want("POST", "/containers/create?name=d%20d", `{"Image":"app:1"}`, 400, `Invalid container name \(d d\)`)
	e.want("GET", "/containers/ctr/json", "", 200, `"Labels":{"a":"1","b":"3"}`)
	e.want("GET", "/containers/json", "", 200, `^\[\]\n$`)
	e.want("GET", "/containers/json?all=1", "", 200, `"Names":\["/ctr"\],"Image":"app:1",.*"Command":"/prog",.*"State":"created","Status":"Created"`)
	e.want("GET", "/containers/ctr/changes", "", 200, `^null\n$`)
}

func TestLifecycle(t *testing.T) {
	e := connect(t, demo.Empty())
	e.importImage("app:1")
	e.want("POST", "/containers/create?name=ctr", `{"Image":"app:1"}`, 201, "")
	for _, step := range []struct {
		do     string
		status int
		match  string
		state  string
	}{
		{"stop", 304, "^$", "created"},
		{"kill", 409, "cannot kill container: ctr: container [0-9a-f]{64} is not running", "created"},
		{"pause", 409, "is not running", "created"},
		{"unpause", 500, "is not paused", "created"},
		{"start", 204, "^$", "running"},
		{"start", 304, "^$", "running"},
		{"pause", 204, "^$", "paused"},
		{"pause", 409, "is already paused", "paused"},
		{"start", 409, "cannot start a paused container, try unpause instead", "paused"},
		{"unpause", 204, "^$", "running"},
		{"kill?signal=FOO", 400, "invalid signal: FOO", "running"},
		{"kill?signal=USR1", 204, "^$", "running"},
		{"restart?t=1", 204, "^$", "running"},
		{"stop?t=0", 204, "^$", "exited"},
		{"restart", 204, "^$", "running"},
		{"kill", 204, "^$", "exited"},
	} {
		e.want("POST", "/containers/ctr/"+step.do, "", step.status, step.match)
		if c, err := e.ContainerInspect(t.Context(), "ctr"); err != nil || c.State.Status != step.state {
			t.Errorf("after %s: %+v, %v; want %s", step.do, c.State, err, step.state)
		}
	}
	e.want("GET", "/containers/ctr/json", "", 200, `"ExitCode":137`)
	e.want("POST", "/containers/nope/stop", "", 404, `^{"message":"No such container: nope"}\n$`)
	e.want("POST", "/containers/nope/kill", "", 404, "cannot kill container: nope: No such container: nope")

	e.start("ctr")
	e.want("DELETE", "/containers/ctr", "", 409, `cannot remove container \\"ctr\\": container is running: stop the container before removing or force remove`)
	e.want("DELETE", "/containers/ctr?force=1", "", 204, "^$")
	e.want("DELETE", "/containers/ctr?force=1", "", 404, "No such container: ctr")
}

func TestExit(t *testing.T) {
	e := connect(t, demo.Empty())
	e.importImage("app:1")
	e.run("zero", "app:1", "/prog", "exit")
	e.run("three", "app:1", "/prog", "exit", "3")
	equal(t, "exited=3", e.names(containertypes.ListOptions{All: true}, filters.Arg("exited", "3")), "three")
	e.want("GET", "/containers/json?all=1", "", 200, `"Status":"Exited \(0\) Less than a second ago"`)
	e.want("POST", "/containers/create?name=gone", `{"Image":"app:1","Cmd":["exit"],"Volumes":{"/x":{}},"HostConfig":{"AutoRemove":true}}`, 201, "")
	e.start("gone")
	equal(t, "left", e.names(containertypes.ListOptions{All: true}), "three", "zero")
	e.want("GET", "/volumes", "", 200, `"Volumes":\[\]`)
}

func TestContainerLookup(t *testing.T) {
	e := connect(t, demo.Empty())
	e.importImage("app:1")
	first := e.run("ctr", "app:1")
	e.run(first[:4], "app:1")
	e.want("GET", "/containers/"+first+"/json", "", 200, `"Name":"/ctr"`)
	e.want("GET", "/containers/"+first[:5]+"/json", "", 200, `"Name":"/ctr"`)
	e.want("GET", "/containers/"+first[:4]+"/json", "", 200, `"Name":"/`+first[:4]+`"`)
	for range 40 { // more than the 16 ids that begin differently
		e.want("POST", "/containers/create", `{"Image":"app:1"}`, 201, "")
	}
	e.want("GET", "/containers/a/json", "", 400, "multiple IDs found with provided prefix: a")
}

func TestContainerFilters(t *testing.T) {
	e := connect(t, demo.Empty())
	id := e.importImage("app:1")
	e.importImage("app:2")
	for _, name := range []string{"one", "two", "two-b"} {
		e.want("POST", "/containers/create?name="+name, `{"Image":"app:1","Labels":{"n":"`+name+`"},"HostConfig":{"Binds":["v-`+name+`:/v"]}}`, 201, "")
	}
	e.run("four", "app:2")
	all := containertypes.ListOptions{All: true}
	for _, test := range []struct {
		key, value string
		want       []string
	}{
		{"name", "two", []string{"two-b", "two"}},
		{"name", "^/?two$", []string{"two"}},
		{"label", "n=one", []string{"one"}},
		{"status", "running", []string{"four"}},
		{"ancestor", "app:1", []string{"two-b", "two", "one"}},
		{"ancestor", id[7:20], []string{"two-b", "two", "one"}},
		{"ancestor", "nope", nil},
		{"volume", "v-two", []string{"two"}},
		{"network", "bridge", []string{"four", "two-b", "two", "one"}},
		{"before", "two", []string{"one"}},
		{"since", "two", []string{"four", "two-b"}},
		{"health", "none", []string{"four", "two-b", "two", "one"}},
	} {
		equal(t, test.key+"="+test.value, e.names(all, filters.Arg(test.key, test.value)), test.want...)
	}
	equal(t, "limit", e.names(containertypes.ListOptions{Limit: 2}), "four", "two-b")
	equal(t, "status without all", e.names(containertypes.ListOptions{}, filters.Arg("status", "created")), "two-b", "two", "one")
	e.want("GET", "/containers/json?size=1", "", 200, `"SizeRootFs":5`)
}

func TestStats(t *testing.T) {
	e := connect(t, demo.New())
	read := func(dec *json.Decoder) (s containertypes.StatsResponse) {
		t.Helper()
		if err := dec.Decode(&s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	res, err := e.ContainerStats(t.Context(), "api", true)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	dec := json.NewDecoder(res.Body)
	first, second := read(dec), read(dec)
	if !first.PreRead.IsZero() || first.PreCPUStats.SystemUsage != 0 || first.Name != "/api" {
		t.Errorf("first: %+v", first)
	}
	if !second.PreRead.Equal(first.Read) || second.PreCPUStats.SystemUsage != first.CPUStats.SystemUsage || second.CPUStats.CPUUsage.TotalUsage <= first.CPUStats.CPUUsage.TotalUsage {
		t.Errorf("second: %+v", second)
	}
	if m := second.MemoryStats; m.Limit != 256<<20 || m.Usage < m.Limit*9/10 || m.Usage > m.Limit || m.Stats["inactive_file"] == 0 {
		t.Errorf("memory: %+v", m)
	}
	if len(second.Networks) != 2 {
		t.Errorf("networks: %+v", second.Networks)
	}
	e.want("DELETE", "/containers/api?force=1", "", 204, "^$")
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Errorf("the stream of a removed container ends with %v", err)
	}

	one, err := e.ContainerStatsOneShot(t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	if s := read(json.NewDecoder(one.Body)); s.Read.IsZero() || !s.PreRead.IsZero() {
		t.Errorf("one-shot: %+v", s)
	}
	one.Body.Close()
	two, err := e.ContainerStats(t.Context(), "web", false)
	if err != nil {
		t.Fatal(err)
	}
	if s := read(json.NewDecoder(two.Body)); s.PreCPUStats.SystemUsage == 0 || s.CPUStats.SystemUsage <= s.PreCPUStats.SystemUsage {
		t.Errorf("stream=false: %+v", s)
	}
	two.Body.Close()
	e.want("GET", "/containers/worker/stats?stream=0", "", 200, `"read":"0001-01-01T00:00:00Z","preread":"0001-01-01T00:00:00Z","pids_stats":{},.*"memory_stats":{}}\n$`)
	e.want("GET", "/containers/web/stats?one-shot=1", "", 400, "cannot have stream=true and one-shot=true")
	e.want("GET", "/containers/nope/stats", "", 404, "No such container: nope")
}

func TestLogs(t *testing.T) {
	e := connect(t, demo.New())
	split := func(opts containertypes.LogsOptions) (out, err string) {
		t.Helper()
		r, e := e.ContainerLogs(t.Context(), "worker", opts)
		if e != nil {
			t.Fatal(e)
		}
		defer r.Close()
		var stdout, stderr bytes.Buffer
		if _, err := stdcopy.StdCopy(&stdout, &stderr, r); err != nil {
			t.Fatal(err)
		}
		return stdout.String(), stderr.String()
	}
	out, err := split(containertypes.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: true})
	if strings.Count(out, "\n") != 27 || strings.Count(err, "\n") != 13 || !strings.HasPrefix(err, "panic: ") {
		t.Errorf("stdout %q, stderr %q", out, err)
	}
	if out, err = split(containertypes.LogsOptions{ShowStderr: true, Tail: "3", Timestamps: true}); out != "" || strings.Count(err, "Z panic: ") != 1 {
		t.Errorf("stdout %q, stderr %q", out, err)
	}
	if out, _ = split(containertypes.LogsOptions{ShowStdout: true, Since: "1h"}); out != "" {
		t.Errorf("since 1h: %q", out)
	}
	e.want("GET", "/containers/worker/logs", "", 400, "you must choose at least one stream")

	e.want("POST", "/containers/create?name=tty", `{"Image":"shop-api:2.3","Tty":true}`, 201, "")
	e.start("tty")
	e.want("GET", "/containers/tty/logs?stdout=1", "", 200, "^line 1\n$")

	live, failed := e.ContainerLogs(t.Context(), "tty", containertypes.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: true})
	if failed != nil {
		t.Fatal(failed)
	}
	defer live.Close()
	if _, err := io.ReadFull(live, make([]byte, len("line 1\nline 2\n"))); err != nil {
		t.Fatal(err)
	}
	e.want("POST", "/containers/tty/stop", "", 204, "^$")
	if _, err := io.Copy(io.Discard, live); err != nil {
		t.Errorf("the log of a stopped container ends with %v", err)
	}
}

func TestMany(t *testing.T) {
	e := connect(t, demo.New())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				e.ask("POST", "/containers/web/restart", "")
				e.ask("GET", "/containers/json?all=1&size=1", "")
				e.ask("GET", "/containers/web/stats?stream=0&one-shot=1", "")
				e.ask("POST", "/volumes/create", "{}")
				e.ask("GET", "/system/df", "")
				e.ask("GET", "/events?since=1&until=2", "")
				e.ask("GET", "/networks/shop_front", "")
				e.ask("GET", "/containers/web/logs?stdout=1&tail=2", "")
			}
		})
	}
	wg.Wait()
	e.want("GET", "/containers/web/json", "", 200, `"Status":"running"`)
}
