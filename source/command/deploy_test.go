package command_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"baleen/testdata/engine"
)

const examples = "../../examples/"

// build makes the binary as the Dockerfile does it.
func build(t *testing.T) string {
	dockerfile, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	_, command, found := strings.Cut(string(dockerfile), "\nRUN CGO_ENABLED=0 ")
	if !found {
		t.Fatal("the Dockerfile builds nothing")
	}
	command, _, _ = strings.Cut(command, "\n")
	file := filepath.Join(t.TempDir(), "baleen")
	cmd := exec.Command("sh", "-c", strings.Replace(command, "/baleen", file, 1))
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return file
}

// output is what a program prints, which must succeed.
func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", program, strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return string(out)
}

// leaves are the values in v that hold no others, by their paths.
func leaves(path string, v any) map[string]any {
	all := map[string]any{path: v}
	switch v := v.(type) {
	case map[string]any:
		delete(all, path)
		for key, value := range v {
			maps.Copy(all, leaves(path+"."+key, value))
		}
	case []any:
		delete(all, path)
		for i, value := range v {
			maps.Copy(all, leaves(fmt.Sprint(path, ".", i), value))
		}
	}
	return all
}

// TestExampleFiles: each has the same clean-up, which works on the pretend
// Engine, and each is what the program that it is for reads.
func TestExampleFiles(t *testing.T) {
	baleen := build(t)
	if out := output(t, baleen, "run", "-H", "demo", examples+"clean.baleen"); strings.Count(out, `"status":"done"`) < 5 {
		t.Errorf("clean.baleen did little:\n%s", out)
	}
	clean, err := os.ReadFile(examples + "clean.baleen")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(examples + "kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var config struct {
		Kind string
		Data map[string]string
	}
	var daemons struct {
		Kind string
		Spec struct {
			Template struct {
				Spec struct {
					Containers []struct{ Args []string }
				}
			}
		}
	}
	var whole any
	documents := yaml.NewDecoder(f)
	if err := errors.Join(documents.Decode(&config), documents.Decode(&whole)); err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &daemons); err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("kubectl"); err != nil {
		t.Logf("not checked: %v", err)
	} else {
		// It drops what Kubernetes does not know.
		file := filepath.Join(t.TempDir(), "daemonset.yaml")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		var known any
		if err := yaml.Unmarshal([]byte(output(t, "kubectl", "set", "image", "--local", "-f", file, "clean=baleen:1", "-o", "yaml")), &known); err != nil {
			t.Fatal(err)
		}
		for path, value := range leaves("", whole) {
			if got := leaves("", known)[path]; got != value && path != ".spec.template.spec.containers.0.image" {
				t.Errorf("kubernetes.yaml: to kubectl %s is %v, not %v", path, got, value)
			}
		}
	}
	if config.Kind != "ConfigMap" || config.Data["clean.baleen"] != string(clean) {
		t.Errorf("kubernetes.yaml has another clean.baleen: %q", config.Data)
	}
	if args := daemons.Spec.Template.Spec.Containers[0].Args; daemons.Kind != "DaemonSet" || !slices.Equal(args[:3], []string{"run", "--cron", "0 4 * * *"}) {
		t.Errorf("kubernetes.yaml: %+v", daemons)
	}
	for _, check := range []string{
		"docker stack config -c " + examples + "swarm.yaml",
		"systemd-analyze verify --man=no ./baleen-clean.service ./baleen-clean.timer",
	} {
		words := strings.Fields(check)
		if _, err := exec.LookPath(words[0]); err != nil {
			t.Logf("not checked: %v", err)
			continue
		}
		cmd := exec.Command(words[0], words[1:]...)
		if words[0] == "docker" && strings.Contains(output(t, "docker", "--version"), " 20.") {
			t.Log("not checked: docker 20.10 has no `stack config`")
			continue
		}
		if words[0] == "systemd-analyze" { // the program has to be there
			cmd.Dir = t.TempDir()
			for _, unit := range []string{"baleen-clean.service", "baleen-clean.timer"} {
				text, err := os.ReadFile(examples + unit)
				if err != nil {
					t.Fatal(err)
				}
				text = bytes.ReplaceAll(text, []byte("/usr/local/bin/baleen"), []byte(baleen))
				if err := os.WriteFile(filepath.Join(cmd.Dir, unit), text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		if out, err := cmd.CombinedOutput(); err != nil || words[0] == "systemd-analyze" && len(out) > 0 {
			t.Errorf("%s: %v\n%s", check, err, out)
		}
	}
}

// need skips t where a program is missing, or fails it if BALEEN_REQUIRE asks for
// the program.
func need(t *testing.T, programs ...string) {
	for _, program := range programs {
		_, err := exec.LookPath(program)
		if err == nil && os.Geteuid() != 0 {
			err = errors.New(program + " needs root")
		}
		if err != nil && slices.Contains(strings.Split(os.Getenv("BALEEN_REQUIRE"), ","), program) {
			t.Fatal(err)
		} else if err != nil {
			t.Skip(err)
		}
	}
}

// group is the one that the examples say the socket belongs to.
const group = 999

// A machine has a real Engine, whose world is to be cleaned up, and whose image
// baleen is nothing but the binary.
type machine struct {
	*testing.T
	baleen string // the binary
	root   string // a tar of it
	client *engine.Client
	socket *engine.Proxy
}

func newMachine(t *testing.T) *machine {
	need(t, "dockerd")
	m := &machine{T: t, baleen: build(t), root: filepath.Join(t.TempDir(), "root.tar")}
	root, err := os.Create(m.root)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(m.baleen)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(root)
	err = w.WriteHeader(&tar.Header{Name: "baleen", Mode: 0o755, Size: int64(len(binary))})
	if err == nil {
		_, err = w.Write(binary)
	}
	if err := errors.Join(err, w.Close(), root.Close()); err != nil {
		t.Fatal(err)
	}
	dockerd, err := engine.StartDockerd(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dockerd.Stop(); err != nil {
			t.Errorf("stopping dockerd: %v", err)
		}
	})
	m.client = engine.NewClient(dockerd.Dial)
	if m.socket, err = engine.NewProxy(dockerd.Dial); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.socket.Close)
	if err := errors.Join(os.Chown(m.socket.Sock, 0, group), os.Chmod(m.socket.Sock, 0o660), os.Chmod(filepath.Dir(m.socket.Sock), 0o755)); err != nil {
		t.Fatal(err)
	}
	return m
}

