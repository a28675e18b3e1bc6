package handshake_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/handshake"
)

func TestRefusal_ServeHTTP(t *testing.T) {
	t.Parallel()
	common := func(more http.Header) http.Header {
		h := http.Header{
			"Connection":             {"close"},
			"Content-Type":           {"text/plain; charset=utf-8"},
			"X-Content-Type-Options": {"nosniff"},
		}
		for name, values := range more {
			h[name] = values
		}
		return h
	}
	tests := []struct {
		name    string
		refusal handshake.Refusal
		status  int
		want    http.Header
	}{
		{"4.2.2_403", handshake.Refusal{Status: 403, Reason: "no"}, 403, common(nil)},
		{"4.2.2_401", handshake.Refusal{Status: 401, Header: http.Header{"Www-Authenticate": {"Basic"}}, Reason: "who?"}, 401,
			common(http.Header{"Www-Authenticate": {"Basic"}})},
		{"4.2.2_307", handshake.Refusal{Status: 307, Header: http.Header{"Location": {"/b"}}, Reason: "there"}, 307,
			common(http.Header{"Location": {"/b"}})},
		{"4.4_426", handshake.Refusal{Status: 426, Header: http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}}, Reason: "13"}, 426,
			common(http.Header{"Upgrade": {"websocket"}, "Connection": {"close", "Upgrade"}})},
		{"4.2.2_no_status", handshake.Refusal{Reason: "?"}, 500, common(nil)},
		{"4.2.2_status_of_success", handshake.Refusal{Status: 101}, 500, common(nil)},
		{"4.2.2_299", handshake.Refusal{Status: 299}, 500, common(nil)},
		{"4.2.2_300", handshake.Refusal{Status: 300}, 300, common(nil)},
		{"4.2.2_599", handshake.Refusal{Status: 599}, 599, common(nil)},
		{"4.2.2_600", handshake.Refusal{Status: 600}, 500, common(nil)},
		{"4.2.2_status_of_nothing", handshake.Refusal{Status: 1000}, 500, common(nil)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			w.Header().Set("Content-Length", "1") // set by middleware for another answer
			w.Header().Set("Content-Encoding", "gzip")
			test.refusal.ServeHTTP(w, nil)
			if w.Code != test.status || w.Body.String() != test.refusal.Reason+"\n" {
				t.Errorf("got %d %q", w.Code, w.Body)
			}
			if diff := cmp.Diff(test.want, w.Header()); diff != "" {
				t.Error("-want +got\n" + diff)
			}
		})
	}
}

// HTTP/2 has no headers about the connection (RFC 9113 section 8.2.2), and net/http would
// close the connection, with all its other requests, if it found one.
func TestRefusal_ServeHTTP_on_HTTP2(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/", nil)
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	refusal := &handshake.Refusal{Status: 426, Header: http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "X": {"y"}}, Reason: "no"}
	w := httptest.NewRecorder()
	w.Header().Set("Connection", "close")
	refusal.ServeHTTP(w, r)
	want := http.Header{"X": {"y"}, "Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"}}
	if diff := cmp.Diff(want, w.Header()); diff != "" || w.Code != 426 {
		t.Error(w.Code, diff)
	}
}

// One Refusal may answer many requests at the same time: it is not changed, and its headers
// are copied.
func TestRefusal_ServeHTTP_shared(t *testing.T) {
	t.Parallel()
	refusal := &handshake.Refusal{Status: 503, Header: http.Header{"Retry-After": {"5"}}, Reason: "later"}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			w := httptest.NewRecorder()
			refusal.ServeHTTP(w, nil)
			w.Header()["Retry-After"][0] = "6"
		})
	}
	wg.Wait()
	if got := refusal.Header.Get("Retry-After"); got != "5" {
		t.Errorf("Retry-After has become %s", got)
	}
}

// H12: after a refusal, net/http serves no second request from the connection.
func TestRefusal_H12_closes(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{
		"400": edit(goodRequest, "Sec-WebSocket-Key: x"),
		"405": edit(goodRequest, "DELETE / HTTP/1.1"),
		"426": edit(goodRequest, "Upgrade: (none)"),
		"505": edit(goodRequest, "GET / HTTP/1.0", "Connection: keep-alive"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			served := make(chan error, 2)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, err := handshake.ParseRequest(r)
				served <- err
				err.(http.Handler).ServeHTTP(w, r)
			}))
			defer s.Close()
			c, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, head+head); err != nil {
				t.Fatal(err)
			}
			answer, _ := io.ReadAll(c) // ends, since the server closes
			if n := strings.Count(string(answer), "\r\nConnection: close\r\n"); n != 1 || len(served) != 1 {
				t.Errorf("%d answers and %d requests served, want 1:\n%s", n, len(served), answer)
			}
			if first, _, _ := strings.Cut(string(answer), "\r\n"); !strings.Contains(first, " "+name+" ") {
				t.Errorf("answer %q, want %s", first, name)
			}
		})
	}
}

func TestRefusal_Error(t *testing.T) {
	t.Parallel()
	err := &handshake.Refusal{Status: 403, Reason: "not you"}
	if got, want := err.Error(), "websocket: upgrade refused with status 403: not you"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
