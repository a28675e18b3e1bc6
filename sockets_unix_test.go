//go:build unix

package websocket_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// socketPair returns the ends of a real connection that takes as little at a time
// as the system lets it, so that most writes are short.
func socketPair(t *testing.T, network string) (a, b net.Conn) {
	t.Helper()
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	if a, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	for _, c := range []net.Conn{a, b} {
		// Not the read buffer: with little of that, TCP waits for its own timers.
		if err := c.(interface{ SetWriteBuffer(int) error }).SetWriteBuffer(1); err != nil {
			t.Skip(err)
		}
	}
	return a, b
}

// TestSmallSockets: with buffers of next to nothing, nearly every write is short
// and every read waits, while signals interrupt both. What was sent arrives.
func TestSmallSockets(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			a, b := socketPair(t, network)
			c := websocket.NewConn(a, websocket.Setup{Role: frame.Client}, large)
			s := websocket.NewConn(b, websocket.Setup{Role: frame.Server}, large)
			stop := make(chan bool)
			var signals, wg sync.WaitGroup
			signals.Go(func() { // the runtime's own, of which it expects any number
				tick := time.NewTicker(100 * time.Microsecond)
				defer tick.Stop()
				for {
					select {
					case <-stop:
						return
					case <-tick.C:
						syscall.Kill(syscall.Getpid(), syscall.SIGURG)
					}
				}
			})
			talk := func(from, to *websocket.Conn, seed uint64) {
				sizes := []int{0, 1, 125, 126, 4096, 16384, 16385, 65536, 300_000, 10, 20}
				wg.Go(func() {
					for i, n := range sizes {
						if err := from.Write(ctx, websocket.Binary, []byte(fmt.Sprint(i, text(n)))); err != nil {
							t.Error(err)
						}
					}
				})
				wg.Go(func() {
					r := rand.New(rand.NewPCG(seed, 0))
					for i, n := range sizes {
						var p []byte
						_, rd, err := to.Reader(ctx)
						for err == nil {
							buf := make([]byte, 1+r.IntN(20_000))
							var k int
							k, err = rd.Read(buf)
							p = append(p, buf[:k]...)
						}
						if want := fmt.Sprint(i, text(n)); err != io.EOF || string(p) != want {
							t.Errorf("%d bytes of %d, %v", len(p), len(want), err)
							return
						}
					}
				})
			}
			talk(c, s, 1)
			talk(s, c, 2)
			wg.Wait()
			close(stop)
			signals.Wait()
			ended := goEcho(s)
			if err := c.Close(1000, ""); err != nil {
				t.Error(err)
			}
			closeError(t, <-ended)
		})
	}
}

// TestSocketResets: a peer that resets the connection, or ends it, in the midst
// of a frame that is being sent or received.
func TestSocketResets(t *testing.T) {
	t.Parallel()
	for _, reset := range []bool{false, true} {
		for _, role := range []frame.Role{frame.Client, frame.Server} {
			t.Run(fmt.Sprintf("%v/reset=%v", role, reset), func(t *testing.T) {
				t.Parallel()
				a, b := socketPair(t, "tcp")
				c := websocket.NewConn(a, websocket.Setup{Role: role}, websocket.Config{CloseTimeout: 100 * time.Millisecond})
				var wg sync.WaitGroup
				wg.Go(func() {
					var err error
					for err == nil {
						err = c.Write(ctx, websocket.Binary, make([]byte, 100_000))
					}
					closeError(t, err)
				})
				wg.Go(func() { closeError(t, echo(c)) })
				p := &peer{t: t, role: role}
				half := p.bytes(bin, text(1000))
				b.Write(half[:500])
				io.CopyN(io.Discard, b, 50_000)
				if reset {
					b.(*net.TCPConn).SetLinger(0)
				}
				b.Close()
				wg.Wait()
				<-c.Done()
				if e := closeError(t, c.Err()); e.Err == nil || e.Code != frame.CodeAbnormal {
					t.Errorf("%+v", e)
				}
			})
		}
	}
}
