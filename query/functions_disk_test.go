package query

import (
	"strings"
	"testing"
)

// TestDiskElsewhere: the disk of an Engine that is not on this machine is not this one's.
func TestDiskElsewhere(t *testing.T) {
	for _, host := range []string{"ssh://ops@10.0.0.1", "tcp://10.0.0.1:2375"} {
		engine := Engine{
			Get:  (&asked{answers: map[string]string{"/info": `{"DockerRootDir":"/"}`}}).get,
			Info: func() (name, at, apiVersion string, err error) { return "", host, "1.41", nil },
		}
		if got := outputs(t, Options{Filter: "disk.total", Engine: engine}, `1`); !strings.Contains(got, "not on this machine: "+host) {
			t.Errorf("%s: %s", host, got)
		}
	}
	engine := Engine{
		Get:  (&asked{answers: map[string]string{"/info": `{"DockerRootDir":"/"}`}}).get,
		Info: func() (name, at, apiVersion string, err error) { return "", "unix:///run/docker.sock", "1.41", nil },
	}
	if got := outputs(t, Options{Filter: "disk.total > 0", Engine: engine}, `1`); got != "true" {
		t.Error(got)
	}
}
