package websocket_test

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// peer is the other end of a Conn, one that speaks bytes.
type peer struct {
	net.Conn
	t    testing.TB
	role frame.Role // of the Conn
	rd   *frame.Reader
}

// withPeer returns a Conn and its peer on loopback TCP. plain hides from the Conn
// that it's a socket.
func withPeer(t testing.TB, role frame.Role, plain bool, cfg websocket.Config) (*websocket.Conn, *peer) {
	t.Helper()
	a, b := netPair(t)
	var transport websocket.Transport = a
	if plain {
		transport = wrapped{a}
	}
	c := websocket.NewConn(transport, websocket.Setup{Role: role}, cfg)
	t.Cleanup(func() { c.CloseNow() })
	p := &peer{Conn: b, t: t, role: role}
	b.SetDeadline(time.Now().Add(30 * time.Second)) // of a test that hangs
	p.rd = frame.NewReader(b, frame.Rules{Role: 1 - role}, 0)
	return c, p
}

// bytes makes a frame as the peer sends it.
func (p *peer) bytes(h frame.Header, payload string) []byte {
	if p.role == frame.Server {
		h.Masked, h.Key = true, [4]byte{0x37, 0xfa, 0x21, 0x3d}
	}
	return frame.Append(nil, h, []byte(payload))
}

func (p *peer) send(h frame.Header, payload string) { p.write(p.bytes(h, payload)) }

func (p *peer) write(b []byte) {
	if _, err := p.Write(b); err != nil {
		p.t.Error("peer:", err)
	}
}

// next reads a frame of the Conn.
func (p *peer) next() (frame.Header, string, error) {
	h, err := p.rd.Next()
	if err != nil {
		return h, "", err
	}
	b, err := p.rd.Payload()
	return h, string(b), err
}

// nextMessage reads a control frame, or a message in any number of frames.
func (p *peer) nextMessage() (frame.Header, string, error) {
	first, payload, err := p.next()
	if err != nil || first.Fin {
		return first, payload, err
	}
	all := []byte(payload)
	for {
		h, payload, err := p.next()
		if err != nil {
			return first, string(all), err
		}
		if h.Opcode != frame.Continuation {
			p.t.Fatalf("the peer got %v within a message", h.Opcode)
		}
		if all = append(all, payload...); h.Fin {
			return first, string(all), nil
		}
	}
}

// expect reads a control frame, or a message in any number of frames, and compares it.
func (p *peer) expect(op frame.Opcode, payload string) {
	p.t.Helper()
	h, got, err := p.nextMessage()
	if err != nil || h.Opcode != op || got != payload {
		p.t.Fatalf("the peer got %v %.40q (%v); want %v %.40q", h.Opcode, got, err, op, payload)
	}
}

// expectClose reads a Close frame with code, 1005 for none, and the end.
func (p *peer) expectClose(code frame.Code) {
	p.t.Helper()
	h, payload, err := p.next()
	if err != nil || h.Opcode != frame.Close {
		p.t.Fatalf("the peer got %v %.40q (%v); want a close frame", h.Opcode, payload, err)
	}
	if got, reason, err := frame.ParseClose([]byte(payload)); got != code || err != nil || reason != "" {
		p.t.Errorf("close frame with %v %q (%v); want %v", got, reason, err, code)
	}
	p.expectEnd()
}

func (p *peer) expectEnd() {
	p.t.Helper()
	if h, payload, err := p.next(); err != io.EOF {
		p.t.Errorf("the peer got %v %.40q (%v); want the end", h.Opcode, payload, err)
	}
}

func closeWrite(p *peer) { p.Conn.(*net.TCPConn).CloseWrite() }

// withDeflatePeer is withPeer with compression agreed on.
func withDeflatePeer(t testing.TB, role frame.Role, agreed handshake.Deflate, cfg websocket.Config) (*websocket.Conn, *peer) {
	t.Helper()
	a, b := netPair(t)
	c := websocket.NewConn(a, websocket.Setup{Role: role, Deflate: &agreed}, cfg)
	t.Cleanup(func() { c.CloseNow() })
	p := &peer{Conn: b, t: t, role: role}
	p.rd = frame.NewReader(b, frame.Rules{Role: 1 - role, Rsv: frame.Rsv1}, 0)
	return c, p
}

// counted returns a server's Conn on a counter, and its peer.
func counted(t *testing.T) (*websocket.Conn, *counter, *peer) {
	return countedWith(t, websocket.Config{PingInterval: -1})
}

func countedWith(t *testing.T, cfg websocket.Config) (*websocket.Conn, *counter, *peer) {
	a, b := net.Pipe()
	tr := &counter{Conn: a}
	c := websocket.NewConn(tr, websocket.Setup{}, cfg)
	return c, tr, &peer{Conn: b, t: t, role: frame.Server, rd: frame.NewReader(b, frame.Rules{Role: frame.Client}, 0)}
}

// several returns n messages in one piece.
func several(p *peer, n int) (b []byte) {
	for i := range n {
		b = append(b, p.bytes(frame.Header{Fin: true, Opcode: frame.Text}, fmt.Sprint("message ", i))...)
	}
	return b
}
