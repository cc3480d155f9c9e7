package engine

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Soak has baleen follow a busy Engine: what comes out is what was sent, and
// memory and descriptors do not grow. BALEEN_SOAK is how long each of its four
// parts takes; below 10 s, as without it, the load is a hundredth, and what baleen holds is
// not compared.
func Soak(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	long, _ := time.ParseDuration(os.Getenv("BALEEN_SOAK"))
	s := soak{length: max(long, time.Second), share: 100}
	if long >= 10*time.Second {
		s.share = 1
	} else {
		t.Log("BALEEN_SOAK=30s: two minutes with the whole load")
	}
	t.Run("stats", s.stats)
	t.Run("events", s.events)
	t.Run("logs", s.logs)
	t.Run("restarts", s.restarts)
}

type soak struct {
	length time.Duration
	share  int // of the load: one in so many
}

// crowd is an Engine's running containers.
type crowd struct {
	mu     sync.Mutex
	over   map[string]chan struct{} // by name, which is the id; closed when it dies
	next   int
	listen []chan string
}

// start is called with the lock held, as is happens.
func (c *crowd) start() {
	id := fmt.Sprintf("%064d", c.next)
	c.next++
	c.over[id] = make(chan struct{})
	c.happens(id, "start")
}

func (c *crowd) happens(id, action string) {
	now := time.Now()
	for _, l := range c.listen {
		l <- fmt.Sprintf(`{"Type":"container","Action":%q,"Actor":{"ID":%q,"Attributes":{"name":%[2]q}},"time":%[3]d,"timeNano":%[4]d}`+"\n", action, id, now.Unix(), now.UnixNano())
	}
}

// replace has one of them die, and starts another.
func (c *crowd) replace() {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := slices.Min(slices.Collect(func(yield func(string) bool) {
		for id := range c.over {
			if !yield(id) {
				return
			}
		}
	}))
	close(c.over[id])
	delete(c.over, id)
	c.happens(id, "die")
	c.happens(id, "destroy")
	c.start()
}

// serve has n containers, and answers what each is asked for with stream.
func (c *crowd) serve(t *testing.T, n int, stream func(w http.ResponseWriter, id string, over <-chan struct{})) string {
	c.over = map[string]chan struct{}{}
	for range n {
		c.start()
	}
	return Serve(t, func(w http.ResponseWriter, r *http.Request) {
		path := regexp.MustCompile(`^/v[0-9.]+`).ReplaceAllString(r.URL.Path, "")
		words := strings.Split(path, "/")
		c.mu.Lock()
		locked := true
		unlock := func() {
			if locked {
				locked = false
				c.mu.Unlock()
			}
		}
		defer unlock()
		switch {
		case path == "/events":
			events := make(chan string, 100_000)
			c.listen = append(c.listen, events)
			unlock()
			for w.(http.Flusher).Flush(); ; w.(http.Flusher).Flush() {
				select {
				case e := <-events:
					w.Write([]byte(e))
				case <-r.Context().Done():
					return
				}
			}
		case path == "/containers/json":
			separator := "["
			for id := range c.over {
				fmt.Fprintf(w, `%s{"Id":%q,"Names":["/%[2]s"],"State":"running"}`, separator, id)
				separator = ","
			}
			fmt.Fprint(w, "]")
		case len(words) == 4 && c.over[words[2]] == nil:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, `{"message":"No such container: %s"}`, words[2])
		case strings.HasSuffix(path, "/json"):
			fmt.Fprintf(w, `{"Id":%q,"Name":"/%[1]s","State":{"Status":"running","Running":true},"Config":{"Tty":false}}`, words[2])
		case len(words) == 4:
			over := c.over[words[2]]
			unlock()
			stream(w, words[2], over)
		default:
			http.NotFound(w, r)
		}
	})
}

// soaked is a baleen whose output is read and whose holdings are watched.
type soaked struct {
	cmd    *exec.Cmd
	stderr strings.Builder
	read   chan struct{} // closed when all output is
	held   [2][]int      // KB and descriptors, from time to time
}

func soaking(t *testing.T, line func([]byte), args ...string) *soaked {
	r := &soaked{cmd: exec.Command("baleen", args...), read: make(chan struct{})}
	r.cmd.Stderr = &r.stderr
	out, err := r.cmd.StdoutPipe()
	if err == nil {
		err = r.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.cmd.Process.Kill() })
	go func() {
		defer close(r.read)
		lines := bufio.NewScanner(out)
		lines.Buffer(make([]byte, 1<<20), 1<<20)
		for lines.Scan() {
			line(lines.Bytes())
		}
	}()
	return r
}

