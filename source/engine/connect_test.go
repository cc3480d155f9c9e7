package engine

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
)

// ask gives what an Engine says to GET /volumes, or the error.
func ask(t *testing.T, o Options) (said []string, err error) {
	t.Helper()
	e, err := Connect(o)
	if err != nil {
		return nil, err
	}
	for record, failed := range e.Records(t.Context(), "/volumes", nil, "Volumes") {
		said = append(said, string(record))
		err = failed
	}
	return said, err
}

// double serves h on a unix socket and gives its address.
func double(t *testing.T, h http.HandlerFunc) string {
	dir, err := os.MkdirTemp("", "bl") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return "unix://" + l.Addr().String()
}

// TestVersions asks Engines that are older and newer than docker's client: reads
// speak their newest version, and are asked once.
func TestVersions(t *testing.T) {
	versioned := regexp.MustCompile(`^/v([0-9.]+)(/.*)$`)
	for _, test := range []struct {
		name, newest, oldest, pin string
		want                      string // the versions asked for, "-" for none
		fails                     string
	}{
		{name: "newer than baleen", newest: "1.99", oldest: "1.44", want: "- 1.99 1.51"},
		{name: "as new as baleen", newest: "1.51", oldest: "1.24", want: "- 1.51 1.51"},
		{name: "older", newest: "1.41", oldest: "1.12", want: "- 1.41 1.41"},
		{name: "ancient", newest: "1.24", oldest: "1.12", want: "- 1.24 1.24"},
		{name: "pinned", newest: "1.41", oldest: "1.12", pin: "1.30", want: "1.30 1.30 1.30"},
		{name: "pinned too new", newest: "1.41", oldest: "1.12", pin: "v1.45", want: "1.45", fails: "GET /volumes: client version 1.45 is too new. Maximum supported API version is 1.41 (400)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var asked []string
			host := double(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Api-Version", test.newest)
				m := versioned.FindStringSubmatch(r.URL.Path)
				if m == nil {
					m = []string{"", "-", r.URL.Path}
				}
				asked = append(asked, m[1])
				switch {
				case m[1] != "-" && versions.LessThan(m[1], test.oldest):
					w.WriteHeader(http.StatusBadRequest)
					fmt.Fprintf(w, `{"message":"client version %s is too old. Minimum supported API version is %s"}`, m[1], test.oldest)
				case m[1] != "-" && versions.GreaterThan(m[1], test.newest):
					w.WriteHeader(http.StatusBadRequest)
					fmt.Fprintf(w, `{"message":"client version %s is too new. Maximum supported API version is %s"}`, m[1], test.newest)
				default:
					fmt.Fprintf(w, `{"Volumes":[{"Name":%q}]}`, m[1])
				}
			})
			e, err := Connect(Options{Host: host, APIVersion: test.pin})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				for record, err := range e.Records(t.Context(), "/volumes", nil, "Volumes") {
					switch {
					case test.fails != "":
						if err == nil || err.Error() != test.fails {
							t.Fatalf("%v, not %s", err, test.fails)
						}
					case err != nil:
						t.Fatal(err)
					case !strings.Contains(string(record), asked[len(asked)-1]):
						t.Errorf("%s is not the last answer, %v", record, asked)
					}
				}
				if test.fails != "" {
					break
				}
			}
			if test.fails == "" { // an action's typed call speaks the newest that the client knows
				if _, err := e.Client.VolumeList(t.Context(), volume.ListOptions{}); err != nil {
					t.Error(err)
				}
			}
			if got := strings.Join(asked, " "); got != test.want {
				t.Errorf("asked for %s, not %s", got, test.want)
			}
		})
	}
}

// authority signs certificates for 127.0.0.1 and for clients.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{}
	a.cert, a.key = a.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	return a
}

