package command_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
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

// TestExampleFiles: each has the same clean-up, which works on the pretend
// Engine, and each is what the program that it is for reads.
func TestExampleFiles(t *testing.T) {
	baleen := build(t)
	if out := output(t, baleen, "run", "-H", "demo", examples+"clean.baleen"); strings.Count(out, `"status":"done"`) < 10 {
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
	documents := yaml.NewDecoder(f)
	if err := errors.Join(documents.Decode(&config), documents.Decode(&daemons)); err != nil {
		t.Fatal(err)
	}
	if config.Kind != "ConfigMap" || config.Data["clean.baleen"] != string(clean) {
		t.Errorf("kubernetes.yaml has another clean.baleen: %q", config.Data)
	}
	if args := daemons.Spec.Template.Spec.Containers[0].Args; daemons.Kind != "DaemonSet" || !slices.Equal(args[:3], []string{"run", "--cron", "0 2 * * *"}) {
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

// TestDeployment runs an image of nothing but the binary on a real Engine,
// with the Engine's socket and no other privilege.
func TestDeployment(t *testing.T) {
	_, err := exec.LookPath("dockerd")
	if err == nil && os.Geteuid() != 0 {
		err = errors.New("dockerd needs root")
	}
	if err != nil && slices.Contains(strings.Split(os.Getenv("BALEEN_REQUIRE"), ","), "dockerd") {
		t.Fatal(err)
	} else if err != nil {
		t.Skip(err)
	}
	baleen := build(t)
	dockerd, err := engine.StartDockerd(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer dockerd.Stop()
	program, err := engine.Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.NewClient(dockerd.Dial).Small(t.Context(), program); err != nil {
		t.Fatal(err)
	}
	socket, err := engine.NewProxy(dockerd.Dial)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	const group = 4242
	if err := errors.Join(os.Chown(socket.Sock, 0, group), os.Chmod(socket.Sock, 0o660), os.Chmod(filepath.Dir(socket.Sock), 0o755)); err != nil {
		t.Fatal(err)
	}
	ask := func(args ...string) string { return output(t, baleen, append(args, "-H", "unix://"+socket.Sock)...) }

	dir := t.TempDir()
	root, err := os.Create(filepath.Join(dir, "root.tar"))
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(baleen)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(root)
	err = w.WriteHeader(&tar.Header{Name: "baleen", Mode: 0o755, Size: int64(len(binary))})
	if err == nil {
		_, err = io.Copy(w, bytes.NewReader(binary))
	}
	if err := errors.Join(err, w.Close(), root.Close()); err != nil {
		t.Fatal(err)
	}
	ask("api", "-X", "POST", "/images/create?fromSrc=-&repo=baleen&changes=ENTRYPOINT+[%22/baleen%22]", "-d", "@"+root.Name(), "--header", "Content-Type: application/x-tar")
	script, err := filepath.Abs(examples + "clean.baleen")
	if err != nil {
		t.Fatal(err)
	}
	create, err := json.Marshal(map[string]any{
		"Image": "baleen",
		"Cmd":   []string{"run", "--every", "2s", "/clean.baleen"},
		"User":  "65534:4242",
		"HostConfig": map[string]any{
			"NetworkMode": "none", "ReadonlyRootfs": true, "CapDrop": []string{"ALL"}, "SecurityOpt": []string{"no-new-privileges"},
			"Binds": []string{socket.Sock + ":/var/run/docker.sock", script + ":/clean.baleen:ro"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ask("api", "-X", "POST", "/containers/create?name=cleaner", "-d", string(create))
	ask("api", "-X", "POST", "/containers/cleaner/start")

	left := func() string {
		return ask("containers", "-a", "-q", "name", "-r") + ask("images", "-a", "-q", ".RepoTags | join(\" \")", "-r")
	}
	sorted := func(text string) string {
		return strings.Join(slices.Sorted(slices.Values(strings.Fields(text))), " ")
	}
	const want = "app:1 app:2 baleen:latest cleaner k8s_pause_1 modest_bhaskara my_little_container never registry.example.com/kube-system/pause:3 registry.example.com/library/base:1"
	for begun := time.Now(); sorted(left()) != want; time.Sleep(100 * time.Millisecond) {
		if time.Since(begun) > 30*time.Second {
			t.Fatalf("left:\n%s\nlog:\n%s", left(), ask("logs", "cleaner", "-q", ".line", "-r"))
		}
	}
	// A second later the Engine would kill it, which is 137.
	ask("api", "-X", "POST", "/containers/cleaner/stop?t=1")
	if code := ask("inspect", "cleaner", "-q", ".State.ExitCode"); code != "143\n" {
		t.Errorf("SIGTERM ends it with %s", code)
	}
}
