package engine

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A Registry is a private docker-registry on the loopback interface.
type Registry struct {
	Addr string // HOST:PORT

	dir string
	cmd *exec.Cmd
}

// StartRegistry starts a registry, which asks for a password unless user is "",
// and waits until it answers.
func StartRegistry(ctx context.Context, user, password string) (*Registry, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := free.Addr().String()
	free.Close()
	dir, err := os.MkdirTemp("", "bl")
	if err != nil {
		return nil, err
	}
	r := &Registry{Addr: addr, dir: dir}
	config := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %s}\n", dir, addr)
	if user != "" {
		users, err := exec.CommandContext(ctx, "htpasswd", "-Bbn", user, password).Output()
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "users"), users, 0o600)
		}
		if err != nil {
			r.Stop()
			return nil, err
		}
		config += fmt.Sprintf("auth: {htpasswd: {realm: registry, path: %s}}\n", filepath.Join(dir, "users"))
	}
	file := filepath.Join(dir, "config.yml")
	err = os.WriteFile(file, []byte(config), 0o600)
	if err == nil {
		r.cmd = exec.Command("docker-registry", "serve", file)
		err = r.cmd.Start()
	}
	for range 200 {
		if err != nil {
			break
		}
		if res, err := http.Get("http://" + addr + "/v2/"); err == nil {
			res.Body.Close()
			return r, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	r.Stop()
	return nil, fmt.Errorf("docker-registry does not answer: %w", err)
}

// Stop ends the registry with all that it holds.
func (r *Registry) Stop() {
	if r.cmd != nil && r.cmd.Process != nil {
		r.cmd.Process.Kill()
		r.cmd.Wait()
	}
	os.RemoveAll(r.dir)
}
