package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A Service is a real Engine.
type Service interface {
	Dial(ctx context.Context, network, addr string) (net.Conn, error)
	Start(context.Context) error // again after Shutdown, with what it held
	Shutdown()
	Stop() error // with all that it holds
}

// A Kind is a kind of real Engine that scripts run on.
type Kind struct {
	Name    string
	Program string // dockerd or podman
	dir     string // below $BALEEN_ENGINES; "" is the system's own
}

// Kinds lists the kinds of Engines: those of the system, and the newer ones that
// install puts into the directory $BALEEN_ENGINES.
func Kinds() []Kind {
	return []Kind{
		{"real", "dockerd", ""},
		{"classic", "dockerd", "classic"},
		{"containerd", "dockerd", "containerd"},
		{"podman", "podman", ""},
		{"podman5", "podman", "podman"},
	}
}

// Missing is why an Engine of this kind cannot be started here; required says
// that this is a failure.
func (k Kind) Missing() (why error, required bool) {
	required = slices.Contains(strings.Split(os.Getenv("BALEEN_REQUIRE"), ","), k.requiredAs())
	switch bin, err := k.bin(); {
	case err != nil:
		return err, required
	case os.Geteuid() != 0:
		return errors.New(k.Program + " needs root"), required
	default:
		_, err := exec.LookPath(program(bin, k.Program))
		return err, required
	}
}

// requiredAs is what $BALEEN_REQUIRE calls the kind.
func (k Kind) requiredAs() string {
	if k.dir == "" {
		return k.Program
	}
	return k.Name
}

func (k Kind) bin() (string, error) {
	if k.dir == "" {
		return "", nil
	}
	engines := os.Getenv("BALEEN_ENGINES")
	if engines == "" {
		return "", fmt.Errorf("BALEEN_ENGINES names no directory with %s", k.Name)
	}
	return filepath.Join(engines, k.dir), nil
}

// Start starts an Engine of this kind.
func (k Kind) Start(ctx context.Context) (Service, error) {
	bin, err := k.bin()
	if err != nil {
		return nil, err
	}
	if k.Program == "podman" {
		return StartPodman(ctx, bin)
	}
	return StartDockerd(ctx, bin)
}
