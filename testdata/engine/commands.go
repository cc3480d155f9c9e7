package engine

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// commands are what scripts can say beyond what testscript knows.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"await":    await,
		"behind":   behind,
		"engine":   addEngine,
		"fault":    misbehave,
		"network":  network,
		"registry": registry,
		"requests": requests,
		"service":  service,
		"world":    world,
	}
}

// engine NAME starts another Engine: $NAME_HOST and $NAME_SOCK, and past the
// proxy in front of a real one $NAME_DIRECT.
func addEngine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: engine NAME")
	}
	another, err := ts.Value(enginesKey{}).(*engines).add(args[0])
	ts.Check(err)
	ts.Defer(another.proxy.Close)
	ts.Setenv(args[0]+"_SOCK", another.proxy.Sock)
	ts.Setenv(args[0]+"_HOST", "unix://"+another.proxy.Sock)
	if d, ok := another.service.(*Dockerd); ok {
		ts.Setenv(args[0]+"_DIRECT", "unix://"+d.Sock())
	}
}

// world small [ENGINE] fills an Engine; world empty [ENGINE] says that it holds
// nothing.
func world(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 || args[0] != "small" && args[0] != "empty" {
		ts.Fatalf("usage: world small|empty [ENGINE]")
	}
	client := of(ts, args[1:]...).client
	if args[0] == "small" {
		tar, err := ts.Value(enginesKey{}).(*engines).program()
		ts.Check(err)
		ts.Check(client.Small(context.Background(), tar))
		return
	}
	objects, err := client.Objects(context.Background())
	ts.Check(err)
	if len(objects) > 0 {
		ts.Fatalf("the Engine holds %v", objects)
	}
}

// await EXPRESSION [ENGINE] waits for a request whose path and query match, and
// a moment more, which the Engine needs to begin with it.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: await EXPRESSION [ENGINE]")
	}
	path, err := regexp.Compile(args[0])
	ts.Check(err)
	proxy := of(ts, args[1:]...).proxy
	for range 400 {
		if slices.ContainsFunc(proxy.Requests(), path.MatchString) {
			time.Sleep(200 * time.Millisecond)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("no such request")
}

// network down|up cuts the way to the Engine, and opens it again.
func network(ts *testscript.TestScript, neg bool, args []string) {
	switch proxy := of(ts).proxy; {
	case !neg && slices.Equal(args, []string{"down"}):
		ts.Check(proxy.Down())
	case !neg && slices.Equal(args, []string{"up"}):
		ts.Check(proxy.Up())
	default:
		ts.Fatalf("usage: network down|up")
	}
}

// behind COUNT METHOD PATH JSON changes the Engine so many times on another way,
// which is always open; %d in JSON is a number that grows.
func behind(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: behind COUNT METHOD PATH JSON")
	}
	count, err := strconv.Atoi(args[0])
	ts.Check(err)
	for i := range count {
		body := strings.ReplaceAll(args[3], "%d", strconv.Itoa(i))
		ts.Check(of(ts).client.Do(context.Background(), args[1], args[2], body))
	}
}

// registry NAME [USER PASSWORD] starts a registry: $NAME is its address.
func registry(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 && len(args) != 3 {
		ts.Fatalf("usage: registry NAME [USER PASSWORD]")
	}
	name, args := args[0], append(args[1:], "", "")
	r, err := StartRegistry(context.Background(), args[0], args[1])
	ts.Check(err)
	ts.Defer(r.Stop)
	for _, e := range ts.Value(enginesKey{}).(*engines).running {
		if p, ok := e.service.(*Podman); ok {
			ts.Check(p.Trust(context.Background(), r.Addr))
		}
	}
	ts.Setenv(name, r.Addr)
}

// service stop|kill|start [ENGINE] ends a real Engine, in order or, Docker's, at
// once, and starts it again with what it held.
func service(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: service stop|kill|start [ENGINE]")
	}
	s := of(ts, args[1:]...).service
	switch {
	case s == nil:
		ts.Fatalf("no real Engine")
	case args[0] == "stop":
		s.Shutdown()
	case args[0] == "kill":
		s.(*Dockerd).Kill()
	case args[0] == "start":
		ts.Check(s.Start(context.Background()))
	default:
		ts.Fatalf("service stop, kill or start, not %s", args[0])
	}
}

// requests METHOD|* COUNT [EXPRESSION] counts the requests whose path and query
// match; requests reset starts over.
func requests(ts *testscript.TestScript, neg bool, args []string) {
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
}

// fault KIND … EXPRESSION makes the Engine misbehave: see [Proxy.Fault]. fault
// body takes a file.
func misbehave(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: fault KIND [ARGUMENT...] EXPRESSION")
	}
	if args[0] == "body" && len(args) == 3 {
		args = []string{"body", ts.ReadFile(args[1]), args[2]}
	}
	ts.Check(of(ts).proxy.Fault(args[0], args[1:]...))
}
