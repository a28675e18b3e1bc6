//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/server"
	"hawser/websocket/server/bus/bustest"
	"hawser/websocket/server/bus/internal/engines"
	"hawser/websocket/testdata/interop/browser"
)

var background = context.Background()

// brokenBus refuses what is published, with an error.
type brokenBus struct{ err error }

func (b brokenBus) Publish(context.Context, string, []byte) error { return b.err }

func (b brokenBus) Subscribe(context.Context, string, server.Position, func(server.Event)) (server.Position, error) {
	return server.Position{}, nil
}

func serve(t *testing.T, bus server.Bus) (addr string) {
	ws := new(server.Server)
	s := httptest.NewServer(routes(ws, &server.Topics{Server: ws, Bus: bus, Encode: encode}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func dial(t *testing.T, addr, path string) *websocket.Conn {
	t.Helper()
	c, err := client.Dial(background, "ws://"+addr+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

// expect reads messages until all of want have come, in any order.
func expect(t *testing.T, c *websocket.Conn, want ...string) {
	t.Helper()
	left := make(map[string]bool)
	for _, w := range want {
		left[w] = true
	}
	ctx, cancel := context.WithTimeout(background, 20*time.Second)
	defer cancel()
	for len(left) > 0 {
		_, p, err := c.Read(ctx)
		if err != nil {
			t.Fatalf("%v, and not %v", err, left)
		}
		if !left[string(p)] {
			t.Fatalf("%s, and not %v", p, left)
		}
		delete(left, string(p))
	}
}

// TestRoom: what one says in a room all there get, and nobody elsewhere.
func TestRoom(t *testing.T) {
	t.Parallel()
	addr := serve(t, nil)
	ann, bob, eve := dial(t, addr, "/room/tea"), dial(t, addr, "/room/tea"), dial(t, addr, "/room/%E2%98%95%2F..")
	for _, c := range []*websocket.Conn{ann, bob, eve} {
		expect(t, c, `{"type":"begin"}`)
	}
	ann.Write(background, websocket.Text, []byte(`{"id":7,"from":"Ann","text":"hello"}`))
	expect(t, bob, `{"type":"message","from":"Ann","text":"hello"}`)
	expect(t, ann, `{"type":"message","from":"Ann","text":"hello"}`, `{"type":"sent","id":7}`)
	eve.Write(background, websocket.Text, []byte(`{"id":1,"text":"alone"}`))
	expect(t, eve, `{"type":"message","text":"alone"}`, `{"type":"sent","id":1}`)
	resumed := dial(t, addr, "/room/tea?after=5-gone")
	expect(t, resumed, `{"type":"begin"}`, `{"type":"gap"}`)
	eve.Write(background, websocket.Text, []byte(`hello`))
	if _, _, err := eve.Read(background); websocket.CloseCode(err) != 1008 {
		t.Error(err)
	}
}

// TestRefused: who says something is told what became of it, and no more.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want string
	}{
		{server.ErrBusUnavailable, `"why":"not now","again":true}`},
		{server.ErrBusUnconfirmed, `"why":"not confirmed"}`},
		{server.ErrBusDenied, `"why":"not now"}`},
		{server.ErrMessageSize, `"why":"too long"}`},
		{errors.New("user=me password=secret"), `"why":"not now"}`},
	} {
		c := dial(t, serve(t, brokenBus{tt.err}), "/room/x")
		expect(t, c, `{"type":"begin"}`)
		c.Write(background, websocket.Text, []byte(`{"id":1,"text":"x"}`))
		expect(t, c, `{"type":"refused","id":1,`+tt.want)
	}
	addr := serve(t, nil)
	for _, path := range []string{"/room/x?after=5", "/room/x?after=" + url.QueryEscape("1-"+strings.Repeat("e", 65)), "/room/" + strings.Repeat("x", server.MaxTopic+1), "/room/a%FF"} {
		if _, resp, err := new(client.Dialer).Dial(background, "ws://"+addr+path); err == nil || resp == nil || resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%.40s: %v, %v", path, resp, err)
		}
	}
}

// TestEngines: the URL of the engine is refused for what is wrong with it, and its
// password isn't in the error.
func TestEngines(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"", "redis", "http://secret@x", "redis+streams://secret@x", "redis://:secret@x:port", "nats+secret://x", "nats://user:secret@x:port"} {
		_, err := engines.Open(u, "")
		if err == nil || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%q: %v", u, err)
		}
	}
}

// A station is one process of rooms, which can be restarted on its address.
type station struct {
	addr string
	end  func()
}

func (s *station) start(t *testing.T, bus string) {
	t.Helper()
	b, err := engines.Open(bus, "")
	if err != nil {
		t.Fatal(err)
	}
	if s.addr == "" {
		s.addr = bustest.FreeAddr(t)
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	ws := new(server.Server)
	hs := &http.Server{Handler: routes(ws, &server.Topics{Server: ws, Bus: b, Encode: encode})}
	go hs.Serve(l)
	s.end = func() { // all at once, like a death
		hs.Close()
		ws.Close()
		b.Close()
	}
}

// A tab is the page in a browser.
type tab struct {
	*browser.Page
	t *testing.T
}

func openTab(t *testing.T, addr string) *tab {
	t.Helper()
	if out, err := exec.Command("chromium", "--version").CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Skip("needs chromium:", err)
	}
	p, err := browser.Open("http://"+addr+"/room/tea%20%E2%98%95", `
		window.bad = []
		addEventListener('securitypolicyviolation', e => bad.push(e.violatedDirective))
		addEventListener('error', e => bad.push(e.message))`)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if got, err := p.Eval(`return bad.join()`); got != "" || err != nil {
			t.Error("in the page:", got, err)
		}
		p.Close()
	})
	return &tab{p, t}
}

