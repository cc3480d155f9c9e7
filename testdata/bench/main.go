// Bench runs baleen and what else does the same work side by side, and prints
// the ratios as a Markdown table. The script beside it sets it up.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// work is what the tools do, each in its own way: shell commands in which SOCK
// is the Engine's socket, and CURL a curl that asks it.
type work struct {
	name    string
	count   int    // of the images and containers that the Engine has
	quick   bool   // needs more rounds
	cpu     bool   // compare CPU time, since the clock says nothing
	live    bool   // a record must not wait for the next, for jq either
	baleen  string // arguments
	curl    string // what jq reads
	jq      string // filter; "" if jq cannot do it
	slurp   bool   // the filter has the containers in $c[0]
	curlOne string // does it without jq
	docker  string // arguments, or with DOCKER in it a shell command
}

func all() []work {
	const images, containers = "CURL http://d/images/json", "CURL 'http://d/containers/json?all=1'"
	list := []work{
		{name: "3 images", count: 3, quick: true, baleen: "images", curl: images, jq: ".[]", docker: "images"},
		{name: "3 images, `.Id`", count: 3, quick: true, baleen: "images -q .Id", curl: images, jq: ".[].Id"},
		{name: "100,000 images", count: 100_000, baleen: "images", curl: images, jq: ".[]", docker: "images"},
	}
	on := func(what string, count int, baleen, curl, filter string) {
		name := fmt.Sprintf("%s, `%s`", what, strings.ReplaceAll(filter, "|", `\|`))
		list = append(list, work{name: name, count: count, baleen: baleen + " -q '" + filter + "'", curl: curl, jq: ".[] | " + filter})
	}
	on("100,000 images", 100_000, "images", images, "select(.Size > 500000000) | .Id")
	on("100,000 images", 100_000, "images", images, "{Id, RepoTags, Size}")
	on("100,000 images", 100_000, "images", images, `select(.Labels.maintainer | test("^team-[0-9]*7 "))`)
	list = append(list, work{name: "100,000 containers", count: 100_000, baleen: "containers -a", curl: containers, jq: ".[]", docker: "ps -a"})
	on("100,000 containers", 100_000, "containers -a", containers, `select(.State == "exited") | .Id`)
	on("100,000 containers", 100_000, "containers -a", containers, "{Id, Names, State}")
	on("100,000 containers", 100_000, "containers -a", containers, `select(.Labels.maintainer | test("^team-[0-9]*7 "))`)
	on("10,000 images", 10_000, "images", images, "select(.Size > 500000000) | .Id")
	on("400,000 images", 400_000, "images", images, "select(.Size > 500000000) | .Id")
	join := func(baleen, jq, docker string) {
		list = append(list, work{name: fmt.Sprintf("10,000 images × 10,000 containers, `%s`", strings.ReplaceAll(baleen, "|", `\|`)),
			count: 10_000, baleen: "images -q '" + baleen + "'", slurp: true, curl: images, jq: jq, docker: docker})
	}
	join("select(unused) | .Id", `($c[0] | map({(.ImageID): 1}) | add) as $used | .[] | select($used[.Id] | not) | .Id`,
		"DOCKER images -q --no-trunc | sort -u >SOCK.images; DOCKER ps -aq --no-trunc | xargs DOCKER inspect -f '{{.Image}}' | sort -u | comm -23 SOCK.images -")
	join("{Id, by: [used_by | name]}", `(reduce $c[0][] as $k ({}; .[$k.ImageID] += [$k.Names[0][1:]])) as $by | .[] | {Id, by: ($by[.Id] // [])}`, "")
	list = append(list, work{name: "10,000 images × 10,000 containers, `map(select(unused)) \\| beyond_newest(3; tags \\| repo)[] \\| .Id`", count: 10_000, slurp: true,
		baleen: "images -s -q 'map(select(unused)) | beyond_newest(3; tags | repo)[] | .Id'", curl: images,
		jq: `($c[0] | map({(.ImageID): 1}) | add) as $used | map(select($used[.Id] | not)) | group_by(.RepoTags[0] | sub(":[^:]*$"; "")) | .[] | sort_by(-.Created)[3:][] | .Id`})
	return append(list,
		work{name: "one stream, 50,000 samples, `.cpu_stats.cpu_usage`", count: 3, live: true, baleen: "stats app-0 -q .cpu_stats.cpu_usage", curl: "CURL -N http://d/containers/app-0/stats", jq: ".cpu_stats.cpu_usage"},
		work{name: "500 streams for 5 s, CPU time", count: 500, cpu: true, baleen: "stats -q '{name, cpu: cpu_percent, mem: mem_used}'", docker: "stats --format json"},
		work{name: "1,000 images deleted, each takes 5 ms", count: 1000, baleen: "images -q .Id --delete -P 8",
			curlOne: "CURL -Z --parallel-max 8 -X DELETE 'http://d/images/[1-1000]'", docker: "rmi $(seq -f i%g 1000)"})
}