// watch lets time pass.
func (r *soaked) watch(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(d / 100) {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.cmd.Process.Pid))
		files, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", r.cmd.Process.Pid))
		if m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status); m != nil {
			kb, _ := strconv.Atoi(string(m[1]))
			r.held[0], r.held[1] = append(r.held[0], kb), append(r.held[1], len(files))
		}
	}
}

// end ends it, and compares what it held in the last quarter with the second one,
// when it had warmed up.
func (s soak) end(t *testing.T, r *soaked) {
	t.Helper()
	r.cmd.Process.Signal(os.Interrupt)
	<-r.read
	r.cmd.Wait()
	if code := r.cmd.ProcessState.ExitCode(); code != 130 || r.stderr.Len() > 0 {
		t.Errorf("exit code %d: %.2000s", code, r.stderr.String())
	}
	for i, what := range []string{"KB", "descriptors"} {
		n := len(r.held[i])
		if n < 4 {
			t.Fatalf("looked at %d times only", n)
		}
		warm, last := median(r.held[i][n/4:n/2]), median(r.held[i][3*n/4:])
		t.Logf("%s: %d, then %d; at most %d", what, warm, last, slices.Max(r.held[i]))
		if s.share == 1 && float64(last) > 1.5*float64(warm) {
			t.Errorf("%s: %d grew to %d", what, warm, last)
		}
	}
}

func median(all []int) int { return slices.Sorted(slices.Values(all))[len(all)/2] }

// repeat calls do so many times a second, until the end, and returns how often.
func repeat(d time.Duration, perSecond int, do func()) (n int) {
	for begin := time.Now(); time.Since(begin) < d; time.Sleep(time.Millisecond) {
		for due := int(time.Since(begin).Seconds() * float64(perSecond)); n < due; n++ {
			do()
		}
	}
	return n
}

// stats follows 1,000 containers of which 20 a second are replaced.
func (s soak) stats(t *testing.T) {
	var asked, got atomic.Int64
	c, n := &crowd{}, int64(1000/s.share)
	host := c.serve(t, int(n), func(w http.ResponseWriter, id string, over <-chan struct{}) {
		asked.Add(1)
		for {
			fmt.Fprintf(w, `{"read":%q,"name":"/%s","id":%[2]q,"cpu_stats":{"cpu_usage":{"total_usage":1}},"memory_stats":{"usage":1}}`+"\n", time.Now().UTC().Format(time.RFC3339Nano), id)
			w.(http.Flusher).Flush()
			select {
			case <-over:
				return
			case <-time.After(time.Second):
			}
		}
	})
	seen := map[string]bool{}
	r := soaking(t, func(line []byte) {
		if !seen[string(line)] {
			seen[string(line)] = true
			got.Add(1)
		}
	}, "-H", host, "stats", "-q", ".id", "-r")
	eventually(func() bool { return asked.Load() >= n })
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		r.watch(s.length)
	}()
	n += int64(repeat(s.length, max(20/s.share, 2), c.replace))
	<-watched
	eventually(func() bool { return got.Load() >= n })
	s.end(t, r)
	t.Logf("samples of %d containers", got.Load())
	if got.Load() != n {
		t.Errorf("samples of %d containers of %d", got.Load(), n)
	}
}

// eventually waits until something is so, but not for ever.
func eventually(so func() bool) {
	for deadline := time.Now().Add(20 * time.Second); !so() && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
	}
}

// events reads 50,000 a second.
func (s soak) events(t *testing.T) {
	sent := make(chan int, 1)
	host := Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/events") {
			return
		}
		w.(http.Flusher).Flush()
		i, begin := 0, time.Now()
		for ; time.Since(begin) < s.length; time.Sleep(time.Millisecond) {
			for due := int(time.Since(begin).Seconds() * float64(50_000/s.share)); i < due; i++ {
				fmt.Fprintf(w, `{"Type":"container","Action":"exec_create: true","Actor":{"ID":"%064d","Attributes":{"image":"app:1","name":"app"}},"time":%d,"timeNano":%d}`+"\n", i, begin.Unix(), begin.UnixNano()+int64(i))
			}
			w.(http.Flusher).Flush()
		}
		sent <- i
		<-r.Context().Done()
	})
	got, last := atomic.Int64{}, -1
	r := soaking(t, func(line []byte) {
		if n, err := strconv.Atoi(strings.TrimLeft(string(line[:63]), "0") + string(line[63:])); err == nil && n == last+1 {
			last = n
			got.Add(1)
		}
	}, "-H", host, "events", "-q", ".Actor.ID", "-r")
	r.watch(s.length)
	n := <-sent
	s.arrives(t, &got, int64(n))
	s.end(t, r)
	t.Logf("%d events", n)
}