// until waits until the last line is one of want.
func (p *tab) until(want ...string) {
	p.t.Helper()
	var got string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var err error
		if got, err = p.Eval(`return document.querySelector('ol').lastElementChild?.textContent ?? ''`); err != nil {
			p.t.Fatal(err)
		}
		if slices.Contains(want, got) {
			return
		}
	}
	p.t.Fatalf("the last line is %q, and none of %q", got, want)
}

func (p *tab) say(text string) {
	p.t.Helper()
	if _, err := p.Eval(`document.getElementById('text').focus()`); err != nil {
		p.t.Fatal(err)
	}
	if err := p.Type(text); err != nil {
		p.t.Fatal(err)
	}
	if err := p.Press("Enter", 13, "\r"); err != nil {
		p.t.Fatal(err)
	}
}

// TestPage: two browsers chat in one room by two processes. One whose process dies gets
// what it missed when that's back, or is told that it can't.
func TestPage(t *testing.T) {
	t.Parallel()
	engine := bustest.NewEngine(t, "redis-server", "--bind", "127.0.0.1", "--port", "PORT", "--dir", "DIR", "--save", "", "--appendonly", "yes")
	engine.Start(t)
	bus := "redis://" + engine.Addr
	var one, two station
	one.start(t, bus)
	two.start(t, bus)
	t.Cleanup(func() { one.end(); two.end() })
	ann, bob := openTab(t, one.addr), openTab(t, two.addr)
	ann.until("you are in the room")
	bob.until("you are in the room")
	ann.say("hello <b>Bob</b>")
	for _, p := range []*tab{ann, bob} {
		p.until("somebodyhello <b>Bob</b>")
	}

	one.end()
	ann.until("the connection is lost")
	bob.say("are you there?")
	bob.until("somebodyare you there?")
	one.start(t, bus)
	ann.until("somebodyare you there?")

	engine.Kill()
	bob.say("anybody?")
	bob.until("not sent (not now): anybody?", "perhaps not sent (not confirmed): anybody?")
	engine.Start(t)
	for deadline := time.Now().Add(20 * time.Second); ; { // it may be a moment until the process has it
		text := fmt.Sprint("again ", time.Until(deadline))
		bob.say(text)
		if got, err := bob.Eval(`await new Promise(r => setTimeout(r, 200)); return document.querySelector('ol').lastElementChild.textContent`); err != nil || got == "somebody"+text {
			ann.until("somebody" + text)
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the room is not back")
		}
	}

	one.end()
	ann.until("the connection is lost")
	c := goredis.NewClient(&goredis.Options{Addr: engine.Addr})
	defer c.Close()
	if err := c.FlushAll(background).Err(); err != nil {
		t.Fatal(err)
	}
	one.start(t, bus)
	ann.until("some messages may be missing here")
	ann.say("on we go")
	bob.until("somebodyon we go")
}

// TestRun: the program answers to its own names, sends everybody away when it's told to
// stop, and doesn't begin with an engine that it can't use.
func TestRun(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(background)
	defer stop()
	addr := bustest.FreeAddr(t)
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{"-addr", addr}) }()
	var c *websocket.Conn
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var err error
		if c, err = client.Dial(background, "ws://"+addr+"/room/x"); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	expect(t, c, `{"type":"begin"}`)
	r, err := http.NewRequest("GET", "http://"+addr+"/room/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "evil.example"
	if resp, err := http.DefaultClient.Do(r); err != nil || resp.StatusCode != http.StatusForbidden {
		t.Error(resp, err)
	}
	stop()
	if _, _, err := c.Read(background); websocket.CloseCode(err) != 1001 {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	engine := bustest.NewEngine(t, "redis-server", "--bind", "127.0.0.1", "--port", "PORT", "--dir", "DIR", "--save", "", "--requirepass", "right")
	engine.Start(t)
	if err := run(background, []string{"-bus", "redis://:wrong@" + engine.Addr}); !errors.Is(err, server.ErrBusDenied) || strings.Contains(err.Error(), "wrong@") {
		t.Error(err)
	}
	if err := run(background, []string{"-bus", "mysql://x"}); err == nil {
		t.Error("an engine of no known kind")
	}
}

// TestHealth: proxies ask for it.
func TestHealth(t *testing.T) {
	t.Parallel()
	resp, err := http.Get("http://" + serve(t, nil) + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if p, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK || string(p) != "ok\n" {
		t.Error(resp.Status, string(p))
	}
	var h heard
	if err := json.Unmarshal([]byte(`{"position":"7-x"}`), &h); err != nil || h.Position != (server.Position{Epoch: "x", Offset: 7}) {
		t.Error(h, err)
	}
}