// on is the machine for a test of its own, with the world small.
func (m *machine) on(t *testing.T) *machine {
	here := *m
	here.T = t
	program, err := engine.Program(t.Context())
	if err == nil {
		err = errors.Join(m.client.Empty(t.Context()), m.client.Small(t.Context(), program))
	}
	if err != nil {
		t.Fatal(err)
	}
	here.ask("api", "-X", "POST", "/images/create?fromSrc=-&repo=baleen&changes=ENTRYPOINT+[%22/baleen%22]", "-d", "@"+m.root, "--header", "Content-Type: application/x-tar")
	return &here
}

func (m *machine) host() string { return "unix://" + m.socket.Sock }

func (m *machine) ask(args ...string) string {
	m.Helper()
	return output(m.T, m.baleen, append(args, "-H", m.host())...)
}

// example is a file of the examples for this machine, which cleans up at once.
func (m *machine) example(name string) string {
	m.Helper()
	b, err := os.ReadFile(examples + name)
	if err != nil {
		m.Fatal(err)
	}
	text := string(b)
	for _, change := range [][2]string{
		{` --cron, "0 4 * * *", --jitter, 30m`, " --every, 2s"},
		{"registry.example.com/baleen:TAG", "localhost/baleen:latest"},
		{"            - {name: TZ, value: Europe/Berlin}", "            - {name: GRACE, value: 0s}"}, // all of the world is new
		{"      TZ: Europe/Berlin", "      GRACE: 0s"},
		{"{path: /var/run/docker.sock", "{path: " + m.socket.Sock},
		{"- /var/run/docker.sock:", "- " + m.socket.Sock + ":"},
	} {
		text = strings.ReplaceAll(text, change[0], change[1])
	}
	if !strings.Contains(text, "--every") || !strings.Contains(text, m.socket.Sock) {
		m.Fatalf("%s is not what it was:\n%s", name, text)
	}
	return text
}

