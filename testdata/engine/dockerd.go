package engine

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Dockerd is a private dockerd, which shares nothing with another one.
type Dockerd struct {
	program string
	dir     string
	cmd     *exec.Cmd
	ended   chan struct{}
}

// StartDockerd starts a dockerd, that of a directory or for "" that of $PATH, and
// waits until it answers. It needs root. The error holds dockerd's log.
func StartDockerd(ctx context.Context, bin string) (*Dockerd, error) {
	dir, err := os.MkdirTemp("", "bl")
	if err != nil {
		return nil, err
	}
	d := &Dockerd{program: filepath.Join(bin, "dockerd"), dir: dir}
	if err := d.Start(ctx); err != nil {
		d.end()
		return nil, err
	}
	return d, nil
}

// Start starts d again after Shutdown, with what it held.
func (d *Dockerd) Start(ctx context.Context) error {
	if d.ended != nil {
		select {
		case <-d.ended:
		default:
			return nil
		}
	}
	dir := d.dir
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	d.ended = make(chan struct{})
	d.cmd = exec.Command(d.program,
		"--data-root", filepath.Join(dir, "data"),
		"--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "pid"),
		"-H", "unix://"+d.Sock(),
		"--iptables=false", "--bridge=none")
	d.cmd.Stdout, d.cmd.Stderr = log, log
	if err := d.cmd.Start(); err != nil {
		close(d.ended)
		return err
	}
	go func() {
		d.cmd.Wait()
		close(d.ended)
	}()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		if err = NewClient(d.Dial).call(ctx, "GET", "/_ping", nil, nil); err == nil {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
			continue
		case <-ctx.Done():
		case <-d.ended:
		}
		said, _ := os.ReadFile(log.Name())
		return fmt.Errorf("dockerd does not answer: %w\n%s", err, said)
	}
}

// Sock is the path of the socket that d listens on.
func (d *Dockerd) Sock() string { return filepath.Join(d.dir, "docker.sock") }

// Dial connects to d.
func (d *Dockerd) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", d.Sock())
}

// Stop ends d with all that it holds.
func (d *Dockerd) Stop() error {
	// The bridges of its networks would outlive it, and the containers if it was killed.
	err := d.Start(context.Background())
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		err = NewClient(d.Dial).Empty(ctx)
	}
	d.end()
	return err
}

// Shutdown ends d, which keeps what it holds until Start.
func (d *Dockerd) Shutdown() {
	if d.cmd == nil || d.cmd.Process == nil {
		return
	}
	d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.ended:
	case <-time.After(20 * time.Second):
		d.Kill()
	}
}

// Kill ends d at once: it closes nothing and stops no container.
func (d *Dockerd) Kill() {
	d.cmd.Process.Kill()
	<-d.ended
	// Its containerd goes with it. If nobody reaps that, its process looks alive
	// to the next dockerd, which would wait for it.
	file := filepath.Join(d.dir, "exec/containerd/containerd.pid")
	text, _ := os.ReadFile(file)
	if pid, err := strconv.Atoi(string(text)); err == nil {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	os.Remove(file)
}

func (d *Dockerd) end() {
	d.Shutdown()
	mounts, _ := os.ReadFile("/proc/self/mounts")
	for _, line := range slices.Backward(strings.Split(string(mounts), "\n")) {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], d.dir+"/") {
			exec.Command("umount", "-l", f[1]).Run()
		}
	}
	os.RemoveAll(d.dir)
}
