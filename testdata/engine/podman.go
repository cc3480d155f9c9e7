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
	program string
	dir     string
	cmd     *exec.Cmd
	running bool
}

// StartPodman starts one, that of a directory or for "" that of $PATH, and waits
// until it answers.
func StartPodman(ctx context.Context, bin string) (*Podman, error) {
	dir, err := os.MkdirTemp("", "bl")
	if err != nil {
		return nil, err
	}
	p := &Podman{program: filepath.Join(bin, "podman"), dir: dir}
	// Higher limits take rights that a container of the tests may not have.
	err = os.WriteFile(p.path("containers.conf"), []byte("[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n"), 0o600)
	if err == nil {
		err = os.WriteFile(p.path("registries.conf"), nil, 0o600)
	}
	if err == nil {
		err = p.Start(ctx)
	}
	if err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

func (p *Podman) path(name string) string { return filepath.Join(p.dir, name) }

// Start starts p again after Shutdown, with what it held.
func (p *Podman) Start(ctx context.Context) (err error) {
	if p.running {
		return nil
	}
	p.cmd = exec.Command(p.program,
		"--root", p.path("data"),
		"--runroot", p.path("run"),
		"--tmpdir", p.path("tmp"),
		"--network-config-dir", p.path("networks"),
		"--storage-driver", "vfs",
		"system", "service", "-t", "0", "unix://"+p.path("podman.sock"))
	p.cmd.Env = append(os.Environ(), "CONTAINERS_CONF="+p.path("containers.conf"), "CONTAINERS_REGISTRIES_CONF="+p.path("registries.conf"))
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.running = true
	for range 200 {
		if err = NewClient(p.Dial).call(ctx, "GET", "/_ping", nil, nil); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("podman does not answer: %w", err)
}

// Dial connects to p.
func (p *Podman) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", p.path("podman.sock"))
}

// Trust lets p speak to a registry without TLS, as Docker does on the loopback interface.
func (p *Podman) Trust(ctx context.Context, registry string) error {
	f, err := os.OpenFile(p.path("registries.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, "[[registry]]\nlocation = %q\ninsecure = true\n", registry); err != nil {
		return err
	}
	p.Shutdown() // a SIGHUP would have it forget the flags that it was started with
	return p.Start(ctx)
}

// Stop ends p with all that it holds.
func (p *Podman) Stop() error {
	err := NewClient(p.Dial).Empty(context.Background())
	p.end()
	return err
}

// Shutdown ends p, which keeps what it holds until Start; its containers go on.
func (p *Podman) Shutdown() {
	if p.running {
		p.cmd.Process.Signal(syscall.SIGTERM)
		p.cmd.Wait()
		p.running = false
	}
}

func (p *Podman) end() {
	p.Shutdown()
	for range 50 { // what cleans up after its containers may still write there
		os.RemoveAll(p.dir)
		time.Sleep(100 * time.Millisecond)
		if _, err := os.Stat(p.dir); err != nil {
			return
		}
	}
}