// cleaned waits until the clean-up is done; log tells what it says.
func (m *machine) cleaned(log func() string) {
	m.Helper()
	left := func() string {
		all := m.ask("containers", "-a", "-q", `name | select(startswith("clean") | not)`, "-r") +
			m.ask("images", "-a", "-q", `.RepoTags | join(" ") | select(. != "baleen:latest")`, "-r")
		return strings.Join(slices.Sorted(slices.Values(strings.Fields(all))), " ")
	}
	const want = "app:1 app:2 k8s_pause_1 modest_bhaskara my_little_container never"
	for begun := time.Now(); left() != want; time.Sleep(100 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			m.Fatalf("left: %s\nlog:\n%s", left(), log())
		}
	}
}

// TestDeployment cleans up a real Engine, on which each of the examples runs
// baleen with the Engine's socket and no other privilege.
func TestDeployment(t *testing.T) {
	m := newMachine(t)
	t.Run("docker", func(t *testing.T) { m.on(t).docker() })
	t.Run("kubernetes", func(t *testing.T) { m.on(t).kubernetes() })
	t.Run("swarm", func(t *testing.T) { m.on(t).swarm() })
}

func (m *machine) docker() {
	script, err := filepath.Abs(examples + "clean.baleen")
	if err != nil {
		m.Fatal(err)
	}
	create, err := json.Marshal(map[string]any{
		"Image": "baleen",
		"Cmd":   []string{"run", "--every", "2s", "/clean.baleen"},
		"Env":   []string{"GRACE=0s"},
		"User":  fmt.Sprint("65534:", group),
		"HostConfig": map[string]any{
			"NetworkMode": "none", "ReadonlyRootfs": true, "CapDrop": []string{"ALL"}, "SecurityOpt": []string{"no-new-privileges"},
			"Binds": []string{m.socket.Sock + ":/var/run/docker.sock", script + ":/clean.baleen:ro"},
		},
	})
	if err != nil {
		m.Fatal(err)
	}
	m.ask("api", "-X", "POST", "/containers/create?name=cleaner", "-d", string(create))
	m.ask("api", "-X", "POST", "/containers/cleaner/start")
	m.cleaned(func() string { return m.ask("logs", "cleaner", "-q", ".line", "-r") })
	// A second later the Engine would kill it, which is 137.
	m.ask("api", "-X", "POST", "/containers/cleaner/stop?t=1")
	if code := m.ask("inspect", "cleaner", "-q", ".State.ExitCode"); code != "143\n" {
		m.Errorf("SIGTERM ends it with %s", code)
	}
}

// kubernetes has Podman do what a node's kubelet does with the ConfigMap and the
// DaemonSet's pod, which is any Deployment's to Podman.
func (m *machine) kubernetes() {
	need(m.T, "podman")
	dir, err := os.MkdirTemp("", "bl") // short, since Podman's paths have to be
	if err != nil {
		m.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			m.Fatal(err)
		}
		return name
	}
	// A pod's first container does nothing, for as long as the pod runs.
	m.Setenv("CONTAINERS_CONF", file("containers.conf", "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n[engine]\ninfra_image = \"localhost/pause\"\n"))
	store := []string{"--storage-driver", "vfs"}
	for _, part := range []string{"root", "runroot", "tmpdir", "network-config-dir"} {
		store = append(store, "--"+part, filepath.Join(dir, part))
	}
	podman := func(args ...string) string {
		m.Helper()
		return output(m.T, "podman", slices.Concat(store, args)...)
	}
	podman("import", "--change", `ENTRYPOINT ["/baleen"]`, m.root, "localhost/baleen:latest")
	podman("import", "--change", `ENTRYPOINT ["/baleen", "-H", "demo", "events"]`, m.root, "localhost/pause:latest")
	yaml := strings.Replace(m.example("kubernetes.yaml"), "kind: DaemonSet", "kind: Deployment", 1)
	defer podman("pod", "rm", "-f", "-a")
	podman("kube", "play", "--build=false", "--network", "none", file("kubernetes.yaml", yaml))
	m.cleaned(func() string {
		log, _ := exec.Command("podman", slices.Concat(store, []string{"logs", "baleen-pod-0-clean"})...).CombinedOutput()
		return string(log)
	})
	podman("stop", "-t", "1", "baleen-pod-0-clean")
	if code := podman("inspect", "-f", "{{.State.ExitCode}}", "baleen-pod-0-clean"); code != "143\n" {
		m.Errorf("SIGTERM ends it with %s", code)
	}
}

