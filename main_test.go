package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"baleen/query"
	"baleen/source"
	"baleen/source/command"
	"baleen/source/demo"
	"baleen/testdata/engine"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what the scripts' cmp commands found into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"baleen": main, "docker-baleen": main, "ssh": ssh})
}

// ssh stands for one that reaches the Engine at $SSH_SOCK, or fails.
func ssh() {
	fmt.Fprintln(os.Stderr, strings.Join(os.Args[1:], " "))
	c, err := net.Dial("unix", os.Getenv("SSH_SOCK"))
	if err != nil {
		os.Exit(255)
	}
	go io.Copy(c, os.Stdin)
	io.Copy(os.Stdout, c)
}

// TestScript runs each script on a pretend Engine, and again on a real one.
func TestScript(t *testing.T) {
	t.Parallel() // with TestPodman: most of their time is the Engines'
	for program := range strings.SplitSeq(os.Getenv("BALEEN_REQUIRE"), ",") {
		if _, err := exec.LookPath(program); program != "" && err != nil {
			t.Errorf("BALEEN_REQUIRE: %v", err)
		}
	}
	program := sync.OnceValues(func() ([]byte, error) { return engine.Program(t.Context()) })
	t.Run("demo", func(t *testing.T) {
		testscript.Run(t, params("demo", program, pretend))
	})
	for _, kind := range engine.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel() // most of the time is the Engines'
			need(t, kind)
			p := params(kind.Name, program, services(t, kind))
			p.Deadline, _ = t.Deadline()
			testscript.RunT(serial{t}, p)
		})
	}
}

// An opener returns a way to the nth Engine of a script, which is empty, and
// the Engine if it is a real one.
type opener func(n int) (engine.Dial, engine.Service, error)

func pretend(int) (engine.Dial, engine.Service, error) { return demo.Empty().Dial, nil, nil }

