package interop

import (
	"fmt"
	"testing"

	"hawser/websocket/testdata/interop/browser"
)

// page is a page in a headless Chromium, which our own client drives.
type page struct {
	*browser.Page
	t *testing.T
}

func open(t *testing.T, url, early string) *page {
	t.Helper()
	need(t, "chromium", "--version")
	p, err := browser.Open(url, early)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return &page{p, t}
}

// eval runs the body of an async function in the page and returns its result.
func (p *page) eval(script string) string {
	p.t.Helper()
	s, err := p.Eval(script)
	if err != nil {
		p.t.Fatal(err)
	}
	return s
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
	inBrowser(t, "permessage-deflate; client_max_window_bits=12", func(url string) evaluator { return open(t, url, connect) })
}

// evaluator is a page that runs the body of an async function and returns its result.
type evaluator interface{ eval(script string) string }

// inBrowser is what a browser's page has to get from cmd/echo. The extensions are what
// is agreed on with what the browser offers.
func inBrowser(t *testing.T, extensions string, open func(url string) evaluator) {
	addr, stop := echo(t, "-quiet", "-subprotocols", "chat")
	b := open("http://" + addr + "/healthz")
	for _, tt := range []struct{ name, script, want string }{
		{"greeting", `window.ws = await connect('/'); return await ws.next()`, "Welcome to Awesome Chat"},
		{"text", `ws.send('hello'); return await ws.next()`, "hello"},
		{"empty", `ws.send(''); return 'empty:' + await ws.next()`, "empty:"},
		{"Cyrillic_and_emoji", `ws.send('Привет, мир 😀👩‍👩‍👧'); return await ws.next()`, "Привет, мир 😀👩‍👩‍👧"},
		{"binary", `ws.send(new Uint8Array([255, 0, 128])); return await ws.next()`, "binary 255,0,128 of 3"},
		{"1_MB", `const m = 'я'.repeat(500000); ws.send(m); return await ws.next() === m`, "true"},
		{"1_MB_binary", `ws.send(new Uint8Array(1 << 20)); return await ws.next()`, "binary 0,0,0,0,0 of 1048576"},
		{"1000_messages", `for (let i = 0; i < 1000; i++) ws.send(i); for (let i = 0; i < 1000; i++) if (await ws.next() != i) return i; return 'all'`, "all"},
		{"close", `ws.close(4321, 'bye'); return await ws.next()`, "close 4321 bye true"},
		{"subprotocol", `window.ws = await connect('/echo', ['v9', 'chat']); return ws.protocol + ' ' + ws.extensions`, "chat " + extensions},
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
