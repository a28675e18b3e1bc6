//go:build unix

package deploy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hawser/websocket/client"
)

var ctx = context.Background()

var bin string // the folder with the echo server

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "deploy")
	if err != nil {
		panic(err)
	}
	bin = dir
	if out, err := exec.Command("go", "build", "-o", dir, "hawser/websocket/cmd/echo").CombinedOutput(); err != nil {
		fmt.Printf("%s\n", out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// proxies are the proxies, and how each is run in the foreground of a folder that
// has the configuration and the certificate.
var proxies = []struct {
	name, config string
	args         []string
}{
	{"nginx", "nginx.conf", []string{"-p", ".", "-e", "stderr", "-g", "daemon off;", "-c"}},
	{"haproxy", "haproxy.cfg", []string{"-db", "-f"}},
}

// each runs f with each proxy, which has two servers behind it.
func each(t *testing.T, f func(t *testing.T, p *proxy, servers [2]*echo), args ...string) {
	eachEdited(t, func(config string) string { return config }, f, args...)
}

// eachEdited is each with proxies whose configuration edit has changed.
func eachEdited(t *testing.T, edit func(config string) string, f func(t *testing.T, p *proxy, servers [2]*echo), args ...string) {
	for _, kind := range proxies {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			path := find(t, kind.name)
			p := &proxy{addr: freeAddr(t), cert: newCertificate(t)}
			var servers [2]*echo
			for i := range servers {
				servers[i] = &echo{addr: freeAddr(t), args: append([]string{"-hosts", "ws.example.org"}, args...)}
				servers[i].start(t)
			}
			dir := t.TempDir()
			p.cert.write(t, dir)
			config, err := os.ReadFile(kind.config)
			if err != nil {
				t.Fatal(err)
			}
			replace := strings.NewReplacer("127.0.0.1:8443", p.addr, "127.0.0.1:3001", servers[0].addr, "127.0.0.1:3002", servers[1].addr)
			text := edit(replace.Replace(string(config)))
			if err := os.WriteFile(filepath.Join(dir, kind.config), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(path, slices.Concat(kind.args, []string{filepath.Join(dir, kind.config)})...)
			var log bytes.Buffer
			cmd.Dir, cmd.Stderr = dir, &log
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				cmd.Process.Signal(syscall.SIGTERM)
				cmd.Wait()
				if t.Failed() {
					t.Logf("%s says:\n%s", kind.name, &log)
				}
			})
			p.wait(t)
			f(t, p, servers)
		})
	}
}

// find returns the path of a proxy, which users don't always have in theirs.
func find(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("needs %s: %v", name, err)
	}
	return path
}

type proxy struct {
	addr string
	cert *certificate
}

func (p *proxy) dialer() *client.Dialer {
	return &client.Dialer{
		TLSConfig: &tls.Config{RootCAs: p.cert.pool},
		Proxy:     http.ProxyURL(nil),
		Header:    http.Header{"Origin": {"https://" + p.addr}},
		Timeout:   20 * time.Second,
	}
}

func (p *proxy) url(path string) string { return "wss://" + p.addr + path }

// wait waits until the proxy lets clients through.
func (p *proxy) wait(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for range time.Tick(20 * time.Millisecond) {
		c, _, err := p.dialer().Dial(ctx, p.url("/echo"))
		if err == nil {
			c.Close(1000, "")
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// echo is an echo server that can be restarted.
type echo struct {
	addr  string
	args  []string
	cmd   *exec.Cmd
	debug string // the address that tells how it is
}

func (e *echo) start(t *testing.T) {
	t.Helper()
	e.cmd = exec.Command(filepath.Join(bin, "echo"), append([]string{"-addr", e.addr, "-debug", "127.0.0.1:0", "-quiet"}, e.args...)...)
	e.cmd.Stderr = os.Stderr
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd := e.cmd
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if port, ok := strings.CutPrefix(lines.Text(), "debugging on port "); ok {
			e.debug = "http://127.0.0.1:" + port
			return
		}
	}
	t.Fatal("the echo server doesn't start")
}

// stop stops the server as an operator does. Its exit code has to be 0.
func (e *echo) stop(t *testing.T) {
	t.Helper()
	e.cmd.Process.Signal(syscall.SIGTERM)
	if err := e.cmd.Wait(); err != nil {
		t.Error("the echo server:", err)
	}
}

// freeAddr returns an address that nobody listens on now.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// certificate is for 127.0.0.1: the one that net/http/httptest has.
type certificate struct {
	tls.Certificate
	pool *x509.CertPool
}

func newCertificate(t *testing.T) *certificate {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	c := &certificate{s.TLS.Certificates[0], x509.NewCertPool()}
	c.pool.AddCert(s.Certificate())
	return c
}

// write writes the files that the configurations name.
func (c *certificate) write(t *testing.T, dir string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate.Certificate[0]})
	for name, b := range map[string][]byte{"cert.pem": cert, "key.pem": key, "both.pem": append(cert, key...)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
