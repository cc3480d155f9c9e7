package query

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// An asked Engine notes what it is asked for. Each answer is a line of records.
type asked struct {
	answers map[string]string
	mu      sync.Mutex
	paths   []string
	flying  int // requests under way
	most    int // of them at once
}

type notFound string

func (e notFound) Error() string  { return "no such thing: " + string(e) }
func (e notFound) NotFound() bool { return true }

func (a *asked) get(path string) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		a.mu.Lock()
		a.paths = append(a.paths, path)
		a.flying++
		a.most = max(a.most, a.flying)
		a.mu.Unlock()
		time.Sleep(time.Millisecond)
		defer func() {
			a.mu.Lock()
			a.flying--
			a.mu.Unlock()
		}()
		text, ok := a.answers[path]
		if !ok {
			yield(nil, notFound(path))
			return
		}
		records(strings.Fields(text)...)(yield)
	}
}

func (a *asked) engine() Engine {
	return Engine{
		Get:  a.get,
		Info: func() (string, string, string, error) { return "name", "host", "1.41", nil },
		Wait: func() {},
	}
}

func TestInUse(t *testing.T) {
	const one, two, three, four = `sha256:1111111111111111111111111111111111111111111111111111111111111111`, `sha256:2222222222222222222222222222222222222222222222222222222222222222`,
		`sha256:3333333333333333333333333333333333333333333333333333333333333333`, `sha256:4444444444444444444444444444444444444444444444444444444444444444`
	a := &asked{answers: map[string]string{
		"/containers/json?all=1": `{"State":"exited","Image":"app:1","ImageID":"` + one + `","Mounts":[{"Type":"volume","Name":"data"},{"Type":"bind","Source":"/x"}],"NetworkSettings":{"Networks":{"front":{"NetworkID":""}}}}
			{"State":"running","Image":"reg.example.com/by-name","ImageID":"sha256:f00d","HostConfig":{"NetworkMode":"mode"},"NetworkSettings":{"Networks":{"x":{"NetworkID":"n7"}}}}
			{"Image":"a@` + four + `"} {"Image":"z","ImageManifestDescriptor":{"mediaType":"m","digest":"sha256:f1fe"}}`,
		"/images/json?all=1": `{"Id":"` + three + `","ParentId":"` + two + `"} {"Id":"` + two + `","ParentId":""}`,
		"/networks":          `{"Name":"template","ConfigOnly":true} {"Name":"made","ConfigFrom":{"Network":"template"}}`,
		"/networks/n8":       `{"Containers":{"ep-1":{}}}`,
		"/networks/n9":       `{"Containers":{}}`,
	}}
	for _, test := range []struct{ record, want string }{
		{`{"Id":"` + one + `","RepoTags":null}`, "true"},
		{`{"Id":"` + strings.TrimPrefix(one, "sha256:") + `","RepoTags":[]}`, "true"},
		{`{"Id":"` + two + `","RepoTags":["base:1"]}`, "true"},
		{`{"Id":"` + three + `","RepoTags":["other:1","by-name:latest"]}`, "false"},
		{`{"Id":"` + three + `","RepoTags":["reg.example.com/by-name:latest"]}`, "true"},
		{`{"Id":"` + three + `","RepoTags":[],"RepoDigests":["a@` + four + `"]}`, "true"},
		{`{"Id":"` + three + `","RepoTags":["<none>:<none>"],"RepoDigests":["<none>@<none>"],"Containers":-1}`, "false"},
		{`{"Id":"` + three + `","RepoTags":[],"Containers":1}`, "true"},
		{`{"Id":"sha256:f1fe","RepoTags":[]}`, "true"},
		{`{"Name":"data","Mountpoint":"/m"}`, "true"},
		{`{"Name":"dat","Mountpoint":"/m"}`, "false"},
		{`{"Name":"bridge","Id":"n1","IPAM":{}}`, "true"},
		{`{"Name":"front","Id":"n2","IPAM":{}}`, "true"},
		{`{"Name":"y","Id":"n7","IPAM":{}}`, "true"},
		{`{"Name":"mode","Id":"n3","IPAM":{}}`, "true"},
		{`{"Name":"swarm","Id":"n8","IPAM":{}}`, "true"},
		{`{"Name":"idle","Id":"n9","IPAM":{}}`, "false"},
		{`{"Name":"ingress","Id":"n4","IPAM":{},"Ingress":true}`, "true"},
		{`{"Name":"template","Id":"n5","IPAM":{},"ConfigOnly":true}`, "true"},
		{`{"Name":"unused-template","Id":"n6","IPAM":{},"ConfigOnly":true}`, "false"},
		{`{"Name":"late","Id":"n0","IPAM":{}}`, `error: filter failed on "late": in_use: no such thing: /networks/n0`},
		{`{"Names":["/c"],"Id":"c","Image":"x"}`, `error: filter failed on "c": in_use: cannot find an image, volume or network in this object`},
		{`{"Type":"image","Actor":{"ID":"x"}}`, `error: filter failed on "x": in_use: cannot find an image, volume or network in this object`},
		{`"app:1"`, `error: filter failed on record 1: in_use: cannot find an image, volume or network in "app:1"`},
	} {
		// The second may see the containers, of which all is kept then.
		for _, filter := range []string{"in_use", "in_use, (empty | containers)"} {
			o := Options{Filter: filter, Engine: a.engine()}
			if got := outputs(t, o, test.record); got != test.want {
				t.Errorf("in_use of %s: %s, want %s", test.record, got, test.want)
			}
			o.Filter = "unused | not"
			if got := outputs(t, o, test.record); got != test.want {
				t.Errorf("unused of %s: %s, want %s", test.record, got, test.want)
			}
		}
	}
}

