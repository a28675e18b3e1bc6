// Package http2 has the library meet real peers over HTTP/2 (RFC 8441): Chromium, Node,
// Python's h2, hypercorn and HAProxy. A part whose peer is not installed is skipped, but
// fails if the environment has CI set; HTTP2_PYTHON names a Python that has h2 and
// hypercorn. To install them all, see the script .ci/run.
//
//	go test ./testdata/http2
package http2

import (
	"bufio"
	"bytes"
	"cmp"
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
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
	"hawser/websocket/server"
	_ "hawser/websocket/server/xconnect"
)

var ctx = context.Background()

// need skips the test if a command that shows that a peer is there fails.
func need(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		t.Skipf("needs %s %s: %v", name, strings.Join(args, " "), err)
	}
}

func python() string { return cmp.Or(os.Getenv("HTTP2_PYTHON"), "python3") }

// site is an echo server with a page and a count of its TCP connections. What it speaks
// is for the protocols to say.
type site struct {
	*httptest.Server
	ws    server.Server
	conns atomic.Int32
}

func newSite(t *testing.T, secure bool, protocols func(*http.Protocols)) *site {
	t.Helper()
	s := new(site)
	s.ws = server.Server{
		Handler: func(ctx context.Context, c *websocket.Conn) {
			for m, err := range c.Messages(ctx) {
				switch {
				case err != nil:
					return
				case string(m.Data) == "close 4002":
					c.Close(4002, "as you wish")
				case string(m.Data) == "cut":
					c.CloseNow()
				case c.Write(ctx, m.Type, m.Data) != nil:
					return
				}
			}
		},
		Subprotocols: []string{"chat"},
		Config:       websocket.Config{MaxMessage: 16 << 20, Compression: &websocket.Compression{}},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<title>a page</title>over %s", r.Proto)
	})
	mux.HandleFunc("/refused", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusForbidden) })
	mux.HandleFunc("/deaf", s.ws.With(func(ctx context.Context, c *websocket.Conn) { <-c.Done() }).ServeHTTP)
	mux.Handle("/echo", &s.ws)
	s.Server = httptest.NewUnstartedServer(mux)
	s.Config.Protocols = new(http.Protocols)
	protocols(s.Config.Protocols)
	if err := server.HTTP2(s.Config); err != nil {
		t.Fatal(err)
	}
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.conns.Add(1)
		}
	}
	if s.EnableHTTP2 = s.Config.Protocols.HTTP2(); secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(func() {
		short, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		s.ws.Shutdown(short)
		s.Close()
	})
	return s
}

// both is what a server of a public site speaks.
func both(p *http.Protocols) { p.SetHTTP1(true); p.SetHTTP2(true) }

// converse exchanges messages of several sizes with an echo, and closes.
func converse(t *testing.T, c *websocket.Conn) {
	t.Helper()
	defer c.CloseNow()
	for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
		want := bytes.Repeat([]byte("x"), size)
		if err := c.Write(ctx, websocket.Binary, want); err != nil {
			t.Errorf("%d bytes: %v", size, err)
			return
		}
		if m, p, err := c.Read(ctx); m != websocket.Binary || !bytes.Equal(p, want) || err != nil {
			t.Errorf("%d bytes: %d bytes of type %v, %v", size, len(p), m, err)
			return
		}
	}
	start := time.Now()
	if err := c.Close(frame.CodeNormal, "bye"); err != nil {
		t.Error(err)
	}
	if d := time.Since(start); d > websocket.DefaultCloseTimeout {
		t.Errorf("closing takes %v", d) // it's bounded so; in peace it's the time of the answer
	}
}

// start runs a program until the end of the test, in a folder of its own, and waits until
// something listens on addr.
func start(t *testing.T, dir, addr, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait()
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			t.Logf("%s says:\n%s", name, &out)
		}
	})
	for {
		nc, err := net.Dial("tcp", addr)
		if err == nil {
			nc.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s has ended:\n%s", name, &out)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// certificate writes one for 127.0.0.1 with its key to cert.pem, and the key to key.pem
// as well. It returns who trusts it.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	key, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	var all, own bytes.Buffer
	pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	pem.Encode(&own, &pem.Block{Type: "PRIVATE KEY", Bytes: key})
	all.Write(own.Bytes())
	for name, data := range map[string][]byte{"cert.pem": all.Bytes(), "key.pem": own.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

// TestClients has clients that others have written talk with the server. Each prints
// what went wrong, and nothing else.
func TestClients(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, command string
		need          []string
		file          string
	}{
		{"Node", "node", []string{"--version"}, "client.cjs"},
		{"Python h2", python(), []string{"-c", "import h2"}, "client.py"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			need(t, tt.command, tt.need...)
			s := newSite(t, true, both)
			short, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			out, err := exec.CommandContext(short, tt.command, tt.file, s.Listener.Addr().String()).CombinedOutput()
			lines := bufio.NewScanner(bytes.NewReader(out))
			for lines.Scan() {
				t.Error(lines.Text())
			}
			if err != nil {
				t.Error(err)
			}
			if n := s.conns.Load(); n != 1 {
				t.Errorf("%d TCP connections", n)
			}
		})
	}
}

// TestHypercorn has our client talk with a server that somebody else has written.
func TestHypercorn(t *testing.T) {
	t.Parallel()
	need(t, python(), "-c", "import hypercorn, h2")
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	certs := t.TempDir()
	config := &tls.Config{RootCAs: certificate(t, certs)}
	addr := freeAddr(t)
	start(t, dir, addr, python(), "-m", "hypercorn", "--bind", addr, "--certfile", certs+"/cert.pem", "--keyfile", certs+"/key.pem", "app:app")
	for range 3 {
		// Each on a connection of its own: an END_STREAM that comes when hypercorn has
		// ended the stream already is a KeyError there, which takes the connection down.
		d := &client.Dialer{TLSConfig: config, HTTP2: &client.HTTP2{Required: true}}
		c, resp, err := d.Dial(ctx, "wss://"+addr+"/")
		if err != nil {
			t.Fatal(err)
		}
		if resp.Proto != "HTTP/2.0" {
			t.Errorf("it's %s", resp.Proto)
		}
		converse(t, c)
	}
}
