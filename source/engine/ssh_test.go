package engine

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestManyStreams has a real sshd, with its defaults, carry many streams at once.
func TestManyStreams(t *testing.T) {
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		sshd = "/usr/sbin/sshd"
	}
	if _, missing := os.Stat(sshd); missing != nil || os.Geteuid() != 0 {
		if slices.Contains(strings.Split(os.Getenv("BALEEN_REQUIRE"), ","), "sshd") {
			t.Fatal("no sshd, or not root")
		}
		t.Skip("no sshd, or not root")
	}
	mustFind(t, "docker") // whose dial-stdio is the first connection
	const streams = 500
	var open sync.WaitGroup
	open.Add(streams)
	allOpen := make(chan struct{})
	go func() {
		open.Wait()
		close(allOpen)
	}()
	socket := double(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/stats") {
			fmt.Fprint(w, "{}")
			return
		}
		fmt.Fprint(w, `{"n":1}`)
		w.(http.Flusher).Flush()
		open.Done()
		select { // until all are open at once
		case <-allOpen:
		case <-r.Context().Done():
		}
		fmt.Fprint(w, `{"n":2}`)
	})
	path := strings.TrimPrefix(socket, "unix://")
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, key := range []string{"host", "user"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file(key)).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	os.MkdirAll("/run/sshd", 0o755)
	server := fmt.Sprintf("ListenAddress 127.0.0.1\nPort %d\nHostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nPermitRootLogin yes\nPidFile none\nUsePAM no\n", port, file("host"), file("user.pub"))
	user := fmt.Sprintf("IdentityFile %s\nIdentitiesOnly yes\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n", file("user"))
	wrapper := fmt.Sprintf("#!/bin/sh\nexec %s -F %s \"$@\"\n", mustFind(t, "ssh"), file("user.conf"))
	for name, text := range map[string]string{"sshd.conf": server, "user.conf": user, "ssh": wrapper} {
		if err := os.WriteFile(file(name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(sshd, "-D", "-e", "-f", file("sshd.conf"))
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			c.Close()
			break
		}
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("sshd does not listen: %v\n%s", err, log.String())
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("TMPDIR", dir)
	e, err := Connect(Options{Host: fmt.Sprintf("ssh://root@127.0.0.1:%d%s", port, path)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all sync.WaitGroup
	var mu sync.Mutex
	records, failures := 0, map[string]int{}
	for i := range streams {
		all.Go(func() {
			for _, err := range e.Get(ctx, fmt.Sprintf("/containers/c%d/stats", i)) {
				mu.Lock()
				if records++; err != nil {
					records--
					failures[err.Error()]++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if records != 2*streams || len(failures) > 0 {
		t.Errorf("%d records of %d, %v\n%s", records, 2*streams, failures, log.String())
	}
	e.Close()
	if left, _ := filepath.Glob(file("bl*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if out, _ := exec.Command("pgrep", "-f", dir+"/bl.*:"+path).Output(); len(out) > 0 {
		t.Errorf("an ssh is left: %s", out)
	}
}

func mustFind(t *testing.T, program string) string {
	path, err := exec.LookPath(program)
	if err != nil && os.Getenv("BALEEN_REQUIRE") != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
	return path
}
