package engine

import (
	"baleen/source/record"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// UnreachableError says that no Engine answered.
type UnreachableError struct {
	Host string
	Err  error
	Hint string // lines about what may help
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("cannot reach the Docker Engine at %s: %s\n%s", e.Host, record.OneLine(e.Err.Error()), e.Hint)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// unreachable looks for what may help before it gives the error.
func unreachable(host string, err error) *UnreachableError {
	hints := []string{"is it running? -H, --context or DOCKER_HOST name another one, -H demo a pretend one"}
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(err, fs.ErrPermission):
		hints[0] = "this user may not open it: root may, and those in its group (docker)"
	case errors.As(err, &cert):
		hints[0] = "--tlscacert names the CA to trust"
	}
	for _, path := range habitual() {
		other := "unix://" + path
		if other == host {
			continue
		}
		c, err := net.DialTimeout("unix", path, 100*time.Millisecond)
		switch {
		case err == nil:
			c.Close()
			hints = append(hints, "something listens at -H "+other)
		case errors.Is(err, fs.ErrPermission) && exists(path):
			hints = append(hints, other+" exists, but this user may not open it")
		}
	}
	return &UnreachableError{host, err, strings.Join(hints, "\n")}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// habitual is where Engines listen by habit: Docker, rootless Docker, Desktop,
// Colima, Rancher Desktop, OrbStack and Podman.
func habitual() []string {
	run := os.Getenv("XDG_RUNTIME_DIR")
	if run == "" {
		run = "/run/user/" + strconv.Itoa(os.Getuid())
	}
	paths := []string{"/var/run/docker.sock", run + "/docker.sock"}
	if home, err := os.UserHomeDir(); err == nil {
		for _, s := range []string{".docker/run/docker.sock", ".docker/desktop/docker.sock", ".colima/default/docker.sock", ".rd/docker.sock", ".orbstack/run/docker.sock"} {
			paths = append(paths, filepath.Join(home, s))
		}
	}
	return append(paths, run+"/podman/podman.sock", "/run/podman/podman.sock")
}
