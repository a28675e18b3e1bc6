package server_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/handshake"
	"hawser/websocket/server"
)

// TestRefusedBody: a refusal waits for nothing, and a client that sends the rest of its
// request never, or ever so slowly, holds the connection for a second, whatever the
// timeouts of the http.Server.
func TestRefusedBody(t *testing.T) {
	t.Parallel()
	post := "POST / HTTP/1.1\r\nHost: HOST\r\n"
	own := func(w http.ResponseWriter, _ *http.Request, e *handshake.Refusal) { http.Error(w, "own", e.Status) }
	for name, tt := range map[string]struct {
		s      *server.Server
		head   string
		drip   string // sent again and again
		status int
	}{
		"length":             {head: post + "Content-Length: 5\r\n", status: 405},
		"length_dripped":     {head: post + "Content-Length: 200000\r\n", drip: "x", status: 405},
		"chunked":            {head: post + "Transfer-Encoding: chunked\r\n", status: 405},
		"chunked_dripped":    {head: post + "Transfer-Encoding: chunked\r\n", drip: "1\r\nx\r\n", status: 405},
		"expected":           {head: post + "Content-Length: 5\r\nExpect: 100-continue\r\n", status: 405},
		"upgrade":            {head: good + "Content-Length: 5\r\n", status: 400},
		"upgrade_chunked":    {head: good + "Transfer-Encoding: chunked\r\n", status: 400},
		"page":               {head: "GET / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n", status: 426},
		"HTTP/1.0":           {head: "POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n", status: 505},
		"body_of_ones_own":   {s: &server.Server{Refuse: own}, head: post + "Content-Length: 5\r\n", status: 405},
		"too_many_under_way": {s: &server.Server{MaxHandshakes: 1}, head: post + "Content-Length: 5\r\n", status: 405},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := tt.s
				if s == nil {
					s = new(server.Server)
				}
				s.Handler = echo
				_, d := inMemory(t, s)
				nc, _ := d.DialContext(ctx, "", "")
				defer nc.Close()
				begin := time.Now()
				io.WriteString(nc, tt.head+"\r\n")
				dripped := make(chan bool)
				go func() {
					defer close(dripped)
					for tt.drip != "" {
						if _, err := io.WriteString(nc, tt.drip); err != nil {
							return
						}
						time.Sleep(100 * time.Millisecond)
					}
				}()
				resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
				if err != nil || resp.StatusCode != tt.status || time.Since(begin) != 0 {
					t.Fatalf("%v, %v after %v", resp, err, time.Since(begin))
				}
				if body, err := io.ReadAll(resp.Body); len(body) == 0 || err != nil {
					t.Errorf("%q, %v", body, err)
				}
				if n, err := nc.Read(make([]byte, 1)); err != io.EOF || time.Since(begin) > 2*time.Second {
					t.Errorf("%d bytes more, %v after %v", n, err, time.Since(begin))
				}
				if n := s.Stats().Handshakes; n != 0 {
					t.Errorf("%d handshakes are under way", n)
				}
				<-dripped
			})
		})
	}
}

