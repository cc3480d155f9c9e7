package engine

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Shell runs commands on the Engine that dial reaches and returns what a
// reader would see of them.
func Shell(t *testing.T, dial Dial, commands string) string {
	proxy, err := NewProxy(dial)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-euc", commands)
	cmd.Dir = t.TempDir()
	if examples, err := filepath.Abs("examples"); err == nil { // which some commands name
		if err := os.Symlink(examples, filepath.Join(cmd.Dir, "examples")); err != nil {
			t.Fatal(err)
		}
	}
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir, "DOCKER_HOST=unix://"+proxy.Sock)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", commands, err, out)
	}
	return string(out)
}

// Matches says whether text is pattern, ... standing for anything.
func Matches(pattern, text string) bool {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\.\.\.`, ".*")
	return regexp.MustCompile(`(?s)^` + quoted + `$`).MatchString(text)
}