// TestAsking counts the requests for what filters use.
func TestAsking(t *testing.T) {
	answers := map[string]string{
		"/containers/json?all=1": `{"Id":"a"} {"Id":"b"}`,
		"/images/json?all=1":     ``,
		"/volumes":               `{"Volumes":null,"Warnings":[]}`,
		"/x":                     `1 2 3`,
	}
	in := make([]string, 100)
	for i := range in {
		in[i] = fmt.Sprintf(`{"Id":"%d","Names":["/c%[1]d"],"RepoX":1}`, i)
		answers[fmt.Sprintf("/containers/%d/json", i)] = fmt.Sprintf(`{"Id":"%d","full":true}`, i)
		if i < 80 {
			answers[fmt.Sprintf("/p%d", i)] = fmt.Sprint(i)
		}
	}
	for _, test := range []struct {
		filter      string
		options     Options
		want        string // of the last result
		paths, most int
	}{
		{"1", Options{}, `1`, 0, 0},
		{"{containers: 1}", Options{}, `{"containers":1}`, 0, 0},
		{"def containers: 7; containers", Options{}, `7`, 0, 0},
		{"[containers.Id]", Options{}, `["a","b"]`, 1, 1},
		{"[engine(\"/x\")], [engine(\"x\")]", Options{}, `[1,2,3]`, 1, 1},
		{"[images, volumes]", Options{}, `[]`, 2, 1},
		{"[containers.Id]", Options{Null: true}, `["a","b"]`, 1, 1},
		{"first(engine(\"/x\"))", Options{}, `1`, 1, 1},
		{"[engine(\"/x\"), engine(\"/x\")] | add", Options{Slurp: true}, `12`, 1, 1},
		{"[engine(\"/p\\(range(80))\")] | length, [engine(\"/x\")][0]", Options{Slurp: true}, `1`, 81, 1},
		{`[engine("/x") as $x | engine("/p\(range(80))") | $x] | add, length`, Options{Slurp: true}, `240`, 241, 1},
		{"$engine.api_version, {$engine}.engine.name", Options{}, `"name"`, 0, 0},
		{"inspect.Id", Options{}, `"99"`, 100, maxWindow},
		{"inspect.Id, inspect.full", Options{}, `true`, 100, maxWindow},
		{"[.[] | select(inspect.full) | inspect.Id][-1]", Options{Slurp: true}, `"99"`, 100, maxWindow},
		{"[inputs | inspect.Id][-1]", Options{Null: true}, `"99"`, 100, maxWindow},
		{"select(.Id | tonumber % 10 == 9) | inspect.Id", Options{}, `"99"`, 10, 1},
		{".Names[0][1:] | inspect? // .", Options{}, `"c99"`, 0, 0},
		{".Id | inspect.Id", Options{Kind: "container"}, `"99"`, 100, maxWindow},
	} {
		a := &asked{answers: answers}
		test.options.Filter, test.options.Engine = test.filter, a.engine()
		got := strings.Split(outputs(t, test.options, in...), "\n")
		if last := got[len(got)-1]; last != test.want || len(a.paths) != test.paths || a.most > test.most+1 || test.most > 1 && a.most < 3 {
			t.Errorf("%s gives %s after %d requests, %d at once; want %s, %d, %d", test.filter, last, len(a.paths), a.most, test.want, test.paths, test.most)
		}
	}
}