func (a *authority) sign(t *testing.T, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// write puts ca.pem, cert.pem and key.pem of a new client into dir.
func (a *authority) write(t *testing.T, dir string) string {
	cert, key := a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "client"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]pem.Block{
		"ca.pem":   {Type: "CERTIFICATE", Bytes: a.cert.Raw},
		"cert.pem": {Type: "CERTIFICATE", Bytes: cert.Raw},
		"key.pem":  {Type: "EC PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestTLS asks an Engine that wants to see a certificate of its own authority.
func TestTLS(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	cert, key := ca.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "engine"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	clients := x509.NewCertPool()
	clients.AddCert(ca.cert)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(`{"Volumes":[{"Name":"safe"}]}`))
	}))
	s.TLS = &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: clients,
	}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	host := "tcp://" + s.Listener.Addr().String()
	good, bad := ca.write(t, filepath.Join(t.TempDir(), "good")), other.write(t, filepath.Join(t.TempDir(), "bad"))
	file := filepath.Join

	config := t.TempDir()
	sum := sha256.Sum256([]byte("safe"))
	id := hex.EncodeToString(sum[:])
	ca.write(t, file(config, "contexts", "tls", id, "docker"))
	meta := file(config, "contexts", "meta", id)
	if err := os.MkdirAll(meta, 0o700); err != nil {
		t.Fatal(err)
	}
	b, _ := json.Marshal(map[string]any{"Name": "safe", "Endpoints": map[string]any{"docker": map[string]any{"Host": host}}})
	if err := os.WriteFile(file(meta, "meta.json"), b, 0o600); err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		name  string
		o     Options
		env   map[string]string
		fails string
	}{
		{name: "flags", o: Options{TLSVerify: true, CACert: file(good, "ca.pem"), Cert: file(good, "cert.pem"), Key: file(good, "key.pem")}},
		{name: "environment", env: map[string]string{"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": good}},
		{name: "unverified", o: Options{TLS: true}, env: map[string]string{"DOCKER_CERT_PATH": good}},
		{name: "context", o: Options{Context: "safe"}},
		{name: "another CA", o: Options{TLSVerify: true, CACert: file(bad, "ca.pem")}, env: map[string]string{"DOCKER_CERT_PATH": good}, fails: "\n--tlscacert names the CA to trust"},
		{name: "another's certificate", o: Options{TLSVerify: true, CACert: file(good, "ca.pem")}, env: map[string]string{"DOCKER_CERT_PATH": bad}, fails: "cannot reach the Docker Engine at tcp://127.0.0.1:"},
		{name: "no TLS", fails: "Client sent an HTTP request to an HTTPS server"},
		{name: "no such file", o: Options{TLSVerify: true, CACert: "nowhere.pem"}, fails: "nowhere.pem"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"} {
				t.Setenv(name, test.env[name])
			}
			t.Setenv("DOCKER_CONFIG", config)
			if test.o.Context == "" {
				test.o.Host = host
			}
			said, err := ask(t, test.o)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("%v, not %s", err, test.fails)
				}
				return
			}
			if err != nil || !slices.Equal(said, []string{`{"Name":"safe"}`}) {
				t.Errorf("%s, %v", said, err)
			}
		})
	}
}

// TestSocketNeedsNoTLS: docker's variables for TLS say nothing about a unix socket.
func TestSocketNeedsNoTLS(t *testing.T) {
	t.Setenv("DOCKER_TLS_VERIFY", "1")
	t.Setenv("DOCKER_CERT_PATH", t.TempDir())
	host := double(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"Volumes":[{}]}`)) })
	if said, err := ask(t, Options{Host: host}); err != nil || len(said) != 1 {
		t.Errorf("%s, %v", said, err)
	}
}

func TestMayNotOpen(t *testing.T) {
	err := unreachable("unix:///run/docker.sock", &net.OpError{Op: "dial", Net: "unix", Err: os.ErrPermission})
	if want := "\nthis user may not open it: root may, and those in its group"; !strings.Contains(err.Error(), want) {
		t.Errorf("%v, not %s", err, want)
	}
}

func TestAddress(t *testing.T) {
	for given, want := range map[string]string{
		"":                      client.DefaultDockerHost,
		"unix:///a/b":           "unix:///a/b",
		"10.0.0.5:2376":         "tcp://10.0.0.5:2376",
		"tcp://10.0.0.5":        "tcp://10.0.0.5:2375",
		"tcp://10.0.0.5/prefix": "tcp://10.0.0.5:2375/prefix",
		"tcp://[::1]:99":        "tcp://[::1]:99",
		"tcp://[::1]":           "tcp://[::1]:2375",
		"ssh://me@far":          "ssh://me@far",
		"demo":                  "demo",
	} {
		if got := address(given); got != want {
			t.Errorf("%q: %s, not %s", given, got, want)
		}
	}
}
