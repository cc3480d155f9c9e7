package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"baleen/source/demo"
	"baleen/testdata/engine"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what the scripts' cmp commands found into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"baleen": main})
}

// TestScript runs each script on a pretend Engine, and again on a real one.
func TestScript(t *testing.T) {
	for program := range strings.SplitSeq(os.Getenv("BALEEN_REQUIRE"), ",") {
		if _, err := exec.LookPath(program); program != "" && err != nil {
			t.Errorf("BALEEN_REQUIRE: %v", err)
		}
	}
	program := sync.OnceValues(func() ([]byte, error) { return engine.Program(t.Context()) })
	t.Run("demo", func(t *testing.T) {
		testscript.Run(t, params("demo", program, pretend))
	})
	t.Run("real", func(t *testing.T) {
		needDockerd(t)
		p := params("real", program, dockerds(t))
		p.Deadline, _ = t.Deadline()
		testscript.RunT(serial{t}, p)
	})
}

// An opener returns a way to the nth Engine of a script, which is empty.
type opener func(n int) (engine.Dial, error)

func pretend(int) (engine.Dial, error) { return demo.Empty().Dial, nil }

// dockerds opens private dockerds, which are started when first asked for,
// emptied when asked for again, and end with t.
func dockerds(t *testing.T) opener {
	started := map[int]*engine.Dockerd{}
	return func(n int) (engine.Dial, error) {
		if d, ok := started[n]; ok {
			return d.Dial, engine.NewClient(d.Dial).Empty(t.Context())
		}
		d, err := engine.StartDockerd(t.Context())
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() {
			if err := d.Stop(); err != nil {
				t.Errorf("stopping dockerd: %v", err)
			}
		})
		started[n] = d
		return d.Dial, nil
	}
}

// needDockerd skips t where no dockerd can be started, or fails it if
// BALEEN_REQUIRE asks for dockerd.
func needDockerd(t *testing.T) {
	_, err := exec.LookPath("dockerd")
	if err == nil && os.Geteuid() != 0 {
		err = errors.New("dockerd needs root")
	}
	if err == nil {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("BALEEN_REQUIRE"), ","), "dockerd") {
		t.Fatal(err)
	}
	t.Skipf("not run on a real Engine: %v", err)
}

// serial runs scripts one after another, as a shared Engine wants it.
type serial struct{ *testing.T }

func (t serial) Parallel()     {}
func (t serial) Verbose() bool { return testing.Verbose() }
func (t serial) Run(name string, f func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { f(serial{t}) })
}

// engines are a script's own Engine, named "", and those that it asked for.
type engines struct {
	open    opener
	clients map[string]*engine.Client
	proxy   *engine.Proxy // in front of its own
}

// add opens another Engine and returns the proxy in front of it.
func (e *engines) add(name string) (*engine.Proxy, error) {
	dial, err := e.open(len(e.clients))
	if err != nil {
		return nil, err
	}
	e.clients[name] = engine.NewClient(dial)
	return engine.NewProxy(dial)
}

func params(kind string, program func() ([]byte, error), open opener) testscript.Params {
	of := func(ts *testscript.TestScript) *engines { return ts.Value("engines").(*engines) }
	return testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(cond string) (bool, error) {
			if cond != "demo" && cond != "real" {
				return false, errors.New("no such condition")
			}
			return cond == kind, nil
		},
		Setup: func(env *testscript.Env) error {
			e := &engines{open: open, clients: map[string]*engine.Client{}}
			proxy, err := e.add("")
			if err != nil {
				return err
			}
			env.Defer(proxy.Close)
			e.proxy = proxy
			env.Values["engines"] = e
			env.Setenv("SOCK", proxy.Sock)
			env.Setenv("DOCKER_HOST", "unix://"+proxy.Sock)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// engine NAME starts another Engine: $NAME_HOST and $NAME_SOCK.
			"engine": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 1 {
					ts.Fatalf("usage: engine NAME")
				}
				proxy, err := of(ts).add(args[0])
				ts.Check(err)
				ts.Defer(proxy.Close)
				ts.Setenv(args[0]+"_SOCK", proxy.Sock)
				ts.Setenv(args[0]+"_HOST", "unix://"+proxy.Sock)
			},
			// world small [NAME] fills an Engine; world empty [NAME] says that it holds nothing.
			"world": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 1 || len(args) > 2 || args[0] != "small" && args[0] != "empty" {
					ts.Fatalf("usage: world small|empty [ENGINE]")
				}
				client := of(ts).clients[strings.Join(args[1:], "")]
				if client == nil {
					ts.Fatalf("no engine %s", args[1])
				}
				if args[0] == "small" {
					tar, err := program()
					ts.Check(err)
					ts.Check(client.Small(context.Background(), tar))
					return
				}
				objects, err := client.Objects(context.Background())
				ts.Check(err)
				if len(objects) > 0 {
					ts.Fatalf("the Engine holds %v", objects)
				}
			},
			// requests METHOD|* COUNT [EXPRESSION] counts the requests whose
			// path and query match; requests reset starts over.
			"requests": func(ts *testscript.TestScript, neg bool, args []string) {
				proxy := of(ts).proxy
				if !neg && slices.Equal(args, []string{"reset"}) {
					proxy.Reset()
					return
				}
				if neg || len(args) < 2 || len(args) > 3 {
					ts.Fatalf("usage: requests METHOD|* COUNT [EXPRESSION]")
				}
				want, err := strconv.Atoi(args[1])
				ts.Check(err)
				path, err := regexp.Compile(strings.Join(args[2:], ""))
				ts.Check(err)
				seen := proxy.Requests()
				got := 0
				for _, request := range seen {
					method, uri, _ := strings.Cut(request, " ")
					if (args[0] == "*" || args[0] == method) && path.MatchString(uri) {
						got++
					}
				}
				if got != want {
					ts.Fatalf("%d requests, not %d, among:\n%s", got, want, strings.Join(seen, "\n"))
				}
			},
			// fault KIND … EXPRESSION makes the Engine misbehave: see Proxy.Fault.
			// fault body takes a file.
			"fault": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) == 0 {
					ts.Fatalf("usage: fault KIND [ARGUMENT...] EXPRESSION")
				}
				if args[0] == "body" && len(args) == 3 {
					args = []string{"body", ts.ReadFile(args[1]), args[2]}
				}
				ts.Check(of(ts).proxy.Fault(args[0], args[1:]...))
			},
		},
	}
}

