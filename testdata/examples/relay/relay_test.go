package relay

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/server"
)

// target closes with the code and reason of the query after a message "close", tells
// how the client closed, and echoes the rest.
func target(ends chan<- error) http.Handler {
	s := &server.Server{Subprotocols: []string{"b"}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/forbidden" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		c, err := s.Upgrade(w, r)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			t, p, err := c.Read(c.Context())
			switch {
			case err != nil:
				ends <- err
				return
			case string(p) == "cut":
				return
			case string(p) == "close":
				code, _ := strconv.Atoi(r.URL.Query().Get("code"))
				c.Close(websocket.Code(code), r.URL.Query().Get("reason"))
				return
			}
			c.Write(c.Context(), t, p)
		}
	})
}

func start(t *testing.T) (proxy string, ends <-chan error) {
	ch := make(chan error, 1)
	back := httptest.NewServer(target(ch))
	t.Cleanup(back.Close)
	p := &Proxy{Target: strings.Replace(back.URL, "http", "ws", 1), Server: server.Server{Subprotocols: []string{"a", "b"}}}
	front := httptest.NewServer(p)
	t.Cleanup(front.Close)
	return strings.Replace(front.URL, "http", "ws", 1), ch
}

func TestTheServersEndReachesTheClient(t *testing.T) {
	t.Parallel()
	proxy, _ := start(t)
	type end struct {
		Code   websocket.Code
		Reason string
	}
	for _, tt := range []struct {
		name, path, message string
		want                end
	}{
		{"normal", "/?code=1000&reason=done", "close", end{1000, "done"}},
		{"own code", "/?code=4321&reason=x", "close", end{4321, "x"}},
		{"no code", "/?code=1005", "close", end{1005, ""}},
		{"cut", "/", "cut", end{1014, ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := client.Dialer{Subprotocols: []string{"c", "a", "b"}}
			c, _, err := d.Dial(t.Context(), proxy+tt.path)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if c.Subprotocol() != "b" {
				t.Errorf("subprotocol %q", c.Subprotocol())
			}
			long := strings.Repeat("long ", 100_000)
			for _, m := range []string{"hello", "", long} {
				c.Write(t.Context(), websocket.Text, []byte(m))
				if _, p, err := c.Read(t.Context()); err != nil || string(p) != m {
					t.Fatalf("%d bytes, %v", len(p), err)
				}
			}
			c.Write(t.Context(), websocket.Text, []byte(tt.message))
			_, _, err = c.Read(t.Context())
			var ce *websocket.CloseError
			if !errors.As(err, &ce) {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, end{ce.Code, ce.Reason}); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTheClientsEndReachesTheServer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		end  func(*websocket.Conn) error
		want websocket.Code
	}{
		{"closed", func(c *websocket.Conn) error { return c.Close(4000, "bye") }, 4000},
		{"cut", func(c *websocket.Conn) error { return c.CloseNow() }, websocket.CodeAbnormal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			proxy, ends := start(t)
			c, err := client.Dial(t.Context(), proxy)
			if err != nil {
				t.Fatal(err)
			}
			if err := tt.end(c); err != nil {
				t.Fatal(err)
			}
			if got := websocket.CloseCode(<-ends); got != tt.want {
				t.Errorf("code %d; want %d", got, tt.want)
			}
		})
	}
}

func TestARefusalReachesTheClient(t *testing.T) {
	t.Parallel()
	proxy, _ := start(t)
	var d client.Dialer
	if _, resp, err := d.Dial(t.Context(), proxy+"/forbidden"); resp == nil || resp.StatusCode != http.StatusForbidden {
		t.Error(resp, err)
	}
}