// TestAskingOrder: what is asked for ahead comes out in the records' order, and
// errors in their places.
func TestAskingOrder(t *testing.T) {
	a := &asked{answers: map[string]string{}}
	var in, want []string
	for i := range 50 {
		name := fmt.Sprint("c", i)
		switch {
		case i == 7:
			in, want = append(in, "!lost"), append(want, "error: lost")
		case i == 20:
			in = append(in, `{"Id":"gone","Names":["/gone"]}`)
			want = append(want, `error: filter failed on "gone": inspect: no such thing: /containers/gone/json`)
		default:
			in, want = append(in, `{"Id":"`+name+`","Names":["/`+name+`"]}`), append(want, `"`+name+`"`)
			a.answers["/containers/"+name+"/json"] = `{"Id":"` + name + `"}`
		}
	}
	p, err := Compile(Options{Filter: "inspect.Id", Engine: a.engine()})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := results(p.Run(records(in...))); !slices.Equal(got, want) {
			t.Errorf("got %q\nwant %q", got, want)
		}
	}
}

// TestNoAnswer: an Engine that does not answer ends the run, whatever a filter
// makes of errors.
func TestNoAnswer(t *testing.T) {
	lost := errors.New("no answer")
	calls := 0
	engine := Engine{
		Get: func(path string) iter.Seq2[json.RawMessage, error] {
			return func(yield func(json.RawMessage, error) bool) {
				calls++
				if path != "/cut" || yield(json.RawMessage(`1`), nil) {
					yield(nil, lost)
				}
			}
		},
		Info: func() (string, string, string, error) { return "", "", "", lost },
		Wait: func() {},
	}
	for _, filter := range []string{
		"containers", "try containers catch 1", "images? // 1", "first(volumes, 1)", "[networks] | length", "unused", "try unused catch true",
		"inspect", "try inspect catch true", "$engine", "try $engine catch 1", "[engine(\"/cut\")]?", "label $f | in_use, break $f", "isempty(engine(\"/x\"))",
		"reduce containers as $c (0; 1)", "limit(1; engine(\"/x\"))", "any(containers; true)",
	} {
		for _, o := range []Options{{}, {Slurp: true}, {Null: true}} {
			o.Filter, o.Engine = filter, engine
			if o.Slurp {
				o.Filter = ".[] | " + filter
			} else if o.Null {
				o.Filter = "inputs | " + filter
			}
			got := outputs(t, o, `{"Id":"1","RepoTags":[]}`, `{"Id":"2","RepoTags":[]}`)
			if got != "error: no answer" {
				t.Errorf("%s: %s", o.Filter, got)
			}
			var record *RecordError
			p, _ := Compile(o)
			for _, err := range p.Run(records(`{"Id":"1","RepoTags":[]}`)) {
				if errors.As(err, &record) || !isFatal(err) {
					t.Errorf("%s: %T", o.Filter, err)
				}
			}
		}
		if got := outputs(t, Options{Filter: filter}, `{"Id":"1","RepoTags":[]}`); got != "error: the filter asks the Engine, but there is none" {
			t.Errorf("%s without an Engine: %s", filter, got)
		}
	}
	// What came before it stands.
	if got := outputs(t, Options{Filter: "engine(\"/cut\")", Engine: engine}, "1", "2"); got != "1\nerror: no answer" {
		t.Error(got)
	}
}

