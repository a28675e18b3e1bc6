package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
)

// get returns a page's status and text.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestDebug: the other address tells what happened, and the clients' one doesn't.
func TestDebug(t *testing.T) {
	t.Parallel()
	addr, out, _ := start(t, "-debug", "localhost:0", "-compress", "off")
	debug := "http://localhost:" + out.waitLine("debugging on port ")
	c := dial(t, addr)
	for range 3 {
		c.Write(ctx, websocket.Binary, make([]byte, 100))
		read(t, c, websocket.Binary, string(make([]byte, 100)))
	}
	if status, _ := get(t, "http://"+addr+"/echo"); status != 426 {
		t.Error(status)
	}
	type vars struct {
		Connections struct {
			Open, Opened int
			Refused      map[string]int
		}
		Traffic    map[string]int
		Goroutines int
		Memstats   map[string]any
	}
	var got vars
	status, body := get(t, debug+"/debug/vars")
	if err := json.Unmarshal([]byte(body), &got); status != 200 || err != nil || got.Goroutines == 0 || got.Memstats == nil {
		t.Errorf("%d, %v: %s", status, err, body)
	}
	got.Goroutines, got.Memstats = 0, nil
	want := vars{Traffic: map[string]int{"messages_received": 3, "messages_sent": 3, "bytes_received": 300, "bytes_sent": 300, "pings_received": 0, "pongs_received": 0}}
	want.Connections.Open, want.Connections.Opened, want.Connections.Refused = 1, 1, map[string]int{"request": 1}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for path, want := range map[string]string{"/healthz": "ok\n", "/debug/pprof/goroutine?debug=1": "goroutine profile: ", "/debug/pprof/": "<html>"} {
		if status, body := get(t, debug+path); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d, %.100q", path, status, body)
		}
	}
	for _, path := range []string{"/debug/vars", "/debug/pprof/"} {
		if status, _ := get(t, "http://"+addr+path); status != 426 {
			t.Errorf("%s for everybody: %d", path, status)
		}
	}
}

// TestLog: what operators get to see is a matter of flags.
func TestLog(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ args, want string }{
		{"", ""},
		{"-log-level DEBUG", `level=DEBUG msg="websocket: refused" remote=`},
		{"-log-level debug -log-format json", `"level":"DEBUG","msg":"websocket: refused","remote":"`},
		{"-log-level DEBUG -quiet", ""},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			addr, out, stop := start(t, strings.Fields(tt.args)...)
			get(t, "http://"+addr+"/echo?token=secret")
			stop()
			if log := out.String(); !strings.Contains(log, tt.want) || tt.want == "" && strings.Contains(log, "level") || strings.Contains(log, "secret") {
				t.Errorf("logged: %s", log)
			}
		})
	}
}

// TestDrain: a server that is told to stop goes on for -drain-delay, so that a
// proxy can see it by /healthz; then new clients are refused while the others go.
func TestDrain(t *testing.T) {
	t.Parallel()
	addr, out, stop := start(t, "-quiet", "-drain-delay", "1500ms", "-drain", "500ms", "-debug", "localhost:0")
	debug := "http://localhost:" + out.waitLine("debugging on port ")
	rawDial(t, addr, upgrade) // doesn't go
	c := dial(t, addr)
	if status, body := get(t, "http://"+addr+"/healthz"); status != 200 || body != "ok\n" {
		t.Error(status, body)
	}
	code := make(chan int, 1)
	go func() { code <- stop() }()
	for { // until it knows
		if status, body := get(t, "http://"+addr+"/healthz"); status == 503 {
			if body != "draining\n" {
				t.Error(body)
			}
			break
		}
	}
	if status, _ := get(t, debug+"/healthz"); status != 503 {
		t.Error(status)
	}
	late := dial(t, addr) // it still serves
	for _, c := range []*websocket.Conn{c, late} {
		c.Write(ctx, websocket.Text, []byte("hello"))
		read(t, c, websocket.Text, "hello")
	}
	wantClose(t, c, frame.CodeGoingAway, "")
	wantClose(t, late, frame.CodeGoingAway, "")
	if _, resp, err := new(client.Dialer).Dial(ctx, "ws://"+addr+"/echo"); err == nil || resp != nil && (resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "") {
		t.Error(resp, err)
	}
	if code := <-code; code != 0 {
		t.Error("exit code", code)
	}
}

// TestReusePort: two servers on one port, of which one can leave.
func TestReusePort(t *testing.T) {
	t.Parallel()
	if !canReusePort {
		t.Skip("not on this system")
	}
	addr, _, stop := start(t, "-quiet", "-reuseport")
	start(t, "-quiet", "-reuseport", "-addr", addr)
	dial(t, addr)
	stop()
	c := dial(t, addr)
	c.Write(ctx, websocket.Text, []byte("hello"))
	read(t, c, websocket.Text, "hello")
	var errs strings.Builder
	if code := run(ctx, []string{"-addr", addr}, io.Discard, &errs); code != 1 || !strings.Contains(errs.String(), "address already in use") {
		t.Error(code, errs.String())
	}
}
