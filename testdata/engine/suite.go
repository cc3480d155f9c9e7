package engine

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"baleen/source/demo"

	"github.com/rogpeppe/go-internal/testscript"
)

// everywhere is the line of a script that runs on every kind of Engine. The
// others run on the pretend one, and on those that $BALEEN_WHOLE names.
const everywhere = "# engines: all"

// A Suite runs a directory's scripts on Engines.
type Suite struct {
	Dir    string
	Update bool // write what the scripts' cmp commands found into the scripts

	program func() ([]byte, error)
	results results
}

// NewSuite returns the scripts of a directory.
func NewSuite(dir string, update bool) *Suite {
	return &Suite{
		Dir: dir, Update: update,
		program: sync.OnceValues(func() ([]byte, error) { return Program(context.Background()) }),
	}
}

// Results writes how the scripts did into the file that $BALEEN_MATRIX names.
func (s *Suite) Results() error {
	if file := os.Getenv("BALEEN_MATRIX"); file != "" {
		return s.results.write(file, s.Dir)
	}
	return nil
}

// Run runs the scripts on a kind of Engine: on the pretend one side by side, on
// a real one, which they share, one after another.
func (s *Suite) Run(t *testing.T, kind Kind) {
	Need(t, kind)
	p := testscript.Params{
		Dir:                 s.Dir,
		UpdateScripts:       s.Update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition:           kind.Is,
		Cmds:                commands(),
	}
	p.Deadline, _ = t.Deadline()
	open := Open(t, kind)
	path, err := released(t, kind)
	if err != nil {
		t.Fatal(err)
	}
	p.Setup = func(env *testscript.Env) error {
		e := &engines{kind: kind, open: open, program: s.program, running: map[string]*running{}}
		own, err := e.add("")
		if err != nil {
			return err
		}
		env.Defer(own.proxy.Close)
		if own.service != nil { // one that answers no more would be waited for until the end of all tests
			watch := time.AfterFunc(5*time.Minute, own.service.Shutdown)
			env.Defer(func() { watch.Stop() })
		}
		env.Values[enginesKey{}] = e
		env.Setenv("HOME", filepath.Join(env.WorkDir, ".home")) // fish makes one
		env.Setenv("SOCK", own.proxy.Sock)
		env.Setenv("DOCKER_HOST", "unix://"+own.proxy.Sock)
		if path != "" {
			env.Setenv("PATH", path+string(os.PathListSeparator)+env.Getenv("PATH"))
		}
		if kind.Program == "podman" { // as it calls the images of Docker Hub
			env.Setenv("HUB", "docker.io/library/")
		}
		return nil
	}
	testscript.RunT(script{t, s, kind}, p)
}

// released is a directory with the program that $BALEEN_RELEASED names, for the
// newer Engines: the race detector costs several times the CPU.
func released(t *testing.T, kind Kind) (string, error) {
	file := os.Getenv("BALEEN_RELEASED")
	if file == "" || kind.dir == "" {
		return "", nil
	}
	file, err := filepath.Abs(file)
	if err == nil {
		_, err = os.Stat(file)
	}
	dir := t.TempDir()
	for _, name := range []string{"baleen", "docker-baleen"} {
		if err == nil {
			err = os.Symlink(file, filepath.Join(dir, name))
		}
	}
	return dir, err
}

// Need skips t where there is no Engine of a kind, or fails it if $BALEEN_REQUIRE
// names the kind.
func Need(t *testing.T, kind Kind) {
	switch why := kind.Missing(); {
	case why == nil:
	case slices.Contains(Required(), kind.Name):
		t.Fatal(why)
	default:
		t.Skipf("not run on a real Engine: %v", why)
	}
}

// An Opener returns a way to the nth Engine of a script, which is empty, and
// the Engine if it is a real one.
type Opener func(n int) (Dial, Service, error)

// Open opens private Engines of a kind. Real ones are started when first asked
// for, emptied when asked for again, and end with t.
func Open(t *testing.T, kind Kind) Opener {
	if kind.Program == "" {
		return func(int) (Dial, Service, error) { return demo.Empty().Dial, nil, nil }
	}
	started := map[int]Service{}
	return func(n int) (Dial, Service, error) {
		if s, ok := started[n]; ok {
			err := emptied(t.Context(), s)
			if errors.Is(err, context.DeadlineExceeded) { // dockerd 20.10 at times locks itself up when containers and networks go
				t.Logf("an Engine answers no more and is started anew: %v", err)
				s.Shutdown()
				err = emptied(t.Context(), s)
			}
			return s.Dial, s, err
		}
		s, err := kind.Start(t.Context())
		if err != nil {
			return nil, nil, err
		}
		t.Cleanup(func() {
			if err := s.Stop(); err != nil {
				t.Errorf("stopping an Engine: %v", err)
			}
		})
		started[n] = s
		return s.Dial, s, nil
	}
}

// emptied has an Engine run, which a script may have stopped, and hold nothing.
func emptied(ctx context.Context, s Service) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := s.Start(ctx)
	if err == nil {
		err = NewClient(s.Dial).Empty(ctx)
	}
	return err
}

// script is the testing.T of a suite's scripts on a kind of Engine.
type script struct {
	*testing.T
	suite *Suite
	kind  Kind
}

func (s script) Parallel() {
	if s.kind.Program == "" {
		s.T.Parallel()
	}
}

func (s script) Verbose() bool { return testing.Verbose() }

func (s script) Run(name string, f func(testscript.T)) {
	s.T.Run(name, func(t *testing.T) {
		if s.kind.Program != "" && !slices.Contains(words("BALEEN_WHOLE"), s.kind.Name) && !s.suite.everywhere(t, name) {
			t.Skipf("runs with BALEEN_WHOLE=%s", s.kind.Name)
		}
		t.Cleanup(func() { s.suite.results.add(name, s.kind, t) })
		f(script{t, s.suite, s.kind})
	})
}

// everywhere says whether a script runs on every kind of Engine.
func (s *Suite) everywhere(t *testing.T, name string) bool {
	file, err := os.Open(filepath.Join(s.Dir, name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan() && strings.HasPrefix(lines.Text(), "#"); {
		if lines.Text() == everywhere {
			return true
		}
	}
	return false
}

type enginesKey struct{}

// engines are a script's own Engine, named "", and those that it asked for.
type engines struct {
	kind    Kind
	open    Opener
	program func() ([]byte, error)
	running map[string]*running
}

type running struct {
	client  *Client
	proxy   *Proxy  // in front of it
	service Service // nil if it is a pretend one
}

// add opens another Engine.
func (e *engines) add(name string) (*running, error) {
	dial, service, err := e.open(len(e.running))
	if err != nil {
		return nil, err
	}
	r := &running{client: NewClient(dial), service: service}
	r.client.Serial = e.kind.Program == "podman"
	r.proxy, err = NewProxy(dial)
	if err == nil {
		e.running[name] = r
	}
	return r, err
}

// of is the Engine that the last of a command's arguments may name, or the
// script's own.
func of(ts *testscript.TestScript, name ...string) *running {
	e := ts.Value(enginesKey{}).(*engines).running[strings.Join(name, "")]
	if e == nil {
		ts.Fatalf("no Engine %s", name)
	}
	return e
}