// A sh block of the README: the words after sh, the commands, and what they
// print, if a text block follows.
var shBlock = regexp.MustCompile("(?ms)^```sh( [^\n]*)?\n(.*?)^```\n(?:\n*```text\n(.*?)^```$)?")

// TestREADME runs the README's examples as they stand.
//
//	```sh                  on the pretend Engine that -H demo shows
//	```sh real             on a real Engine with the world small
//	```sh norun "reason"   not
//
// In the text block that may follow, ... stands for anything.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	real := dockerds(t)
	for _, m := range shBlock.FindAllSubmatchIndex(readme, -1) {
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return string(readme[m[2*i]:m[2*i+1]])
		}
		line := 1 + bytes.Count(readme[:m[0]], []byte("\n"))
		t.Run(fmt.Sprintf("line %d", line), func(t *testing.T) {
			var dial engine.Dial
			switch word, reason, _ := strings.Cut(strings.TrimSpace(part(1)), " "); word {
			case "":
				dial = demo.New().Dial
			case "real":
				needDockerd(t)
				dial = small(t, real)
			case "norun":
				t.Skip(reason)
			default:
				t.Fatalf("sh %s: neither real nor norun", word)
			}
			got := shell(t, dial, part(2))
			if m[6] >= 0 && !matches(part(3), got) {
				t.Errorf("%s\nprints:\n%s\nnot:\n%s", part(2), got, part(3))
			}
		})
	}
}

// small opens an Engine and fills it.
func small(t *testing.T, open opener) engine.Dial {
	dial, err := open(0)
	if err != nil {
		t.Fatal(err)
	}
	program, err := engine.Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.NewClient(dial).Small(t.Context(), program); err != nil {
		t.Fatal(err)
	}
	return dial
}

// shell runs commands on the Engine that dial reaches and returns what a
// reader would see of them.
func shell(t *testing.T, dial engine.Dial, commands string) string {
	proxy, err := engine.NewProxy(dial)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-euc", commands)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir, "DOCKER_HOST=unix://"+proxy.Sock)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", commands, err, out)
	}
	return string(out)
}

// matches says whether text is pattern, ... standing for anything.
func matches(pattern, text string) bool {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\.\.\.`, ".*")
	return regexp.MustCompile(`(?s)^` + quoted + `$`).MatchString(text)
}

// TestBoundaries keeps source, query and sink apart, docker's packages out of
// query and main, and Go code in its folders.
func TestBoundaries(t *testing.T) {
	parts := []string{"query", "source", "sink"}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		dir, _, inDir := strings.Cut(filepath.ToSlash(path), "/")
		switch {
		case !inDir && path != "main.go" && path != "main_test.go",
			inDir && dir != "testdata" && !slices.Contains(parts, dir):
			t.Errorf("%s: no place for Go code", path)
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			part, _, _ := strings.Cut(strings.TrimPrefix(imported, "baleen/"), "/")
			apart := inDir && dir != "testdata" && part != dir && slices.Contains(parts, part)
			docker := strings.HasPrefix(imported, "github.com/docker/") && dir != "source" && dir != "sink"
			if apart || docker {
				t.Errorf("%s must not import %s", path, imported)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
