package main

import (
	"bufio"
	"crypto/tls"
	"log"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"hawser/websocket/server"
)

// peer is a server to be compared: an echo over one library.
type peer struct {
	name   string
	module string // whose version is reported; "" has none
	how    string // which of its ways to write an echo server this is
	utf8   string // who checks that text is UTF-8
	// compress says what the echo does when it's told to compress: "takeover",
	// "no takeover", or "" if it can't, and then it's left out of those loads.
	compress string
	extra    bool // only measured if asked for by name
	// under says which loads it's measured under if it's not asked for by name; nil is all.
	under func(load) bool
	// start serves l until the process ends, and returns how to send a binary
	// message to all who are connected.
	start func(l net.Listener, o options) (broadcast func(p []byte))
	below func(net.Listener) net.Listener // what goes below TLS; nil for nothing
	// client dials and does the work until the connection fails; without messages
	// it only dials. It's nil if the peer is no client.
	client func(*clientWork) error
}

// options are what a load asks of the server. All else is as the library's
// documentation has it, or left at its default.
type options struct {
	Peer       string
	TLS        bool
	Compress   bool
	MaxMessage int64
	Dial       string // address of a server to be a client of, "" to be a server
	Load       string // name of the load, for clients
	Profile    string // file for a profile: the window's CPU, or the memory if there is none
}

// peers in the order in which the tables show them.
var peers = []peer{
	{name: "raw", how: "TCP echo, one goroutine per connection: the limit", utf8: "-",
		compress: "", start: startRaw},
	{name: "hawser", module: "hawser/websocket", how: "README: server.Server, Conn.Messages, Conn.Write", utf8: "yes",
		compress: "takeover", start: startHawser, client: clientHawser},
	{name: "hawser-below", module: "hawser/websocket", how: "the same, over TLS with server.BelowTLS", utf8: "yes",
		compress: "takeover", under: func(l load) bool { return l.tls && !l.client }, start: startHawser, below: server.BelowTLS},
	{name: "gorilla", module: "github.com/gorilla/websocket", how: "examples/echo: ReadMessage, WriteMessage", utf8: "no",
		compress: "no takeover", start: startGorilla, client: clientGorilla},
	{name: "coder", module: "github.com/coder/websocket", how: "Accept, Conn.Read, Conn.Write", utf8: "no",
		compress: "takeover", start: startCoder, client: clientCoder},
	{name: "gobwas", module: "github.com/gobwas/ws", how: "README: wsutil.ReadClientData, WriteServerMessage", utf8: "yes",
		compress: "", start: startGobwas, client: clientGobwas},
	{name: "gobwas-low", module: "github.com/gobwas/ws", how: "README: ReadHeader, Cipher, WriteHeader on its own listener", utf8: "no",
		compress: "no takeover", start: startGobwasLow},
	{name: "gws", module: "github.com/lxzan/gws", how: "README, messages in order (ParallelEnabled false, its default)", utf8: "yes",
		compress: "takeover", start: startGWS, client: clientGWS},
	{name: "gws-parallel", module: "github.com/lxzan/gws", how: "README \"Best Practice\" (ParallelEnabled: echoes may overtake each other)", utf8: "yes",
		compress: "", extra: true, start: startGWSParallel},
	{name: "hawser-serve", module: "hawser/websocket", how: "hawser by Server.Serve, without net/http", utf8: "yes",
		compress: "takeover", under: load.costsNoMessages, start: startHawserServe},
}

func findPeer(name string) (peer, bool) {
	i := slices.IndexFunc(peers, func(p peer) bool { return p.name == name })
	if i < 0 {
		return peer{}, false
	}
	return peers[i], true
}

// version returns the version that is built in, "this tree" for a replaced one.
func (p peer) version() string {
	info, ok := debug.ReadBuildInfo()
	if p.module == "" || !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == p.module && m.Replace != nil {
			return "this tree"
		} else if m.Path == p.module {
			return m.Version
		}
	}
	return "?"
}

// serveHTTP serves h as every peer that upgrades through net/http has it.
func serveHTTP(l net.Listener, h http.Handler) {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(discard{}, "", 0), // clients that leave are no news here
	}
	go s.Serve(l)
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// accept hands each connection on l to serve, in a goroutine of its own.
func accept(l net.Listener, serve func(net.Conn)) {
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go serve(nc)
		}
	}()
}

// members are the connections of a server, for libraries that don't keep count
// of them and leave broadcasts to their users.
type members[C comparable] struct {
	mu  sync.Mutex
	all map[C]struct{}
}

func (m *members[C]) add(c C) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil {
		m.all = map[C]struct{}{}
	}
	m.all[c] = struct{}{}
}

func (m *members[C]) remove(c C) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, c)
}

func (m *members[C]) each(do func(C)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.all {
		do(c)
	}
}

// startRaw echoes bytes. It shows what the kernel, the scheduler and the load
// leave for a library to add to. Of a handshake it echoes the request, so that
// the handshake load can run against it.
func startRaw(l net.Listener, o options) func([]byte) {
	var all members[net.Conn]
	accept(l, func(nc net.Conn) {
		defer nc.Close()
		if t, ok := nc.(*tls.Conn); ok && t.Handshake() != nil {
			return
		}
		all.add(nc)
		defer all.remove(nc)
		buf := make([]byte, 4<<10)
		for {
			n, err := nc.Read(buf)
			if err != nil {
				return
			}
			if _, err := nc.Write(buf[:n]); err != nil {
				return
			}
			if n == len(buf) && n < 64<<10 { // little for the idle, much for long messages
				buf = make([]byte, 64<<10)
			}
		}
	})
	return func(p []byte) {
		frame := appendFrame(nil, frameBinary, nil, p)
		all.each(func(nc net.Conn) { nc.Write(frame) })
	}
}

// buffered returns nc with what r still holds of it before.
func buffered(nc net.Conn, r *bufio.Reader) net.Conn {
	if r == nil || r.Buffered() == 0 {
		return nc
	}
	return &bufferedConn{nc, r}
}

type bufferedConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *bufferedConn) Read(p []byte) (int, error) { return c.r.Read(p) }
