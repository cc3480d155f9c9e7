package engine

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// A Client fills an Engine and empties it.
type Client struct {
	http   http.Client
	Serial bool // fills the Engine with one thing at a time, as Podman needs it
}

// NewClient returns a client of the Engine that dial reaches.
func NewClient(dial Dial) *Client {
	return &Client{http: http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// Do sends a request with a JSON body.
func (c *Client) Do(ctx context.Context, method, path, body string) error {
	return c.call(ctx, method, path, json.RawMessage(body), nil)
}

// call sends in, as JSON unless it is a reader, and decodes the first value of
// the answer into out, unless that is nil.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	body, isReader := in.(io.Reader)
	if in != nil && !isReader {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://engine"+path, body)
	if err != nil {
		return err
	}
	if in != nil && !isReader {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 400 {
		said, _ := io.ReadAll(res.Body)
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, bytes.TrimSpace(said))
	}
	if out == nil {
		_, err = io.Copy(io.Discard, res.Body)
		return err
	}
	return json.NewDecoder(res.Body).Decode(out)
}

// Program builds testdata/prog and returns a tar of an image's root: /prog.
func Program(ctx context.Context) ([]byte, error) {
	dir, err := os.MkdirTemp("", "bl")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "prog")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, "baleen/testdata/prog")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if said, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", build, err, said)
	}
	program, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err = w.WriteHeader(&tar.Header{Name: "prog", Mode: 0o755, Size: int64(len(program))})
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(program); err != nil {
		return nil, err
	}
	return b.Bytes(), w.Close()
}

// Small fills an empty Engine with the world that the scripts call small.
// Each image's root is the tar program.
func (c *Client) Small(ctx context.Context, program []byte) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	images := []struct{ ref, label string }{
		{ref: "mysql:8"}, {ref: "mysql:5.7"},
		{ref: "app:1"}, {ref: "app:2"}, {ref: "app:3"},
		{ref: "multi:a"},
		{ref: "registry.example.com/kube-system/pause:3"},
		{ref: "registry.example.com/library/base:1"},
		{ref: "odd:1", label: `note="<none> & 'quotes' ünïcode 鯨"`},
		{}, {}, // dangling
	}
	exit := []string{"exit"}
	containers := []struct {
		name, image string
		started     bool
		args, binds []string
	}{
		{name: "my_little_container", image: "app:1", started: true, binds: []string{"data:/data"}},
		{name: "modest_bhaskara", image: "app:1", started: true},
		{name: "old-job", image: "app:2", started: true, args: exit},
		{name: "other_job", image: "app:2", started: true, args: exit},
		{name: "k8s_pause_1", image: "app:2", started: true, args: exit},
		{name: "never", image: "app:2"},
	}

	var first, then errgroup.Group
	if c.Serial {
		first.SetLimit(1)
		then.SetLimit(1)
	}
	for _, image := range images {
		first.Go(func() error { return c.importImage(ctx, program, image.ref, image.label) })
	}
	for _, name := range []string{"data", "cache", "scratch"} {
		first.Go(func() error {
			return c.call(ctx, "POST", "/volumes/create", map[string]any{"Name": name}, nil)
		})
	}
	first.Go(func() error {
		return c.call(ctx, "POST", "/networks/create",
			map[string]any{"Name": "front", "Driver": "bridge", "Internal": true}, nil)
	})
	if err := first.Wait(); err != nil {
		return err
	}

	for _, tag := range []string{"repo=multi&tag=b", "repo=registry.example.com/other/multi&tag=c"} {
		then.Go(func() error { return c.call(ctx, "POST", "/images/multi:a/tag?"+tag, nil, nil) })
	}
	for _, ct := range containers {
		then.Go(func() error {
			config := map[string]any{
				"Image":      ct.image,
				"Cmd":        append([]string{"/prog"}, ct.args...),
				"HostConfig": map[string]any{"NetworkMode": "none", "Binds": ct.binds},
			}
			if err := c.call(ctx, "POST", "/containers/create?name="+ct.name, config, nil); err != nil {
				return err
			}
			if !ct.started {
				return nil
			}
			if err := c.call(ctx, "POST", "/containers/"+ct.name+"/start", nil, nil); err != nil {
				return err
			}
			if ct.args == nil {
				return nil
			}
			return c.untilExited(ctx, ct.name)
		})
	}
	return then.Wait()
}

// importImage makes an image of the tar root; ref may be empty.
func (c *Client) importImage(ctx context.Context, root []byte, ref, label string) error {
	q := url.Values{"fromSrc": {"-"}, "changes": {`CMD ["/prog"]`}}
	if ref != "" {
		q.Set("repo", ref) // with its tag: Podman overlooks one by itself
	}
	if label != "" {
		q.Add("changes", "LABEL "+label)
	}
	var said struct{ Error string }
	err := c.call(ctx, "POST", "/images/create?"+q.Encode(), bytes.NewReader(root), &said)
	if err == nil && said.Error != "" {
		err = errors.New(said.Error)
	}
	return err
}

// untilExited waits for a container, which Podman may fail to look at while it
// exits, and for the list, which says stopped for a moment.
func (c *Client) untilExited(ctx context.Context, container string) error {
	for {
		var found struct{ State struct{ Status string } }
		type listed struct {
			Names []string
			State string
		}
		var list []listed
		err := errors.Join(
			c.call(ctx, "GET", "/containers/"+container+"/json", nil, &found),
			c.call(ctx, "GET", "/containers/json?all=1", nil, &list))
		exited := func(l listed) bool { return slices.Contains(l.Names, "/"+container) && l.State == "exited" }
		if err == nil && found.State.Status == "exited" && slices.ContainsFunc(list, exited) {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("container %s does not exit: %w", container, cmp.Or(err, ctx.Err()))
		}
	}
}

// An Object is something that an Engine holds.
type Object struct {
	Kind string // container, image, volume or network
	ID   string // a volume's is its name
}

// Objects lists all that the Engine holds, except for its predefined networks.
func (c *Client) Objects(ctx context.Context) ([]Object, error) {
	type named struct{ ID, Name string }
	var volumes struct{ Volumes []named }
	var containers, images, networks []named
	err := errors.Join(
		c.call(ctx, "GET", "/containers/json?all=1", nil, &containers),
		c.call(ctx, "GET", "/images/json?all=1", nil, &images),
		c.call(ctx, "GET", "/volumes", nil, &volumes),
		c.call(ctx, "GET", "/networks", nil, &networks))
	networks = slices.DeleteFunc(networks, func(n named) bool {
		return slices.Contains([]string{"bridge", "host", "none"}, n.Name)
	})
	var objects []Object
	add := func(kind string, list []named) {
		for _, n := range list {
			objects = append(objects, Object{kind, cmp.Or(n.ID, n.Name)})
		}
	}
	add("container", containers)
	add("image", images)
	add("volume", volumes.Volumes)
	add("network", networks)
	return objects, err
}

// Empty removes all that the Engine holds, running containers included.
func (c *Client) Empty(ctx context.Context) error {
	var err error
	for range 5 { // an image that others descend from goes only after them
		objects, listErr := c.Objects(ctx)
		if listErr != nil || len(objects) == 0 {
			return listErr
		}
		err = nil
		for _, kind := range []string{"container", "image", "volume", "network"} {
			var all errgroup.Group
			for _, o := range objects {
				if o.Kind == kind {
					all.Go(func() error {
						return c.call(ctx, "DELETE", "/"+kind+"s/"+o.ID+"?force=1&v=1", nil, nil)
					})
				}
			}
			err = errors.Join(err, all.Wait())
		}
	}
	return err
}
