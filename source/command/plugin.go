package command

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// PluginMetadata is the word with which docker's CLI asks a plugin, a program
// called docker-NAME, what it is.
const PluginMetadata = "docker-cli-plugin-metadata"

// DescribePlugin answers it, in JSON.
func DescribePlugin(version string) string {
	b, _ := json.Marshal(map[string]string{ // strings only: cannot fail
		"SchemaVersion": "0.1.0", "Vendor": "baleen", "Version": version,
		"ShortDescription": "Engine records as NDJSON, through jq, printed or acted on",
	})
	return string(b)
}

// Plugin gives the command line in baleen's own words where docker's CLI began
// baleen as its plugin: `docker [OPTIONS] baleen ARGS…`. It calls ended when
// docker ends, since signals reach docker alone.
func Plugin(args []string, ended func()) []string {
	if strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") != "docker-baleen" {
		return args
	}
	if socket := os.Getenv("DOCKER_CLI_PLUGIN_SOCKET"); socket != "" {
		c, err := net.Dial("unix", socket)
		go func() {
			if err == nil {
				io.Copy(io.Discard, c)
			}
			ended() // or it has ended already
		}()
	} else { // docker before 25
		endWithParent(ended)
	}
	var own []string
	for i := 0; i < len(args); i++ {
		word := args[i]
		name, value, joined := strings.Cut(word, "=")
		if len(word) > 2 && word[0] == '-' && word[1] != '-' {
			name, value, joined = word[:2], strings.TrimPrefix(word[2:], "="), true
		}
		switch name {
		case "baleen":
			return append(own, args[i+1:]...)
		case "-D", "--debug":
			continue
		case "-H", "--host", "-c", "--context", "--config", "-l", "--log-level", "--tlscacert", "--tlscert", "--tlskey":
		default:
			own = append(own, word)
			continue
		}
		if !joined {
			if i++; i == len(args) {
				break
			}
			value = args[i]
		}
		switch name {
		case "-c": // which is jq's elsewhere
			name = "--context"
		case "--config":
			os.Setenv("DOCKER_CONFIG", value)
			continue
		case "-l", "--log-level":
			continue
		}
		own = append(own, name, value)
	}
	return args // started without docker
}

// watchParent calls ended once parent is no longer the parent process.
func watchParent(parent int, ended func()) {
	go func() {
		for os.Getppid() == parent {
			time.Sleep(time.Second)
		}
		ended()
	}()
}
