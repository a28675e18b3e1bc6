package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"hawser/websocket/server"
)

// TestUnixSocket: -unix says where to connect, the URL what to ask for there, and no
// proxy comes between.
func TestUnixSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "chat") // short, as such names have to be
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "socket")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip("no Unix sockets here:", err)
	}
	asked := make(chan string, 1)
	s := &server.Server{Handler: conversations["/echo"]}
	hs := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Host + r.RequestURI
		s.ServeHTTP(w, r)
	})}
	go hs.Serve(l)
	defer hs.Close()
	t.Setenv("ALL_PROXY", "socks5://127.0.0.1:1")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	code, out, errs := chat("hello\n", "-unix", path, "ws://example.invalid/path?x=1")
	if code != exitNormal || out != "hello\n" {
		t.Errorf("exit code %d, %q, %q", code, out, errs)
	}
	if got := <-asked; got != "example.invalid/path?x=1" {
		t.Error(got)
	}
	if code, _, errs := chat("", "-unix", path+"2", "ws://example.invalid"); code != exitConnect || !strings.Contains(errs, path+"2") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}

// TestProxyOfTheEnvironment: ALL_PROXY is used, with -v too.
func TestProxyOfTheEnvironment(t *testing.T) {
	proxy := answering(t, "nonsense")
	for _, name := range []string{"HTTP_PROXY", "http_proxy"} {
		t.Setenv(name, "")
	}
	t.Setenv("ALL_PROXY", "socks5://"+proxy)
	for _, args := range [][]string{nil, {"-v"}} {
		if code, _, errs := chat("", append(args, "ws://example.invalid")...); code != exitConnect || !strings.Contains(errs, proxy) {
			t.Errorf("exit code %d, %q", code, errs)
		}
	}
}

// TestHintsAtCertificates: what is told about a certificate helps with it.
func TestHintsAtCertificates(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	hs := httptest.NewUnstartedServer(http.NotFoundHandler())
	hs.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	hs.Config.ErrorLog = log.New(io.Discard, "", 0)
	hs.StartTLS()
	t.Cleanup(hs.Close)
	code, _, errs := chat("", "-cacert", ca, "wss://"+strings.TrimPrefix(hs.URL, "https://"))
	if code != exitConnect || !strings.Contains(errs, "expired") || !strings.Contains(errs, "; -insecure") || strings.Contains(errs, "-cacert") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	code, out, errs := chat("", "-version")
	if code != exitNormal || !strings.HasPrefix(out, "chat ") || !strings.Contains(out, runtime.Version()) || strings.Count(out, "\n") != 1 || errs != "" {
		t.Errorf("exit code %d, %q, %q", code, out, errs)
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for shell, want := range map[string]string{"bash": " -whole'", "zsh": "bashcompinit", "fish": "complete -c chat -o whole\n"} {
		if code, out, errs := chat("", "-completion", shell); code != exitNormal || !strings.Contains(out, want) || errs != "" {
			t.Errorf("%s: exit code %d, %q, %q", shell, code, out, errs)
		}
	}
	if code, _, errs := chat("", "-completion", "cmd"); code != exitUsage || !strings.Contains(errs, "bash, zsh or fish") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}
