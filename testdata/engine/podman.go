package engine

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// A Podman serves Docker's API with a store of its own. It needs root.
type Podman struct {
	dir string
	cmd *exec.Cmd
}

// StartPodman starts one and waits until it answers.
func StartPodman(ctx context.Context) (*Podman, error) {
	dir, err := os.MkdirTemp("", "bl")
	if err != nil {
		return nil, err
	}
	p := &Podman{dir: dir}
	// Higher limits take rights that a container of the tests may not have.
	conf := filepath.Join(dir, "containers.conf")
	if err := os.WriteFile(conf, []byte("[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n"), 0o600); err != nil {
		return nil, err
	}
	p.cmd = exec.Command("podman",
		"--root", filepath.Join(dir, "data"),
		"--runroot", filepath.Join(dir, "run"),
		"--tmpdir", filepath.Join(dir, "tmp"),
		"--network-config-dir", filepath.Join(dir, "networks"),
		"--storage-driver", "vfs",
		"system", "service", "-t", "0", "unix://"+p.sock())
	p.cmd.Env = append(os.Environ(), "CONTAINERS_CONF="+conf)
	if err := p.cmd.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	for range 200 {
		if err = NewClient(p.Dial).call(ctx, "GET", "/_ping", nil, nil); err == nil {
			return p, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.end()
	return nil, fmt.Errorf("podman does not answer: %w", err)
}

func (p *Podman) sock() string { return filepath.Join(p.dir, "podman.sock") }

// Dial connects to p.
func (p *Podman) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", p.sock())
}

// Stop ends p with all that it holds.
func (p *Podman) Stop() error {
	err := NewClient(p.Dial).Empty(context.Background())
	p.end()
	return err
}

func (p *Podman) end() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.cmd.Wait()
	os.RemoveAll(p.dir)
}