// services opens private Engines, which are started when first asked for,
// emptied when asked for again, and end with t.
func services(t *testing.T, kind engine.Kind) opener {
	started := map[int]engine.Service{}
	return func(n int) (engine.Dial, engine.Service, error) {
		if s, ok := started[n]; ok {
			err := s.Start(t.Context()) // a script may have stopped it
			if err == nil {
				err = engine.NewClient(s.Dial).Empty(t.Context())
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

// need skips t where there is no Engine of a kind, or fails it if BALEEN_REQUIRE
// asks for one.
func need(t *testing.T, kind engine.Kind) {
	why, required := kind.Missing()
	switch {
	case why == nil:
	case required:
		t.Fatal(why)
	default:
		t.Skipf("not run on a real Engine: %v", why)
	}
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
	kind     string
	open     opener
	clients  map[string]*engine.Client
	proxies  map[string]*engine.Proxy  // in front of each
	services map[string]engine.Service // nil if it is a pretend one
}

// add opens another Engine and returns the proxy in front of it.
func (e *engines) add(name string) (*engine.Proxy, error) {
	dial, service, err := e.open(len(e.clients))
	if err != nil {
		return nil, err
	}
	e.clients[name] = engine.NewClient(dial)
	e.clients[name].Serial = strings.HasPrefix(e.kind, "podman")
	e.services[name] = service
	e.proxies[name], err = engine.NewProxy(dial)
	return e.proxies[name], err
}

// own is the proxy in front of the script's own Engine.
func (e *engines) own() *engine.Proxy { return e.proxies[""] }

func params(kind string, program func() ([]byte, error), open opener) testscript.Params {
	of := func(ts *testscript.TestScript) *engines { return ts.Value("engines").(*engines) }
	return testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "demo", "classic", "containerd", "podman5":
				return cond == kind, nil
			case "real": // dockerd of any kind
				return kind != "demo" && !strings.HasPrefix(kind, "podman"), nil
			case "podman": // of any version
				return strings.HasPrefix(kind, "podman"), nil
			}
			return false, errors.New("no such condition")
		},
		Setup: func(env *testscript.Env) error {
			e := &engines{kind: kind, open: open, clients: map[string]*engine.Client{}, proxies: map[string]*engine.Proxy{}, services: map[string]engine.Service{}}
			proxy, err := e.add("")
			if err != nil {
				return err
			}
			env.Defer(proxy.Close)
			env.Values["engines"] = e
			env.Setenv("SOCK", proxy.Sock)
			env.Setenv("DOCKER_HOST", "unix://"+proxy.Sock)
			if strings.HasPrefix(kind, "podman") { // as it calls the images of Docker Hub
				env.Setenv("HUB", "docker.io/library/")
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// engine NAME starts another Engine: $NAME_HOST and $NAME_SOCK, and past
			// the proxy in front of a real one $NAME_DIRECT.
			"engine": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 1 {
					ts.Fatalf("usage: engine NAME")
				}
				proxy, err := of(ts).add(args[0])
				ts.Check(err)
				ts.Defer(proxy.Close)
				ts.Setenv(args[0]+"_SOCK", proxy.Sock)
				ts.Setenv(args[0]+"_HOST", "unix://"+proxy.Sock)
				if d, ok := of(ts).services[args[0]].(*engine.Dockerd); ok {
					ts.Setenv(args[0]+"_DIRECT", "unix://"+d.Sock())
				}
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
			// await EXPRESSION [ENGINE] waits for a request whose path and query match,
			// and a moment more, which the Engine needs to begin with it.
			"await": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 1 || len(args) > 2 {
					ts.Fatalf("usage: await EXPRESSION [ENGINE]")
				}
				path, err := regexp.Compile(args[0])
				ts.Check(err)
				proxy := of(ts).proxies[strings.Join(args[1:], "")]
				for range 100 {
					if slices.ContainsFunc(proxy.Requests(), path.MatchString) {
						time.Sleep(200 * time.Millisecond)
						return
					}
					time.Sleep(50 * time.Millisecond)
				}
				ts.Fatalf("no such request")
			},
			// network down|up cuts the way to the Engine, and opens it again.
			"network": func(ts *testscript.TestScript, neg bool, args []string) {
				switch proxy := of(ts).own(); {
				case !neg && slices.Equal(args, []string{"down"}):
					ts.Check(proxy.Down())
				case !neg && slices.Equal(args, []string{"up"}):
					ts.Check(proxy.Up())
				default:
					ts.Fatalf("usage: network down|up")
				}
			},
			// behind COUNT METHOD PATH JSON changes the Engine so many times on another
			// way, which is always open; %d in JSON is a number that grows.
			"behind": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 4 {
					ts.Fatalf("usage: behind COUNT METHOD PATH JSON")
				}
				count, err := strconv.Atoi(args[0])
				ts.Check(err)
				for i := range count {
					body := strings.ReplaceAll(args[3], "%d", strconv.Itoa(i))
					ts.Check(of(ts).clients[""].Do(context.Background(), args[1], args[2], body))
				}
			},
			// registry NAME [USER PASSWORD] starts a registry: $NAME is its address.
			"registry": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 1 && len(args) != 3 {
					ts.Fatalf("usage: registry NAME [USER PASSWORD]")
				}
				name, args := args[0], append(args[1:], "", "")
				r, err := engine.StartRegistry(context.Background(), args[0], args[1])
				ts.Check(err)
				ts.Defer(r.Stop)
				for _, s := range of(ts).services {
					if p, ok := s.(*engine.Podman); ok {
						ts.Check(p.Trust(context.Background(), r.Addr))
					}
				}
				ts.Setenv(name, r.Addr)
			},
			// service stop|kill|start [ENGINE] ends a real Engine, in order or, Docker's,
			// at once, and starts it again with what it held.
			"service": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 1 || len(args) > 2 {
					ts.Fatalf("usage: service stop|kill|start [ENGINE]")
				}
				s := of(ts).services[strings.Join(args[1:], "")]
				switch {
				case s == nil:
					ts.Fatalf("no such Engine, or no real one")
				case args[0] == "stop":
					s.Shutdown()
				case args[0] == "kill":
					s.(*engine.Dockerd).Kill()
				case args[0] == "start":
					ts.Check(s.Start(context.Background()))
				default:
					ts.Fatalf("service stop, kill or start, not %s", args[0])
				}
			},
			// requests METHOD|* COUNT [EXPRESSION] counts the requests whose
			// path and query match; requests reset starts over.
			"requests": func(ts *testscript.TestScript, neg bool, args []string) {
				proxy := of(ts).own()
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
				ts.Check(of(ts).own().Fault(args[0], args[1:]...))
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
	dockerd := engine.Kinds()[0]
	real := services(t, dockerd)
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
				need(t, dockerd)
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
	dial, _, err := open(0)
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
			apart := inDir && dir != "testdata" && part != dir && slices.Contains(parts, part) && imported != "baleen/source/record"
			docker := strings.HasPrefix(imported, "github.com/docker/") && imported != "github.com/docker/go-units" && dir != "source" && dir != "sink"
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

// TestUnbuffered has an Engine that says no more before its last record was
// read at the end of the pipe: a line that waits for company waits for ever.
func TestUnbuffered(t *testing.T) {
	read := make(chan bool)
	host := double(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := range 5 {
			fmt.Fprintf(w, `{"name":"/x","n":%d}`, i)
			w.(http.Flusher).Flush()
			<-read
		}
	})
	for _, args := range [][]string{{}, {"-q", "{n}"}, {"-q", ".n", "-r"}, {"-q", "select(.n >= 0)"}} {
		cmd := exec.Command("baleen", append([]string{"-H", host, "api", "/x/stats"}, args...)...)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 5 {
			if !lines.Scan() {
				t.Fatal("no line")
			}
			read <- true
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// TestReaderGone has an Engine that falls silent: baleen must not wait for its
// next record to learn that nobody reads.
func TestReaderGone(t *testing.T) {
	host := double(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"n":1}`)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	cmd := exec.Command("baleen", "-H", host, "api", "/x/stats")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	out.Close()
	if cmd.Wait(); cmd.ProcessState.ExitCode() != 141 {
		t.Errorf("%v, not exit code 141", cmd.ProcessState)
	}
}

// TestConstantMemory compares the peak of a list of 100,000 images with that of
// 10,000. The Engine looks itself, before it ends the list.
func TestConstantMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	info, _ := debug.ReadBuildInfo()
	if slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector's own memory grows; run without -race")
	}
	pid, peak := make(chan int), make(chan int, 1)
	host := double(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		for i := range n {
			fmt.Fprintf(w, "%c"+`{"Containers":-1,"Created":%d,"Id":"sha256:%064x","Labels":{"maintainer":"a \u003ca@example.com\u003e","text":"%0300d"},"RepoTags":["app-%d:1"],"Size":%d}`,
				"[,"[min(i, 1)], 1700000000+i, i, i, i%1000, i*1000)
		}
		w.(http.Flusher).Flush()
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", <-pid))
		kb, _ := strconv.Atoi(string(regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)[1]))
		peak <- kb
		io.WriteString(w, "]\n")
	})
	// What the collector happens to leave lying about comes on top of what is needed.
	least := func(n int, filter string) int {
		kb := math.MaxInt
		for range 2 {
			cmd := exec.Command("baleen", "-H", host, "api", fmt.Sprintf("/images/json?n=%d", n), "-q", filter)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			pid <- cmd.Process.Pid
			kb = min(kb, <-peak)
			if err := cmd.Wait(); err != nil {
				t.Fatal(err)
			}
		}
		return kb
	}
	for _, filter := range []string{".", "select(.Size > 5000) | .Id", `select(.Labels.maintainer | test("example"))`} {
		few, many := least(10_000, filter), least(100_000, filter)
		t.Logf("%s: %d KB, %d KB", filter, few, many)
		if float64(many) > 1.1*float64(few) {
			t.Errorf("%s: %d KB for 10,000 records, %d KB for 100,000", filter, few, many)
		}
	}
}

// double serves what h says as an Engine, and returns its address.
func double(t *testing.T, h http.HandlerFunc) string {
	dir, err := os.MkdirTemp("", "bl") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.Header().Set("Content-Type", "application/json")
		h(w, r)
	})}
	go s.Serve(l)
	t.Cleanup(func() {
		s.Close()
		os.RemoveAll(dir)
	})
	return "unix://" + l.Addr().String()
}

// BenchmarkLatency measures how long a sample takes from the pretend Engine's
// own clock, which is in it, to the reader of a pipe.
func BenchmarkLatency(b *testing.B) {
	cmd := exec.Command("baleen", "-H", "demo", "stats", "-q", ".read", "-r")
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	var late []time.Duration
	lines := bufio.NewScanner(out)
	for b.Loop() {
		if !lines.Scan() {
			b.Fatal("no line")
		}
		sent, err := time.Parse(time.RFC3339Nano, lines.Text())
		if err != nil {
			b.Fatal(err)
		}
		late = append(late, time.Since(sent))
	}
	out.Close()
	cmd.Wait()
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds()), "p99-µs")
}

// TestExamples pastes what help and the README's tables show: on the pretend
// Engine no line may be a usage error or a filter that does not compile.
func TestExamples(t *testing.T) {
	var lines []string
	for _, s := range source.All() {
		lines = append(lines, s.Examples...)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range regexp.MustCompile(`(?m)^\|.*`).FindAllString(string(readme), -1) {
		for _, code := range regexp.MustCompile("`(baleen [^`]+)`").FindAllStringSubmatch(row, -1) {
			lines = append(lines, strings.ReplaceAll(code[1], `\|`, "|"))
		}
	}
	if len(lines) < 90 {
		t.Errorf("%d examples only", len(lines))
	}
	for _, line := range lines {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, "sh", "-c", line)
			cmd.Env = append(os.Environ(), "DOCKER_HOST=demo", "c=worker", "exclude=/library/")
			cmd.WaitDelay = time.Second // what sh started ends with its reader
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code == 2 || code == 3 || code == 127 && !strings.HasPrefix(line, "docker") {
				t.Errorf("exit code %d\n%s", code, out)
			}
		})
	}
}

func TestArrange(t *testing.T) {
	table := commands(&report{})
	for _, test := range []struct{ line, want string }{
		{"images", "images --"},
		{"images a b", "images -- a b"},
		{"images a -f x=y b --delete", "images --filter=x=y --delete -- a b"},
		{"-H demo images a", "images --host=demo -- a"},
		{"--host=demo images", "images --host=demo --"},
		{"-rs images -q . a", "images --raw-output --slurp --jq=. -- a"},
		{"images -rq .Id", "images --raw-output --jq=.Id --"},
		{"images -q.Id -fx=y", "images --jq=.Id --filter=x=y --"},
		{"images -q -1", "images --jq=-1 --"},
		{"images -q --delete", "images --jq=--delete --"},
		{"images --arg k v a", "images --arg=k --arg=v -- a"},
		{"images --arg --delete -q a", "images --arg=--delete --arg=-q -- a"},
		{"images a -- -q --delete", "images -- a -q --delete"},
		{"read - -R", "read --raw-input -- -"},
		{"ps -a", "ps --all --"},
		{"images --delete=false a", "images --delete=false -- a"},
		{"help", "--help"},
		{"", "--help"},
		{"-h", "--help"},
		{"ps --help x", "containers --help"},
		{"help ps", "containers --help"},
		{"--version", "--version"},

		{"images --delte", "! unknown flag --delte"},
		{"images a --delte", "! unknown flag --delte"},
		{"--delte images", "! unknown flag --delte"},
		{"images -rx", "! unknown flag -x"},
		{"images -delete", "! unknown flag -d"},
		{"images --r", "! unknown flag --r"},
		{"images -q", "! -q needs 1 more"},
		{"images --arg x", "! --arg needs 1 more"},
		{"volumes --stop", "! unknown flag --stop"},
		{"nope", `! unknown source "nope"`},
		{"-H demo", "! no source given"},
	} {
		got, err := command.Arrange(strings.Fields(test.line), table)
		if text, bad := strings.CutPrefix(test.want, "! "); bad {
			if err == nil || !strings.Contains(err.Error(), text) || exitCode(err) != 2 {
				t.Errorf("%s: %v, want %s", test.line, err, text)
			}
		} else if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s: %s, %v, want %s", test.line, strings.Join(got, " "), err, test.want)
		}
	}
}

