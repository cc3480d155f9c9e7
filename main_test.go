package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"math"
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
	"testing"
	"time"

	"baleen/query"
	"baleen/source"
	"baleen/source/command"
	"baleen/testdata/engine"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what the scripts' cmp commands found into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"baleen": main, "docker-baleen": main, "ssh": engine.SSH})
}

// TestScript runs each script on a pretend Engine, and those that depend on the
// Engine on each kind of real one; all on those that BALEEN_WHOLE names.
func TestScript(t *testing.T) {
	t.Parallel() // most of the time is the Engines'
	for _, program := range engine.Required() {
		if _, err := exec.LookPath(program); err != nil && !slices.ContainsFunc(engine.Kinds(), func(k engine.Kind) bool { return k.Name == program }) {
			t.Errorf("BALEEN_REQUIRE: %v", err)
		}
	}
	suite := engine.NewSuite("testdata/script", *update)
	t.Cleanup(func() {
		if err := suite.Results(); err != nil {
			t.Error(err)
		}
	})
	for _, kind := range engine.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			suite.Run(t, kind)
		})
	}
}

// TestREADME runs the README's examples as they stand.
func TestREADME(t *testing.T) { engine.README(t, "README.md") }

// TestSoak has baleen follow a busy Engine.
func TestSoak(t *testing.T) { engine.Soak(t) }

// TestBoundaries keeps source, query and sink apart, docker's packages out of
// query and main, command and record leaves, and Go code in its folders.
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
			leaf := strings.HasPrefix(filepath.ToSlash(path), "source/command/") && !strings.HasSuffix(path, "_test.go") && strings.HasPrefix(imported, "baleen/") && imported != "baleen/source/record"
			docker := strings.HasPrefix(imported, "github.com/docker/") && imported != "github.com/docker/go-units" && dir != "source" && dir != "sink"
			joint := strings.HasPrefix(filepath.ToSlash(path), "source/record/") && !strings.HasSuffix(path, "_test.go") && strings.HasPrefix(imported, "baleen/")
			if apart || leaf || docker || joint {
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
	host := engine.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
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
	host := engine.Serve(t, func(w http.ResponseWriter, r *http.Request) {
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

// TestConstantMemory compares the peak of a list of 240,000 images with that of
// 60,000, and has a large record cost at most three times its size. The Engine looks
// itself, before it ends the list.
func TestConstantMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	info, _ := debug.ReadBuildInfo()
	if slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector's own memory grows; run without -race")
	}
	pid, peak := make(chan int), make(chan int, 1)
	host := engine.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		size, _ := strconv.Atoi(r.URL.Query().Get("size"))
		if size > 0 {
			fmt.Fprintf(w, `[{"Id":"%s"}`, strings.Repeat("x", size))
		}
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
	least := func(query, filter string) int {
		kb := math.MaxInt
		for range 2 {
			cmd := exec.Command("baleen", "-H", host, "api", "/images/json?"+query, "-q", filter)
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
		few, many := least("n=60000", filter), least("n=240000", filter)
		t.Logf("%s: %d KB, %d KB", filter, few, many)
		if float64(many) > 1.25*float64(few) {
			t.Errorf("%s: %d KB for 60,000 records, %d KB for 240,000", filter, few, many)
		}
	}
	const size = 50_000_000
	for _, filter := range []string{".", ".Id | length"} {
		kb := least(fmt.Sprintf("size=%d", size), filter)
		t.Logf("%s of a record of %d bytes: %d KB", filter, size, kb)
		if kb > 3*size/1000 {
			t.Errorf("%s: %d KB for a record of %d bytes", filter, kb, size)
		}
	}
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
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range documents {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		readme = append(append(readme, '\n'), text...)
	}
	for _, row := range regexp.MustCompile(`(?m)^\|.*`).FindAllString(string(readme), -1) {
		for _, code := range regexp.MustCompile("`(baleen [^`]+)`").FindAllStringSubmatch(row, -1) {
			if !strings.Contains(code[1], "…") {
				lines = append(lines, strings.ReplaceAll(code[1], `\|`, "|"))
			}
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
		{"images -q --delete", "! requires a jq filter"},
		{"images --arg k v a", "images --arg=k --arg=v -- a"},
		{"images --arg --delete -q a", "images --arg=--delete --arg=-q -- a"},
		{"images a -- -q --delete", "images -- a -q --delete"},
		{"read - -R", "read --raw-input -- -"},
		{"ps -a", "ps --all --"},
		{"images --delete=false a", "images --delete=false -- a"},
		{"help", "--help"},
		{"", ""},
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
		{"images -q", "! -q requires a jq filter"},
		{"images --arg x", "! --arg requires NAME VALUE"},
		{"volumes --stop", "! unknown flag --stop"},
		{"nope", `! unknown source "nope"`},
		{"-H demo", "! no source given"},
	} {
		got, err := command.Arrange(strings.Fields(test.line), table)
		if text, bad := strings.CutPrefix(test.want, "! "); bad {
			if err == nil || !strings.Contains(err.Error(), text) || command.ExitCode(err) != 2 {
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
		if err != nil || len(got) == 0 || got[0] == "--help" || got[0] == "--version" || len(got) > 1 && got[1] == "--help" {
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
				if f.Names()[0] == "filter" { // has to be KEY=VALUE
					continue
				}
				for _, name := range f.Names() {
					flag := "-" + strings.Repeat("-", min(1, len(name)-1)) + name
					after, err := command.Arrange([]string{c.Name, flag, "a", "b", "--"}, table)
					if err != nil {
						t.Fatal(err)
					}
					values := []string{"a", "b"}[:2-len(after[slices.Index(after, "--")+1:])]
					before, err := command.Arrange(slices.Concat([]string{flag}, values, []string{c.Name}, []string{"a", "b"}[len(values):], []string{"--"}), table)
					if err != nil || !slices.Equal(before, after) {
						t.Errorf("%s %s: %q, %v, before the source; %q after it", c.Name, flag, before, err, after)
					}
				}
			}
		}
	}
}
