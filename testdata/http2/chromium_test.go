package http2

import (
	"testing"

	"hawser/websocket/testdata/interop/browser"
)

// connect is a script that makes a socket ws with next(), which resolves to the next
// event.
const connect = `
  window.connect = (path, protocols) => new Promise(resolve => {
    const ws = new WebSocket(location.origin.replace('http', 'ws') + path, protocols || [])
    const events = [], waiting = []
    const emit = e => waiting.length ? waiting.shift()(e) : events.push(e)
    ws.binaryType = 'arraybuffer'
    ws.onmessage = e => emit(typeof e.data === 'string' ? e.data : 'binary of ' + e.data.byteLength)
    ws.onclose = e => emit('close ' + e.code + ' ' + e.reason + ' ' + e.wasClean)
    ws.next = () => events.length ? events.shift() : new Promise(r => waiting.push(r))
    ws.onopen = () => resolve(ws)
    ws.onerror = () => resolve(ws)
  })`

// TestChromium: a page and all its sockets share one TCP connection, and none of them is
// in the way of another or of page loads.
func TestChromium(t *testing.T) {
	t.Parallel()
	need(t, "chromium", "--version")
	s := newSite(t, true, both)
	p, err := browser.Open(s.URL+"/page", connect, "--ignore-certificate-errors")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	before := s.conns.Load()
	for _, tt := range []struct{ name, script, want string }{
		{"page", `return document.body.textContent`, "over HTTP/2.0"},
		{"text", `window.ws = await connect('/echo', ['v9', 'chat']); ws.send('hello'); return await ws.next()`, "hello"},
		{"agreed", `return ws.protocol + ' ' + ws.extensions`, "chat permessage-deflate; client_max_window_bits=12"},
		{"3 MB", `ws.send(new Uint8Array(3 << 20)); return await ws.next()`, "binary of 3145728"},
		{"1 MB of text", `const m = 'я'.repeat(500000); ws.send(m); return await ws.next() === m`, "true"},
		{"1000 messages", `for (let i = 0; i < 1000; i++) ws.send(i); for (let i = 0; i < 1000; i++) if (await ws.next() != i) return i; return 'all'`, "all"},
		{"close", `ws.close(4321, 'bye'); return await ws.next()`, "close 4321 bye true"},
		{"close by the server", `window.ws = await connect('/echo'); ws.send('close 4002'); return await ws.next()`, "close 4002 as you wish true"},
		{"cut", `window.ws = await connect('/echo'); ws.send('cut'); return await ws.next()`, "close 1006  false"},
		{"refusal", `window.ws = await connect('/refused'); return await ws.next()`, "close 1006  false"},
		{"20 sockets", `const all = await Promise.all([...Array(20).keys()].map(() => connect('/echo')))
			all.forEach((ws, i) => ws.send(i))
			const got = await Promise.all(all.map(ws => ws.next()))
			all.forEach(ws => ws.close())
			return got.join()`, "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19"},
		{"a stuck one beside another", `const deaf = await connect('/deaf')
			deaf.send(new Uint8Array(8 << 20))
			window.ws = await connect('/echo')
			ws.send('not stuck')
			return await ws.next() + ', ' + (deaf.bufferedAmount > 0)`, "not stuck, true"},
		// Chromium opens 255 sockets at most for a page. net/http's limit is 250 streams.
		{"pages beside 253 sockets", `window.all = await Promise.all([...Array(251).keys()].map(() => connect('/echo')))
			const pages = await Promise.all([...Array(50).keys()].map(async () => (await fetch('/page')).text()))
			return all.filter(ws => ws.readyState === 1).length + ' ' + pages.filter(p => p.includes('HTTP/2.0')).length`, "251 50"},
	} {
		if got, err := p.Eval(tt.script); got != tt.want || err != nil {
			t.Errorf("%s: %.80q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
	// Chromium may open a connection in advance that it doesn't need.
	if n := s.conns.Load() - before; n > 1 {
		t.Errorf("%d TCP connections more than for the page", n)
	}
	ended := make(chan error)
	go func() { ended <- s.ws.Shutdown(ctx) }()
	if got, err := p.Eval(`return await all[0].next()`); got != "close 1001  true" || err != nil {
		t.Errorf("shutdown: %q, %v", got, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