// swarm makes a Swarm of the one machine.
func (m *machine) swarm() {
	need(m.T, "docker")
	port, err := net.Listen("tcp", "127.0.0.1:2377")
	if err != nil {
		m.Skipf("the machine may have a Swarm of its own: %v", err)
	}
	port.Close()
	m.Setenv("DOCKER_HOST", m.host())
	dir := m.TempDir()
	clean, err := os.ReadFile(examples + "clean.baleen")
	if err == nil {
		err = errors.Join(os.WriteFile(filepath.Join(dir, "clean.baleen"), clean, 0o600),
			os.WriteFile(filepath.Join(dir, "swarm.yaml"), []byte(m.example("swarm.yaml")), 0o600))
	}
	if err != nil {
		m.Fatal(err)
	}
	// The bridge that a Swarm makes by itself has one name on all Engines, and stays.
	output(m.T, "docker", "network", "create", "--opt", "com.docker.network.bridge.name="+filepath.Base(filepath.Dir(m.socket.Sock)), "docker_gwbridge")
	output(m.T, "docker", "swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1")
	defer output(m.T, "docker", "swarm", "leave", "--force")
	output(m.T, "docker", "stack", "deploy", "-c", filepath.Join(dir, "swarm.yaml"), "clean")
	m.cleaned(func() string { return m.ask("tasks") + m.ask("containers", "-a", "-q", `"\(name) \(.Status)"`, "-r") })
	for source, want := range map[string]string{
		"services": `[["clean_clean",true]]`, "configs": `[["clean_clean",false]]`, "secrets": `[]`, "nodes": `[[null,false]]`,
	} {
		if got := m.ask(source, "-s", "-q", "map([.Spec.Name, .Spec.Mode.Global != null])", "-c"); got != want+"\n" {
			m.Errorf("%s: %s", source, got)
		}
	}
	tasks := ""
	for deadline := time.Now().Add(20 * time.Second); tasks != `["running","baleen:latest"]`+"\n"; time.Sleep(50 * time.Millisecond) {
		if tasks = m.ask("tasks", "-f", "service=clean_clean", "-q", "[.Status.State, .Spec.ContainerSpec.Image]"); time.Now().After(deadline) {
			m.Fatalf("tasks: %s", tasks)
		}
	}
	// A service restarted, as docker service update --force does it.
	if got := m.ask("services", "clean_clean", "--request", `POST /services/\(.ID)/update?version=\(.Version.Index)`, "--body", ".Spec | .TaskTemplate.ForceUpdate += 1"); !strings.Contains(got, `"status":"done"`) {
		m.Errorf("services --request: %s", got)
	}
	if got := m.ask("services", "clean_clean", "-q", ".Spec.TaskTemplate.ForceUpdate"); got != "1\n" {
		m.Errorf("ForceUpdate: %s", got)
	}
	// The Engine has to be of the Swarm still when the network goes, after the tasks.
	output(m.T, "docker", "stack", "rm", "clean")
	for begun := time.Now(); m.ask("networks", "-q", `select(name == "clean_default")`) != ""; time.Sleep(100 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			m.Fatal("the stack's network stays")
		}
	}
}
