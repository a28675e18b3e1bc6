package netconn

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestTLSInside: TLS that runs on a stream, from end to end through whatever relays
// the messages.
func TestTLSInside(t *testing.T) {
	want := bytes.Repeat([]byte("through two layers "), 200_000)
	for name := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := streams(t, name)
			done := make(chan error, 1)
			go func() {
				s := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{certificate()}})
				_, err := io.Copy(s, s)
				done <- errors.Join(err, s.Close())
			}()
			c := tls.Client(a, &tls.Config{InsecureSkipVerify: true})
			go func() {
				c.Write(want)
				c.CloseWrite()
			}()
			got, err := io.ReadAll(c)
			if !bytes.Equal(got, want) || err != nil {
				t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
			}
			if err := errors.Join(c.Close(), <-done); err != nil {
				t.Error(err)
			}
		})
	}
}

// oneConn is a listener with one connection, which ends with it.
type oneConn struct {
	net.Conn
	next chan net.Conn
	once sync.Once
}

func listen(c net.Conn) *oneConn {
	l := &oneConn{Conn: c, next: make(chan net.Conn, 1)}
	l.next <- c
	return l
}

func (l *oneConn) Accept() (net.Conn, error) {
	if c, ok := <-l.next; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error {
	l.once.Do(func() { close(l.next) })
	return nil
}

func (l *oneConn) Addr() net.Addr { return l.LocalAddr() }

// TestHTTPInside: net/http on a stream, with requests on one connection, which it
// reads from in the background and interrupts by deadlines, and one that is hijacked
// and half-closed.
func TestHTTPInside(t *testing.T) {
	want := strings.Repeat("a body ", 200_000)
	for name := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := streams(t, name)
			mux := http.NewServeMux()
			mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
				p, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				w.Write(p)
			})
			mux.HandleFunc("/tunnel", func(w http.ResponseWriter, r *http.Request) {
				c, rw, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tunnel\r\n\r\n")
				io.Copy(c, rw)
				c.Close()
			})
			server := &http.Server{Handler: mux}
			l := listen(b)
			served := make(chan error)
			go func() { served <- server.Serve(l) }()
			transport := &http.Transport{Dial: func(string, string) (net.Conn, error) {
				c := a
				a = nil
				if c == nil {
					return nil, errors.New("the connection was not kept")
				}
				return c, nil
			}}
			client := &http.Client{Transport: transport}
			for range 3 {
				resp, err := client.Post("http://stream.example/echo", "text/plain", strings.NewReader(want))
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if string(got) != want || err != nil {
					t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
				}
			}
			req, err := http.NewRequest("GET", "http://stream.example/tunnel", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Connection", "Upgrade")
			req.Header.Set("Upgrade", "tunnel")
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				io.WriteString(resp.Body.(io.Writer), want)
				resp.Body.(interface{ CloseWrite() error }).CloseWrite()
			}()
			got, err := io.ReadAll(resp.Body)
			if string(got) != want || err != nil {
				t.Errorf("tunnel: %d bytes of %d, %v", len(got), len(want), err)
			}
			resp.Body.Close()
			server.Close()
			if err := <-served; err != http.ErrServerClosed {
				t.Error(err)
			}
		})
	}
}
