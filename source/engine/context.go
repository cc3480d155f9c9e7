package engine

import (
	"baleen/source/record"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/docker/client"
	"github.com/docker/go-connections/tlsconfig"
)

// Endpoint is where an Engine is.
type Endpoint struct {
	name  string             // the context's, or host as it was given
	Host  string             // an address, or "demo"
	TLS   *tlsconfig.Options // nil for none
	close func()             // ends what leads there; nil for nothing
	user  *url.Userinfo      // to name to a tcp:// address; kept out of messages
}

// Locate finds the Engine that is meant, in the order of docker's CLI:
// --context, -H, DOCKER_HOST, DOCKER_CONTEXT, the current context, the default.
func (o *Options) Locate() (Endpoint, error) {
	name, host := o.Context, cmp.Or(o.Host, os.Getenv(client.EnvOverrideHost))
	if name == "" && host == "" {
		name = os.Getenv("DOCKER_CONTEXT")
		if name == "" {
			var err error
			if name, err = currentContext(); err != nil {
				return Endpoint{}, err
			}
		}
	}
	if name != "" && name != "default" {
		if o.TLS || o.TLSVerify || cmp.Or(o.CACert, o.Cert, o.Key) != "" {
			return Endpoint{}, &record.UsageError{Message: fmt.Sprintf("--tls… does not go with the context %s, which has its own TLS files", name)}
		}
		return stored(name)
	}
	tls, err := o.tlsOptions()
	if err != nil {
		return Endpoint{}, err
	}
	ep, err := newEndpoint(cmp.Or(host, "default"), host)
	if err != nil {
		return ep, err
	}
	ep.TLS = tls
	if host == "" && tls != nil {
		ep.Host = "tcp://localhost:2376"
	}
	return ep, nil
}

// newEndpoint takes user and password out of an address, which stands in messages.
func newEndpoint(name, host string) (Endpoint, error) {
	ep := Endpoint{name: name, Host: address(host)}
	scheme, rest, found := strings.Cut(host, "://")
	if !found {
		scheme, rest = "tcp", host
	}
	authority, path, slash := strings.Cut(rest, "/")
	at := strings.LastIndexByte(authority, '@')
	if at < 0 || scheme != "tcp" && scheme != "http" && scheme != "https" && scheme != "ssh" {
		return ep, nil
	}
	user, password, has := strings.Cut(authority[:at], ":")
	if scheme == "ssh" {
		if has {
			return Endpoint{}, &record.UsageError{Message: "an ssh:// address takes no password\nuse a key, or an agent"}
		}
		return ep, nil
	}
	ep.user = url.User(user)
	if has {
		ep.user = url.UserPassword(user, password)
	}
	bare := scheme + "://" + authority[at+1:]
	if slash {
		bare += "/" + path
	}
	ep.Host = address(bare)
	if name == host {
		ep.name = ep.Host
	}
	return ep, nil
}

// address is a host as it may be given to docker's CLI, spelt out.
func address(host string) string {
	if !strings.Contains(host, "://") && strings.Contains(host, ":") {
		host = "tcp://" + host
	}
	if rest, ok := strings.CutPrefix(host, "tcp://"); ok {
		name, path, slash := strings.Cut(rest, "/")
		if _, _, err := net.SplitHostPort(name); err != nil && name != "" {
			host = "tcp://" + name + ":2375"
			if slash {
				host += "/" + path
			}
		}
	}
	return cmp.Or(host, client.DefaultDockerHost)
}

// tlsOptions follows docker's CLI: --tls* flags, then DOCKER_TLS_VERIFY,
// DOCKER_TLS and DOCKER_CERT_PATH; nil means no TLS.
func (o *Options) tlsOptions() (*tlsconfig.Options, error) {
	verify := o.TLSVerify || os.Getenv(client.EnvTLSVerify) != ""
	if !o.TLS && !verify && os.Getenv("DOCKER_TLS") == "" {
		return nil, nil
	}
	dir := os.Getenv(client.EnvOverrideCertPath)
	if dir == "" {
		var err error
		if dir, err = configDir(); err != nil {
			return nil, err
		}
	}
	return tlsFiles(dir, o.CACert, o.Cert, o.Key, verify), nil
}

// tlsFiles are those that are given, or else those that dir has.
func tlsFiles(dir, ca, cert, key string, verify bool) *tlsconfig.Options {
	file := func(given, name string) string {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); given != "" || err != nil {
			return given
		}
		return path
	}
	return &tlsconfig.Options{
		CAFile: file(ca, "ca.pem"), CertFile: file(cert, "cert.pem"), KeyFile: file(key, "key.pem"),
		InsecureSkipVerify: !verify, ExclusiveRootPools: true,
	}
}

// configDir is where docker's CLI keeps its configuration.
func configDir() (string, error) {
	if dir := os.Getenv("DOCKER_CONFIG"); dir != "" {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".docker"), err
}

// currentContext is what `docker context use` set, or "".
func currentContext() (string, error) {
	dir, err := configDir()
	if err != nil {
		return "", nil // without a home there is nothing to read
	}
	file := filepath.Join(dir, "config.json")
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	var config struct{ CurrentContext string }
	if err == nil {
		err = json.Unmarshal(b, &config)
	}
	if err != nil {
		return "", fmt.Errorf("reading the current context: %s: %w", file, err)
	}
	return config.CurrentContext, nil
}

// stored is the endpoint that `docker context create` stored under a name. The
// store is read here, since docker's own package for it keeps the paths of the
// TLS files, and what it makes of them, to itself.
func stored(name string) (Endpoint, error) {
	dir, err := configDir()
	if err != nil {
		return Endpoint{}, err
	}
	store := filepath.Join(dir, "contexts")
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	file := filepath.Join(store, "meta", id, "meta.json")
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		names, _ := Contexts()
		return Endpoint{}, fmt.Errorf("no such context: %q\ndocker has: %s", name, strings.Join(names, ", "))
	}
	var meta struct {
		Endpoints map[string]struct {
			Host          string
			SkipTLSVerify bool
		}
	}
	if err == nil {
		err = json.Unmarshal(b, &meta)
	}
	if err != nil {
		return Endpoint{}, fmt.Errorf("context %q: %s: %w", name, file, err)
	}
	docker, ok := meta.Endpoints["docker"]
	if !ok {
		return Endpoint{}, fmt.Errorf("context %q: %s: has no docker endpoint", name, file)
	}
	ep, err := newEndpoint(name, docker.Host)
	if err != nil {
		return ep, err
	}
	certs := filepath.Join(store, "tls", id, "docker")
	if _, err := os.Stat(certs); err == nil || docker.SkipTLSVerify {
		ep.TLS = tlsFiles(certs, "", "", "", !docker.SkipTLSVerify)
	}
	return ep, nil
}

// Contexts lists the names of docker's contexts, "default" first.
func Contexts() ([]string, error) {
	dir, err := configDir()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "contexts", "meta", "*", "meta.json"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		b, err := os.ReadFile(file)
		var meta struct{ Name string }
		if err == nil {
			err = json.Unmarshal(b, &meta)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		names = append(names, meta.Name)
	}
	slices.Sort(names)
	return slices.Insert(names, 0, "default"), nil
}