// TestRefusalNotRead: a client that doesn't read the answer holds the connection for no
// longer than the write timeout: the http.Server's, or else that of Config.
func TestRefusalNotRead(t *testing.T) {
	t.Parallel()
	large := func(w http.ResponseWriter, _ *http.Request, e *handshake.Refusal) { w.Write(make([]byte, 1<<20)) }
	for name, tt := range map[string]struct {
		s       *server.Server
		timeout time.Duration // of the http.Server
		want    time.Duration
	}{
		"by_default":       {want: websocket.DefaultWriteTimeout},
		"Config":           {s: &server.Server{Config: websocket.Config{WriteTimeout: 3 * time.Second}}, want: 3 * time.Second},
		"http.Server":      {timeout: 2 * time.Second, want: 2 * time.Second},
		"body_of_ones_own": {s: &server.Server{Refuse: large}, want: websocket.DefaultWriteTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := tt.s
				if s == nil {
					s = new(server.Server)
				}
				s.Handler = echo
				_, d := inMemory(t, s, func(hs *http.Server) { hs.WriteTimeout = tt.timeout })
				nc, _ := d.DialContext(ctx, "", "")
				defer nc.Close()
				io.WriteString(nc, "GET / HTTP/1.1\r\nHost: HOST\r\n\r\n")
				time.Sleep(tt.want - time.Millisecond)
				synctest.Wait()
				nc.SetWriteDeadline(time.Now())
				if _, err := nc.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("before %v: %v", tt.want, err)
				}
				time.Sleep(2 * time.Millisecond)
				synctest.Wait()
				nc.SetWriteDeadline(time.Now())
				if _, err := nc.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("after %v: %v", tt.want, err)
				}
				if n := s.Stats().Handshakes; n != 0 {
					t.Errorf("%d handshakes are under way", n)
				}
			})
		})
	}
}

// TestRefusedRequestGoesOn: a handler whose request was refused has its context for as
// long as it likes.
func TestRefusedRequestGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s server.Server
		ended := make(chan error)
		_, d := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := s.Upgrade(w, r); err == nil {
				t.Error("upgraded")
			}
			time.Sleep(websocket.DefaultWriteTimeout / 2)
			ended <- r.Context().Err()
		}))
		nc, _ := d.DialContext(ctx, "", "")
		defer nc.Close()
		io.WriteString(nc, "GET / HTTP/1.1\r\nHost: HOST\r\n\r\n")
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if resp, err := http.ReadResponse(bufio.NewReader(nc), nil); err != nil || resp.StatusCode != 426 {
			t.Error(resp, err)
		}
	})
}

