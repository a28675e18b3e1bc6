package interop

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
)

// browser is a headless Chromium. Its DevTools speak WebSocket, so our own client
// drives what our server serves.
type browser struct {
	t      *testing.T
	c      *websocket.Conn
	serial int
}

func newBrowser(t *testing.T, page string) *browser {
	t.Helper()
	need(t, "chromium", "--version")
	cmd := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-port=0", "about:blank")
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	var tools string
	lines := bufio.NewScanner(errs)
	for tools == "" && lines.Scan() {
		_, tools, _ = strings.Cut(lines.Text(), "DevTools listening on ")
	}
	go func() {
		for lines.Scan() {
		}
	}()
	u, err := url.Parse(tools)
	if err != nil || u.Host == "" {
		t.Fatalf("DevTools at %q: %v", tools, err)
	}
	req, _ := http.NewRequest(http.MethodPut, "http://"+u.Host+"/json/new?"+page, nil)
	resp, err := (&http.Transport{}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var target struct {
		WebSocketDebuggerURL string `json:"webSocketDebuggerUrl"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&target); err != nil {
		t.Fatal(err)
	}
	d := &client.Dialer{Config: websocket.Config{MaxMessage: 64 << 20}}
	c, _, err := d.Dial(context.Background(), target.WebSocketDebuggerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return &browser{t: t, c: c}
}

// eval runs the body of an async function in the page and returns its result.
func (b *browser) eval(script string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b.serial++
	call := map[string]any{"id": b.serial, "method": "Runtime.evaluate", "params": map[string]any{
		"expression": "(async () => {" + script + "})()", "awaitPromise": true, "returnByValue": true}}
	if err := websocket.WriteJSON(ctx, b.c, call); err != nil {
		b.t.Fatal(err)
	}
	for {
		var answer struct {
			ID     int
			Result struct {
				Result           struct{ Value any }
				ExceptionDetails any
			}
		}
		if err := websocket.ReadJSON(ctx, b.c, &answer); err != nil {
			b.t.Fatal(err)
		}
		if answer.ID == b.serial {
			if e := answer.Result.ExceptionDetails; e != nil {
				b.t.Fatalf("%.200s: %v", script, e)
			}
			return fmt.Sprint(answer.Result.Result.Value)
		}
	}
}

// connect is a script that makes a socket ws with next(), which resolves to the
// next event.
const connect = `
  window.connect = (path, protocols) => new Promise(resolve => {
    const ws = new WebSocket(location.origin.replace('http', 'ws') + path, protocols || [])
    const events = [], waiting = []
    const emit = e => waiting.length ? waiting.shift()(e) : events.push(e)
    ws.binaryType = 'arraybuffer'
    ws.onmessage = e => emit(typeof e.data === 'string' ? e.data : 'binary ' + [...new Uint8Array(e.data.slice(0, 5))] + ' of ' + e.data.byteLength)
    ws.onclose = e => emit('close ' + e.code + ' ' + e.reason + ' ' + e.wasClean)
    ws.next = () => events.length ? events.shift() : new Promise(r => waiting.push(r))
    ws.onopen = () => resolve(ws)
    ws.onerror = () => resolve(ws)
  })`

func TestChromium(t *testing.T) {
	t.Parallel()
	need(t, "chromium", "--version")
	addr, stop := echo(t, "-quiet", "-subprotocols", "chat")
	b := newBrowser(t, "http://"+addr+"/healthz")
	waitPage(b, addr)
	b.eval(connect)
	for _, tt := range []struct{ name, script, want string }{
		{"greeting", `window.ws = await connect('/'); return await ws.next()`, "Welcome to Awesome Chat"},
		{"text", `ws.send('hello'); return await ws.next()`, "hello"},
		{"empty", `ws.send(''); return 'empty:' + await ws.next()`, "empty:"},
		{"Cyrillic_and_emoji", `ws.send('Привет, мир 😀👩‍👩‍👧'); return await ws.next()`, "Привет, мир 😀👩‍👩‍👧"},
		{"binary", `ws.send(new Uint8Array([255, 0, 128])); return await ws.next()`, "binary 255,0,128 of 3"},
		{"1_MB", `const m = 'я'.repeat(500000); ws.send(m); return await ws.next() === m`, "true"},
		{"1_MB_binary", `ws.send(new Uint8Array(1 << 20)); return await ws.next()`, "binary 0,0,0,0,0 of 1048576"},
		{"1000_messages", `for (let i = 0; i < 1000; i++) ws.send(i); for (let i = 0; i < 1000; i++) if (await ws.next() != i) return i; return 'all'`, "all"},
		{"close", `ws.close(4321, 'bye'); return await ws.next()`, "close 4321  true"},
		{"subprotocol", `window.ws = await connect('/echo', ['v9', 'chat']); return ws.protocol + ws.extensions`, "chat"},
		{"no_code", `ws.close(); return await ws.next()`, "close 1005  true"},
		{"page", `const html = await (await fetch('/')).text(); return html.includes('<title>Awesome Chat</title>')`, "true"},
	} {
		if got := b.eval(tt.script); got != tt.want {
			t.Errorf("%s: %.80q; want %q", tt.name, got, tt.want)
		}
	}
	// A page of another origin: refused, unless the server was told of it.
	foreign := `window.other = new WebSocket('ws://%s/echo'); return await new Promise(r => { other.onopen = () => r('open'); other.onclose = e => r('close ' + e.code) })`
	other, _ := echo(t, "-quiet")
	if got := b.eval(fmt.Sprintf(foreign, other)); got != "close 1006" {
		t.Errorf("foreign origin: %q", got)
	}
	friendly, _ := echo(t, "-quiet", "-origins", "http://"+addr)
	if got := b.eval(fmt.Sprintf(foreign, friendly)); got != "open" {
		t.Errorf("allowed origin: %q", got)
	}
	b.eval(`window.ws = await connect('/echo')`)
	stop()
	if got := b.eval(`return await ws.next()`); got != "close 1001  true" {
		t.Errorf("shutdown: %q", got)
	}
}

// TestChromiumPage uses the page that cmd/echo serves as a person does.
func TestChromiumPage(t *testing.T) {
	t.Parallel()
	need(t, "chromium", "--version")
	addr, _ := echo(t, "-quiet")
	b := newBrowser(t, "http://"+addr+"/")
	waitPage(b, addr)
	log := `[...document.querySelectorAll('li')].map(e => e.textContent).join('|')`
	until := func(want string) {
		t.Helper()
		if got := b.eval(`for (let i = 0; i < 100; i++) { if (` + log + ` === ` + fmt.Sprintf("%q", want) + `) break; await new Promise(r => setTimeout(r, 50)) } return ` + log); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
	until("# socket open|< Welcome to Awesome Chat")
	b.eval(`document.querySelector('input').value = '<b>hi</b>'; document.querySelector('form').requestSubmit()`)
	until("# socket open|< Welcome to Awesome Chat|> <b>hi</b>|< <b>hi</b>")
	if got := b.eval(`return document.querySelector('input').value + document.querySelectorAll('b').length`); got != "0" {
		t.Errorf("T3: %q", got)
	}
}

// waitPage waits until the page of addr is there.
func waitPage(b *browser, addr string) {
	b.t.Helper()
	for range 100 {
		if b.eval(`return location.host + ' ' + document.readyState`) == addr+" complete" {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatal("the page doesn't load")
}
