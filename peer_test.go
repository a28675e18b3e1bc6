package websocket_test

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestMain fails if a test leaves a goroutine behind. The fuzzing engine does.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(m.Run())
	}
	before := runtime.NumGoroutine()
	code := m.Run()
	deadline := time.Now().Add(10 * time.Second)
	for code == 0 && runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			fmt.Printf("goroutines left:\n%s\n", buf[:runtime.Stack(buf, true)])
			code = 1
		}
		runtime.Gosched()
	}
	os.Exit(code)
}

var ctx = context.Background()

// large allows what the tests of large messages need.
var large = websocket.Config{MaxMessage: 32 << 20}

// netPair returns the two ends of a TCP connection on loopback.
func netPair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// tcpPair returns the two ends of a connection over loopback TCP.
func tcpPair(t testing.TB, client, server websocket.Config) (c, s *websocket.Conn) {
	t.Helper()
	a, b := netPair(t)
	c = websocket.NewConn(a, websocket.Setup{Role: frame.Client}, client)
	s = websocket.NewConn(b, websocket.Setup{Role: frame.Server}, server)
	t.Cleanup(func() { c.CloseNow(); s.CloseNow() })
	return c, s
}

// wrapped is a net.Conn that is no socket to the Conn, as one of TLS is none.
type wrapped struct{ net.Conn }

func (w wrapped) CloseWrite() error { return w.Conn.(*net.TCPConn).CloseWrite() }

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

// echo echoes until the end and returns how that came.
func echo(c *websocket.Conn) error {
	for m, err := range c.Messages(ctx) {
		if err != nil {
			return err
		}
		if err := c.Write(ctx, m.Type, m.Data); err != nil {
			return err
		}
	}
	return c.Err()
}

// goEcho echoes in a goroutine.
func goEcho(c *websocket.Conn) <-chan error {
	done := make(chan error, 1)
	go func() { done <- echo(c) }()
	return done
}

// closeError is err as what all ends are.
func closeError(t testing.TB, err error) *websocket.CloseError {
	t.Helper()
	var e *websocket.CloseError
	if !errors.As(err, &e) {
		t.Fatalf("error %v is not a *CloseError", err)
	}
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("error %v is not net.ErrClosed", err)
	}
	return e
}

func text(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(i%23)
	}
	return string(b)
}

func closeWrite(p *peer) { p.Conn.(*net.TCPConn).CloseWrite() }

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// code is the code of the breach of the protocol that err holds.
func code(err error) frame.Code {
	var e *frame.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// waitFor waits until cond holds.
func waitFor(t testing.TB, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatal("it never happens")
		}
		runtime.Gosched()
	}
}