// TestRefusedUpload: who sends a body that nobody wants gets to see why.
func TestRefusedUpload(t *testing.T) {
	t.Parallel()
	url := "http" + strings.TrimPrefix(start(t, &server.Server{Handler: echo}), "ws")
	for _, n := range []int{1, 100_000} {
		resp, err := http.Post(url, "application/octet-stream", bytes.NewReader(make([]byte, n)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 405 || len(body) == 0 || err != nil {
			t.Errorf("%d bytes: %s, %q, %v", n, resp.Status, body, err)
		}
	}
}

// TestRefuse: a program answers refusals in its own way, and the connection ends all the
// same.
func TestRefuse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, head string
		refuse     func(w http.ResponseWriter, r *http.Request, e *handshake.Refusal)
		status     int
		header     string // one that is there
		body       string
	}{
		{"own_body", good + "Origin: https://evil.example\r\n", func(w http.ResponseWriter, r *http.Request, e *handshake.Refusal) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(e.Status)
			io.WriteString(w, `{"path": "`+r.URL.Path+`"}`)
		}, 403, "Content-Type", `{"path": "/"}`},
		{"headers_of_the_refusal", "GET / HTTP/1.1\r\nHost: HOST\r\n", func(w http.ResponseWriter, _ *http.Request, e *handshake.Refusal) {
			w.WriteHeader(e.Status)
			io.WriteString(w, "own")
		}, 426, "Sec-Websocket-Version", "own"},
		{"a_page", "GET / HTTP/1.1\r\nHost: HOST\r\n", func(w http.ResponseWriter, _ *http.Request, _ *handshake.Refusal) {
			io.WriteString(w, "a page")
		}, 200, "", "a page"},
		{"keeps_the_connection", "GET / HTTP/1.1\r\nHost: HOST\r\n", func(w http.ResponseWriter, _ *http.Request, _ *handshake.Refusal) {
			w.Header().Set("Connection", "keep-alive")
			io.WriteString(w, "a page")
		}, 200, "", "a page"},
		{"flushes", "GET / HTTP/1.1\r\nHost: HOST\r\n", func(w http.ResponseWriter, _ *http.Request, _ *handshake.Refusal) {
			http.NewResponseController(w).Flush()
			io.WriteString(w, "a page")
		}, 200, "", "a page"},
		{"hints_first", "GET / HTTP/1.1\r\nHost: HOST\r\n", func(w http.ResponseWriter, _ *http.Request, e *handshake.Refusal) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(e.Status)
			io.WriteString(w, "own")
		}, 426, "", "own"},
		{"nothing", good + "Origin: https://evil.example\r\n", func(http.ResponseWriter, *http.Request, *handshake.Refusal) {}, 403, "",
			"origin \"https://evil.example\" is not allowed\n"},
		{"101", "GET / HTTP/1.1\r\nHost: HOST\r\n", func(w http.ResponseWriter, _ *http.Request, _ *handshake.Refusal) {
			w.WriteHeader(http.StatusSwitchingProtocols)
		}, 500, "", ""},
		{"fault", good + "X-Fault: yes\r\n", func(w http.ResponseWriter, _ *http.Request, e *handshake.Refusal) {
			w.WriteHeader(e.Status)
			io.WriteString(w, e.Reason)
		}, 500, "", "the server can't upgrade this request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &server.Server{Handler: echo, Refuse: tt.refuse, Logger: slog.New(slog.DiscardHandler)}
			url := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("X-Fault") != "" {
					w.Header().Set("X", "a\r\nb")
				}
				s.ServeHTTP(w, r)
			}))
			_, br := rawDial(t, url, tt.head, "GET /second HTTP/1.1\r\nHost: x\r\n\r\n")
			resp, err := http.ReadResponse(br, nil)
			for err == nil && resp.StatusCode == http.StatusEarlyHints {
				resp, err = http.ReadResponse(br, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if resp.StatusCode != tt.status || string(body) != tt.body || err != nil || !resp.Close {
				t.Errorf("%s, close %v, %q, %v", resp.Status, resp.Close, body, err)
			}
			if tt.header != "" && resp.Header.Get(tt.header) == "" {
				t.Errorf("no %s in %v", tt.header, resp.Header)
			}
			if rest, _ := io.ReadAll(br); len(rest) > 0 {
				t.Errorf("a second answer: %q", rest)
			}
		})
	}
}

// TestRefusedOnHTTP2: a refusal leaves the connection to the others on it (RFC 9113
// section 8.2.2 has no Connection header; net/http takes one for GOAWAY).
func TestRefusedOnHTTP2(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(http.ResponseWriter, *http.Request, *handshake.Refusal){
		"library":  nil,
		"nothing":  func(http.ResponseWriter, *http.Request, *handshake.Refusal) {},
		"ones_own": func(w http.ResponseWriter, _ *http.Request, e *handshake.Refusal) { http.Error(w, "own", e.Status) },
		"closes": func(w http.ResponseWriter, _ *http.Request, e *handshake.Refusal) {
			w.Header().Set("Connection", "close")
			http.Error(w, "own", e.Status)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server.Server{Handler: echo, Refuse: refuse, Check: func(*http.Request) error { return errors.New("no") }}
			hs := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Connection", "close") // as some middleware does
				s.ServeHTTP(w, r)
			}))
			hs.EnableHTTP2 = true
			hs.StartTLS()
			defer hs.Close()
			for i, method := range []string{"GET", "GET", "POST", "GET"} {
				reused := false
				trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }}
				r, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), method, hs.URL, strings.NewReader("body"))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := hs.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.ProtoMajor != 2 || resp.StatusCode != 400 || resp.Header["Connection"] != nil || resp.Header["Upgrade"] != nil {
					t.Errorf("%s: %s %s %v", method, resp.Proto, resp.Status, resp.Header)
				}
				if i > 0 && !reused {
					t.Errorf("%s: request %d needs a connection of its own", method, i)
				}
			}
		})
	}
}
