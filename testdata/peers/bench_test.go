package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	coder "github.com/coder/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	gorilla "github.com/gorilla/websocket"
	"github.com/lxzan/gws"
	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/server"
)

// The benchmarks run server connections on a stream in memory, so they show
// what a library does with bytes and nothing of system calls: of an echo over
// a network that is the smaller part.

// memory is a net.Conn that hands out the same frame again and again and forgets what is written.
type memory struct {
	frame []byte
	at    int
	left  atomic.Int64 // frames
}

func (m *memory) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if m.at == 0 && m.left.Add(-1) < 0 {
			break
		}
		k := copy(p[n:], m.frame[m.at:])
		n += k
		if m.at += k; m.at == len(m.frame) {
			m.at = 0
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (m *memory) Write(p []byte) (int, error)      { return len(p), nil }
func (m *memory) Close() error                     { return nil }
func (m *memory) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (m *memory) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (m *memory) SetDeadline(time.Time) error      { return nil }
func (m *memory) SetReadDeadline(time.Time) error  { return nil }
func (m *memory) SetWriteDeadline(time.Time) error { return nil }

// upgrade is the request and the answer of an upgrade on m.
func (m *memory) upgrade() (http.ResponseWriter, *http.Request) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Sec-WebSocket-Key", clientKey)
	r.Header.Set("Sec-WebSocket-Version", "13")
	return hijacker{httptest.NewRecorder(), m}, r
}

type hijacker struct {
	*httptest.ResponseRecorder
	m *memory
}

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.m, bufio.NewReadWriter(bufio.NewReaderSize(h.m, 4096), bufio.NewWriterSize(h.m, 4096)), nil
}

var errEnough = errors.New("enough")

// readers read n messages from a connection on m.
var readers = []struct {
	name string
	read func(m *memory, n int) error
}{
	{"hawser", func(m *memory, n int) error {
		w, r := m.upgrade()
		c, err := new(server.Server).Upgrade(w, r)
		for ; n > 0 && err == nil; n-- {
			_, _, err = c.Read(context.Background())
		}
		return err
	}},
	{"gorilla", func(m *memory, n int) error {
		w, r := m.upgrade()
		c, err := new(gorilla.Upgrader).Upgrade(w, r, nil)
		for ; n > 0 && err == nil; n-- {
			_, _, err = c.ReadMessage()
		}
		return err
	}},
	{"coder", func(m *memory, n int) error {
		w, r := m.upgrade()
		c, err := coder.Accept(w, r, nil)
		for ; n > 0 && err == nil; n-- {
			_, _, err = c.Read(context.Background())
		}
		return err
	}},
	{"gobwas", func(m *memory, n int) error {
		for range n {
			if _, _, err := wsutil.ReadClientData(m); err != nil {
				return err
			}
		}
		return nil
	}},
	{"gws", func(m *memory, n int) error {
		w, r := m.upgrade()
		counter := &counting{}
		c, err := gws.NewUpgrader(counter, &gws.ServerOption{CheckUtf8Enabled: true, Logger: silent{}}).Upgrade(w, r)
		if err != nil {
			return err
		}
		c.ReadLoop() // until the end of the stream
		if counter.n != n {
			return errEnough
		}
		return nil
	}},
}

type counting struct {
	gws.BuiltinEventHandler
	n int
}

func (c *counting) OnMessage(_ *gws.Conn, m *gws.Message) { c.n++; m.Close() }

// BenchmarkRead reads whole messages on the server's side.
func BenchmarkRead(b *testing.B) {
	for _, in := range []struct {
		name    string
		opcode  byte
		payload []byte
	}{
		{"32B", frameBinary, binaryPayload(32)},
		{"125B", frameBinary, binaryPayload(125)},
		{"1K", frameBinary, binaryPayload(1 << 10)},
		{"1K_wide_text", frameText, wideText(1 << 10)},
		{"16K", frameBinary, binaryPayload(16 << 10)},
	} {
		for _, r := range readers {
			b.Run(in.name+"/"+r.name, func(b *testing.B) {
				b.SetBytes(int64(len(in.payload)))
				b.ReportAllocs()
				m := &memory{frame: appendFrame(nil, frameFin|in.opcode, maskKey(0), in.payload)}
				m.left.Store(int64(b.N))
				if err := r.read(m, b.N); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// BenchmarkWrite writes whole messages on the server's side.
func BenchmarkWrite(b *testing.B) {
	ctx := context.Background()
	for _, size := range []int{32, 125, 1 << 10, 16 << 10} {
		p := binaryPayload(size)
		run := func(name string, open func(m *memory) (func() error, error)) {
			b.Run(short(size)+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(size))
				b.ReportAllocs()
				write, err := open(&memory{})
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					if err := write(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		run("hawser", func(m *memory) (func() error, error) {
			w, r := m.upgrade()
			c, err := new(server.Server).Upgrade(w, r)
			return func() error { return c.Write(ctx, websocket.Binary, p) }, err
		})
		run("gorilla", func(m *memory) (func() error, error) {
			w, r := m.upgrade()
			c, err := new(gorilla.Upgrader).Upgrade(w, r, nil)
			return func() error { return c.WriteMessage(gorilla.BinaryMessage, p) }, err
		})
		run("coder", func(m *memory) (func() error, error) {
			w, r := m.upgrade()
			c, err := coder.Accept(w, r, nil)
			return func() error { return c.Write(ctx, coder.MessageBinary, p) }, err
		})
		run("gobwas", func(m *memory) (func() error, error) {
			return func() error { return wsutil.WriteServerMessage(m, ws.OpBinary, p) }, nil
		})
		run("gws", func(m *memory) (func() error, error) {
			w, r := m.upgrade()
			c, err := gws.NewUpgrader(&counting{}, nil).Upgrade(w, r)
			return func() error { return c.WriteMessage(gws.OpcodeBinary, p) }, err
		})
	}
}

// BenchmarkMask unmasks in place, aligned and not. Not every library lets
// others call its own.
func BenchmarkMask(b *testing.B) {
	key := *maskKey(5)
	for _, size := range []int{16, 125, 1 << 10, 16 << 10, 1 << 20} {
		buf := make([]byte, size+8)
		for _, off := range []int{0, 3} {
			p := buf[off : off+size]
			name := short(size)
			if off > 0 {
				name += "_unaligned"
			}
			run := func(who string, mask func()) {
				b.Run(name+"/"+who, func(b *testing.B) {
					b.SetBytes(int64(size))
					for b.Loop() {
						mask()
					}
				})
			}
			run("hawser", func() { frame.Mask(p, key, 0) })
			run("gobwas", func() { ws.Cipher(p, key, 0) })
			run("bytes", func() {
				for i := range p {
					p[i] ^= key[i&3]
				}
			})
		}
	}
}

// BenchmarkUTF8 checks text in one piece.
func BenchmarkUTF8(b *testing.B) {
	for _, size := range []int{125, 1 << 10, 16 << 10} {
		for _, text := range []struct {
			name string
			p    []byte
		}{{"ascii", asciiText(size)}, {"wide", wideText(size)}} {
			name, p := text.name, text.p
			b.Run(short(size)+"_"+name+"/hawser", func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					var u frame.UTF8
					if !u.Feed(p) || !u.Done() {
						b.Fatal("not valid")
					}
				}
			})
			b.Run(short(size)+"_"+name+"/std", func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					if !utf8.Valid(p) {
						b.Fatal("not valid")
					}
				}
			})
		}
	}
}