type cost struct {
	seconds float64
	memory  float64 // MB that its largest process held at most
	faults  float64 // pages that the kernel had to fetch
}

func main() {
	dir := flag.String("dir", "", "where the Engine's sockets are")
	rounds := flag.Int("rounds", 5, "how often each is run")
	only := flag.String("only", "", "only the work whose name this regular expression matches")
	serving := flag.Bool("engine", false, "be the Engine")
	flag.Parse()
	if *serving {
		log.Fatal(serve(*dir, 3, 500, 1000, 10_000, 100_000, 400_000))
	}
	engine := exec.Command(os.Args[0], "-engine", "-dir", *dir)
	if err := engine.Start(); err != nil {
		log.Fatal(err)
	}
	defer engine.Process.Kill()
	for socket := socket(*dir, 400_000); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(socket); err == nil {
			break
		}
	}
	jq := cmp.Or(os.Getenv("JQ"), "jq")
	fmt.Printf("What baleen takes, and what part that is of what others take: median (least–most) of %d rounds, all in turn, on %d CPUs; in brackets the peak memory of the largest process.\n\n", *rounds, runtime.NumCPU())
	fmt.Printf("| work | baleen | of curl \\| %s | of curl \\| gojq | of curl alone | of docker |\n|---|---|---|---|---|---|\n", version(jq))
	wanted := regexp.MustCompile(*only)
	for _, w := range all() {
		if !wanted.MatchString(w.name) {
			continue
		}
		fmt.Printf("| %s |", w.name)
		for _, cell := range w.compare(*dir, jq, *rounds) {
			fmt.Printf(" %s |", cell)
		}
		fmt.Println()
	}
}

func version(tool string) string {
	text, _ := exec.Command(tool, "--version").Output()
	return strings.TrimSpace(string(text))
}

// compare gives a cell for each tool, baleen's first.
func (w work) compare(dir, jq string, rounds int) (cells []string) {
	tools := []string{"baleen", jq, "gojq", "curl", "docker"}
	commands := []string{"baleen " + w.baleen + " -H unix://SOCK", "", "", w.curlOne, ""}
	if w.jq != "" {
		jq := jq
		if w.live {
			jq += " --unbuffered" // gojq is always
		}
		curl, flags := w.curl, " -c '"
		if w.slurp {
			curl, flags = "CURL -o SOCK.containers 'http://d/containers/json?all=1'; "+curl, " -c --slurpfile c SOCK.containers '"
		}
		commands[1] = curl + " | " + jq + flags + w.jq + "'"
		commands[2] = curl + " | gojq" + flags + w.jq + "'"
	}
	switch {
	case strings.Contains(w.docker, "DOCKER"):
		commands[4] = w.docker
	case w.docker != "":
		commands[4] = "DOCKER " + w.docker
	}
	sock := socket(dir, w.count)
	names := strings.NewReplacer("SOCK", sock, "CURL", "curl -s --unix-socket "+sock, "DOCKER", "docker -H unix://"+sock)
	if w.quick {
		rounds *= 10
	}
	costs := make([][]cost, len(tools))
	for range rounds {
		for i, command := range commands {
			if _, err := exec.LookPath(tools[i]); err == nil && command != "" {
				costs[i] = append(costs[i], w.run(names.Replace(command)))
			}
		}
	}
	for i, other := range costs {
		if other == nil {
			cells = append(cells, "")
			continue
		}
		var ratios, seconds, memory, faults []float64
		for round, c := range other {
			ratios = append(ratios, costs[0][round].seconds/c.seconds)
			seconds = append(seconds, c.seconds)
			memory = append(memory, c.memory)
			faults = append(faults, c.faults)
		}
		cell := fmt.Sprintf("%.3g s", median(seconds))
		if i > 0 {
			cell = fmt.Sprintf("%.3f (%.3f–%.3f)", median(ratios), slices.Min(ratios), slices.Max(ratios))
		}
		cell += fmt.Sprintf(" [%.0f MB", median(memory))
		if w.quick { // of a short run they are most of the work, and repeat better than time
			cell += fmt.Sprintf(", %.0f page faults", median(faults))
		}
		cells = append(cells, cell+"]")
	}
	return cells
}

func median(all []float64) float64 { return slices.Sorted(slices.Values(all))[len(all)/2] }

// run runs a shell command. How it ends does not matter: a stream is cut short.
func (w work) run(command string) cost {
	if w.cpu {
		command = "timeout -s INT 5 " + command
	}
	begin := time.Now()
	c := exec.Command("sh", "-c", command)
	c.Run()
	usage := c.ProcessState.SysUsage().(*syscall.Rusage) // that of what it ran, too
	spent := time.Since(begin)
	if w.cpu {
		spent = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	}
	return cost{spent.Seconds(), float64(usage.Maxrss) / 1024, float64(usage.Minflt)}
}