// TestLive: on a stream an answer is good for a second, on a list for the run.
func TestLive(t *testing.T) {
	for live, want := range map[bool]int{true: 3, false: 1} {
		synctest.Test(t, func(t *testing.T) {
			a := &asked{answers: map[string]string{"/containers/json?all=1": `1 2`}}
			p, err := Compile(Options{Filter: "[containers] | add", Engine: a.engine(), Live: live})
			if err != nil {
				t.Fatal(err)
			}
			input := func(yield func(json.RawMessage, error) bool) {
				for range 30 {
					if !yield([]byte("1"), nil) {
						return
					}
					time.Sleep(100 * time.Millisecond)
				}
			}
			if got := results(p.Run(input)); len(got) != 30 || got[29] != "3" || len(a.paths) != want {
				t.Errorf("live %v: %q after %d requests, want %d", live, got, len(a.paths), want)
			}
		})
	}
}

// TestLiveInspect: on a stream a full record is good for a second, though never for
// less than the record that it was asked for, and on a list for the run.
func TestLiveInspect(t *testing.T) {
	for _, test := range []struct {
		filter, record string
		live           bool
		slow           time.Duration
		want           string // of the last record
	}{
		{"inspect.n", `{"id":"c1","name":"/web","cpu_stats":{}}`, false, 0, "1"},
		{"inspect.n", `{"id":"c1","name":"/web","cpu_stats":{}}`, true, 0, "3"},
		{"[inspect, inspect | .n]", `{"id":"c1","name":"/web","cpu_stats":{}}`, true, 2 * time.Second, "[2,2]"},
		{"in_use", `{"Id":"n1","Name":"net","IPAM":{}}`, false, 0, "false"},
		{"in_use", `{"Id":"n1","Name":"net","IPAM":{}}`, true, 0, "true"},
	} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			engine := Engine{Wait: func() {}, Get: func(path string) iter.Seq2[json.RawMessage, error] {
				if path == "/containers/json?all=1" {
					return records()
				}
				asked++
				time.Sleep(test.slow)
				return records(fmt.Sprintf(`{"n":%d,"Containers":{%s}}`, asked, strings.Repeat(`"ep":{}`, asked/3)))
			}}
			p, err := Compile(Options{Filter: test.filter, Engine: engine, Live: test.live})
			if err != nil {
				t.Fatal(err)
			}
			input := func(yield func(json.RawMessage, error) bool) {
				for range 28 {
					if !yield([]byte(test.record), nil) {
						return
					}
					time.Sleep(100 * time.Millisecond)
				}
			}
			if got := results(p.Run(input)); len(got) != 28 || got[27] != test.want {
				t.Errorf("%s, live %v: %q, want %s", test.filter, test.live, got, test.want)
			}
		})
	}
}

// TestDropped: an answer that is too old for another use is still read to its end
// by what has begun to, and not kept open by what has not.
func TestDropped(t *testing.T) {
	for _, test := range []struct {
		filter, want string
		open         int // the most answers at once
	}{
		{`engine("/x") as $x | engine("/slow\($x)") | [$x, (engine("/x") | select(. > 1))]`, "[1,2,3]\n[2,2,3]\n[3,2,3]", 3},
		{`[range(1000) | first(engine("/x")), engine("/slow")] | length`, "2000", 2 * maxAnswers},
		{`[range(1000) | first(engine("/x\(.)"))] | length`, "1000", 3 * maxAnswers},
	} {
		synctest.Test(t, func(t *testing.T) {
			open, most := 0, 0
			engine := Engine{Get: func(path string) iter.Seq2[json.RawMessage, error] {
				if strings.HasPrefix(path, "/slow") {
					time.Sleep(2 * time.Second)
					return records("1")
				}
				return func(yield func(json.RawMessage, error) bool) {
					open++
					most = max(most, open)
					defer func() { open-- }()
					records("1", "2", "3")(yield)
				}
			}}
			got := outputs(t, Options{Filter: test.filter, Engine: engine, Live: true}, "null")
			if got != test.want || open != 0 || most > test.open {
				t.Errorf("%s: %s with %d open, %d at the end", test.filter, got, most, open)
			}
		})
	}
}
