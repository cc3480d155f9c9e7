package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/docker/cli/cli/connhelper"
	"github.com/docker/cli/cli/connhelper/ssh"

	"baleen/source/record"
)

// sshWay is the way to an Engine over ssh. The first connection is docker's own, a
// session that runs docker system dial-stdio. All others go through one more ssh,
// which forwards the remote socket: an ssh of its own for each would be refused by
// sshd's limits. Where that socket cannot be forwarded, each is a session, few of
// which begin at a time.
type sshWay struct {
	session func(ctx context.Context, network, addr string) (net.Conn, error)
	spec    *ssh.Spec
	slots   chan struct{} // sessions that begin

	mu     sync.Mutex
	dialed bool
	socket string // of the forwarding, "" until it works
	failed bool   // it does not work
	end    func() // ends the forwarding; nil for none
}

// sessionsAtOnce is fewer than the connections that sshd lets begin at a time.
const sessionsAtOnce = 5

func newSSH(host string) (*sshWay, error) {
	helper, err := connhelper.GetConnectionHelper(host)
	var u *url.URL
	var spec *ssh.Spec
	if err == nil {
		u, err = url.Parse(host)
	}
	if err == nil {
		spec, err = ssh.NewSpec(u)
	}
	if err != nil {
		return nil, &record.UsageError{Message: err.Error()}
	}
	return &sshWay{session: helper.Dialer, spec: spec, slots: make(chan struct{}, sessionsAtOnce)}, nil
}

func (w *sshWay) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	w.mu.Lock()
	first := !w.dialed
	w.dialed = true
	if !first && !w.failed && w.socket == "" {
		if err := w.forward(); err != nil {
			w.failed = true
		}
	}
	socket := w.socket
	w.mu.Unlock()
	if !first && socket != "" {
		return dialQueued(ctx, socket)
	}
	select {
	case w.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c, err := w.session(ctx, network, addr)
	if err != nil {
		<-w.slots
		return nil, err
	}
	return &beginning{Conn: c, begun: sync.OnceFunc(func() { <-w.slots })}, nil
}

// dialQueued connects to a socket, whose queue may be full: ssh takes only so many
// connections at a time.
func dialQueued(ctx context.Context, socket string) (net.Conn, error) {
	for {
		c, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		if !errors.Is(err, syscall.EAGAIN) {
			return c, err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// beginning is a session that has begun once the Engine's first byte comes.
type beginning struct {
	net.Conn
	begun func()
}

func (b *beginning) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	b.begun()
	return n, err
}

func (b *beginning) Close() error {
	b.begun()
	return b.Conn.Close()
}

// forward has an ssh forward the remote socket to a local one, and asks whether an
// Engine is there.
func (w *sshWay) forward() error {
	dir, err := os.MkdirTemp("", "bl")
	if err != nil {
		return err
	}
	local, remote := filepath.Join(dir, "s"), w.spec.Path
	if strings.Trim(remote, "/") == "" {
		remote = "/var/run/docker.sock"
	}
	args := []string{"-nNT", "-o", "ConnectTimeout=30", "-o", "ExitOnForwardFailure=yes", "-o", "BatchMode=yes",
		"-o", "ControlMaster=no", "-o", "ControlPath=none", "-L", local + ":" + remote}
	cmd := exec.Command("ssh", append(args, w.spec.Args()...)...)
	endWithParent(cmd)
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		runtime.LockOSThread() // whose end is that of the parent
		defer close(ended)
		err := cmd.Start()
		if started <- err; err == nil {
			cmd.Wait()
		}
	}()
	stop := func() {
		if cmd.Process != nil {
			cmd.Process.Kill()
		}
		<-ended
		os.RemoveAll(dir)
	}
	if err := <-started; err != nil {
		stop()
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(local); err == nil {
			break
		}
		select {
		case <-ended:
			err = errors.New("ssh ended")
		default:
		}
		if err != nil || time.Now().After(deadline) {
			stop()
			return errors.Join(err, errors.New("the socket is not forwarded"))
		}
	}
	if err := answersAt(local); err != nil {
		stop()
		return err
	}
	w.socket, w.end = local, stop
	return nil
}

// answersAt asks an Engine at a socket whether it is there.
func answersAt(socket string) error {
	c, err := net.DialTimeout("unix", socket, 10*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := fmt.Fprint(c, "GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n"); err != nil {
		return err
	}
	answer := make([]byte, len("HTTP/1"))
	if _, err := io.ReadFull(c, answer); err != nil {
		return err
	}
	if string(answer) != "HTTP/1" {
		return errors.New("no Engine")
	}
	return nil
}

// close ends the forwarding and leaves nothing behind.
func (w *sshWay) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.end != nil {
		w.end()
		w.end, w.socket, w.failed = nil, "", true
	}
}