// FuzzArrange: no flag is ever taken for a name, and what has been put in order stays so.
func FuzzArrange(f *testing.F) {
	f.Add("images -f dangling=true --delete a")
	f.Add("-rq . --arg a b ps --delte -- -x")
	table := commands(&report{})
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Fields(line)
		got, err := command.Arrange(words, table)
		if err != nil || got[0] == "--help" || got[0] == "--version" || len(got) > 1 && got[1] == "--help" {
			return
		}
		pairs := slices.ContainsFunc(got, func(word string) bool { // --arg=k --arg=v is for urfave/cli only
			name, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
			return query.TwoWords(name)
		})
		again, err := command.Arrange(got, table)
		if !pairs && (err != nil || !slices.Equal(again, got)) {
			t.Errorf("%q becomes %q, and that %q, %v", words, got, again, err)
		}
		for _, name := range got[slices.Index(got, "--")+1:] {
			if len(name) > 1 && name[0] == '-' && !slices.Contains(words, "--") {
				t.Errorf("%q: %q is taken for a name", words, name)
			}
		}
	})
}

// TestFlagsAgree: what stands before the source is told apart without knowing it.
func TestFlagsAgree(t *testing.T) {
	table := commands(&report{})
	for _, c := range table {
		if c.Groups == nil {
			continue
		}
		for _, g := range c.Groups() {
			for _, f := range g.Flags {
				for _, name := range f.Names() {
					flag := "-" + strings.Repeat("-", min(1, len(name)-1)) + name
					after, err := command.Arrange([]string{c.Name, flag, "1", "2"}, table)
					if err != nil {
						t.Fatal(err)
					}
					values := []string{"1", "2"}[:2-len(after[slices.Index(after, "--")+1:])]
					before, err := command.Arrange(slices.Concat([]string{flag}, values, []string{c.Name}, []string{"1", "2"}[len(values):]), table)
					if err != nil || !slices.Equal(before, after) {
						t.Errorf("%s %s: %q, %v, before the source; %q after it", c.Name, flag, before, err, after)
					}
				}
			}
		}
	}
}
