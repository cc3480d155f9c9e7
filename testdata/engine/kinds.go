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

// A Kind is a kind of Engine that scripts run on.
type Kind struct {
	Name    string
	Program string // dockerd or podman; "" is the pretend Engine
	dir     string // below $BALEEN_ENGINES; "" is the system's own
}

// Kinds lists the kinds of Engines: the pretend one, those of the system, and the
// newer ones that install puts into the directory $BALEEN_ENGINES.
func Kinds() []Kind {
	return []Kind{
		{Name: "demo"},
		{"dockerd", "dockerd", ""},
		{"classic", "dockerd", "classic"},
		{"containerd", "dockerd", "containerd"},
		{"podman", "podman", ""},
		{"podman5", "podman", "podman"},
	}
}

// KindOf is the kind of a name.
func KindOf(name string) Kind {
	kinds := Kinds()
	return kinds[slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })]
}

// Required lists what $BALEEN_REQUIRE has fail, not skip, where it is missing:
// programs and kinds of Engines.
func Required() []string { return words("BALEEN_REQUIRE") }

// words lists what a variable of the environment names with commas between.
func words(variable string) []string {
	return strings.FieldsFunc(os.Getenv(variable), func(r rune) bool { return r == ',' })
}

// Is says whether a condition of a script holds on this kind of Engine: the name
// of a kind, or of several:
//
//	real     each but demo
//	dockerd  Docker's own, of any age and with either image store
//	podman   of any age
func (k Kind) Is(condition string) (bool, error) {
	switch condition {
	case "real":
		return k.Program != "", nil
	case "dockerd", "podman":
		return k.Program == condition, nil
	case "demo", "classic", "containerd", "podman5":
		return k.Name == condition, nil
	}
	return false, errors.New("no such condition")
}

// Missing is why an Engine of this kind cannot be started here.
func (k Kind) Missing() error {
	if k.Program == "" {
		return nil
	}
	bin, err := k.bin()
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return errors.New(k.Program + " needs root")
	}
	_, err = exec.LookPath(filepath.Join(bin, k.Program))
	return err
}

// bin is the directory of the kind's program, "" for that of $PATH.
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

// Start starts a real Engine of this kind.
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