// arrives waits until got is n.
func (s soak) arrives(t *testing.T, got *atomic.Int64, n int64) {
	t.Helper()
	eventually(func() bool { return got.Load() >= n })
	if g := got.Load(); g != n {
		t.Errorf("%d came in order, %d were sent", g, n)
	}
}

// logs follows 200 logs, 10 MB/s in all.
func (s soak) logs(t *testing.T) {
	c := &crowd{}
	var lines atomic.Int64
	var writing atomic.Int64 // how many have not written all
	writing.Store(200 / int64(s.share))
	host := c.serve(t, 200/s.share, func(w http.ResponseWriter, id string, over <-chan struct{}) {
		i := 0
		repeat(s.length, 10_000_000/200/500, func() {
			line := fmt.Sprintf("2026-01-01T00:00:00.%09dZ %d %0440d\n", i, i, 0)
			header := [8]byte{0: 1}
			binary.BigEndian.PutUint32(header[4:], uint32(len(line)))
			w.Write(append(header[:], line...))
			w.(http.Flusher).Flush()
			lines.Add(1)
			i++
		})
		writing.Add(-1)
		<-over
	})
	var got atomic.Int64
	next := map[string]int{}
	r := soaking(t, func(line []byte) {
		var v []any
		json.Unmarshal(line, &v)
		if name := fmt.Sprint(v[0]); fmt.Sprint(v[1]) == strconv.Itoa(next[name]) {
			next[name]++
			got.Add(1)
		}
	}, "-H", host, "logs", "-f", "status=running", "--follow", "-q", `[.container, (.line | split(" ")[0])]`)
	r.watch(s.length)
	eventually(func() bool { return writing.Load() == 0 })
	s.arrives(t, &got, lines.Load())
	s.end(t, r)
	t.Logf("%d lines", lines.Load())
}

// restarts has the Engine go away 20 times while events come: each is delivered once.
func (s soak) restarts(t *testing.T) {
	const perSecond = 1000
	var begin time.Time // when it is first listened to
	var listened sync.Once
	listening := make(chan struct{})
	happened := func() int { return int(min(time.Since(begin), s.length).Seconds() * perSecond) }
	phase := func() (int, bool) { // of 20, and whether the Engine is up in it
		at := float64(time.Since(begin)) / float64(s.length) * 20
		return int(at), at >= 20 || at-float64(int(at)) < 0.8
	}
	host := Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/events") {
			listened.Do(func() {
				begin = time.Now()
				close(listening)
			})
		}
		select {
		case <-listening:
		default:
			return
		}
		here, up := phase()
		if !up {
			panic(http.ErrAbortHandler)
		}
		if !strings.HasSuffix(r.URL.Path, "/events") {
			return
		}
		i := happened()
		var seconds, nanoseconds int64
		if n, _ := fmt.Sscanf(r.URL.Query().Get("since"), "%d.%d", &seconds, &nanoseconds); n == 2 {
			i = max(0, int((time.Unix(seconds, nanoseconds).Sub(begin)+time.Second/perSecond-1)*perSecond/time.Second))
		}
		w.(http.Flusher).Flush()
		for ; r.Context().Err() == nil; time.Sleep(time.Millisecond) {
			if now, up := phase(); now != min(here, 20) && now < 20 || !up {
				panic(http.ErrAbortHandler)
			}
			for ; i < happened(); i++ {
				at := begin.Add(time.Duration(i) * time.Second / perSecond)
				fmt.Fprintf(w, `{"Type":"container","Action":"start","Actor":{"ID":"%d","Attributes":{"name":"app"}},"time":%d,"timeNano":%d}`+"\n", i, at.Unix(), at.UnixNano())
			}
			w.(http.Flusher).Flush()
		}
	})
	var got, last atomic.Int64
	first, previous, wrong := -1, -1, 0
	r := soaking(t, func(line []byte) {
		n, _ := strconv.Atoi(string(line))
		if first < 0 {
			first, previous = n, n-1
		}
		if n != previous+1 {
			wrong++
			t.Logf("%d after %d", n, previous)
		}
		previous = n
		got.Add(1)
		last.Store(int64(n))
	}, "-H", host, "events", "--reconnect", "-q", ".Actor.ID", "-r")
	r.watch(s.length)
	all := int64(s.length.Seconds()*perSecond) - 1
	eventually(func() bool { return last.Load() >= all })
	r.cmd.Process.Signal(os.Interrupt)
	<-r.read
	r.cmd.Wait()
	t.Logf("events %d to %d, %d delivered, stderr: %d lines", first, previous, got.Load(), strings.Count(r.stderr.String(), "\n"))
	if wrong > 0 || int64(previous) != all {
		t.Errorf("%d of %d–%d not in order and once; the last was to be %d:\n%.1000s", wrong, first, previous, all, r.stderr.String())
	}
}
