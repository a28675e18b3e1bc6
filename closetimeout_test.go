package websocket_test

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestCloseWriteThenReadLater: after CloseWrite a peer may be silent for as long as nobody
// reads, and for the close timeout from when somebody does.
func TestCloseWriteThenReadLater(t *testing.T) {
	t.Parallel()
	for _, role := range []frame.Role{frame.Client, frame.Server} {
		synctest.Test(t, func(t *testing.T) {
			a, b := websocket.NewPipe()
			c := websocket.NewConn(a, websocket.Setup{Role: role}, websocket.Config{CloseTimeout: 7 * time.Second})
			go io.Copy(io.Discard, b)
			if err := c.CloseWrite(1000, ""); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			if err := c.Err(); err != nil {
				t.Errorf("%v: given up while nobody reads: %v", role, err)
			}
			start := time.Now()
			_, _, err := c.Read(ctx)
			if d := time.Since(start); !errors.Is(err, websocket.ErrCloseTimeout) || d < 7*time.Second || d > 14*time.Second {
				t.Errorf("%v: %v after %v", role, err, d)
			}
			b.Close()
		})
	}
}

// TestCloseAfterCloseWrite: Close is bounded as a whole, though the peer goes on to send
// and CloseWrite before it bounded only its silence.
func TestCloseAfterCloseWrite(t *testing.T) {
	t.Parallel()
	for _, role := range []frame.Role{frame.Client, frame.Server} {
		synctest.Test(t, func(t *testing.T) {
			a, b := websocket.NewPipe()
			c := websocket.NewConn(a, websocket.Setup{Role: role}, websocket.Config{CloseTimeout: 7 * time.Second})
			go io.Copy(io.Discard, b)
			gone := make(chan bool)
			go func() {
				defer close(gone)
				p := &peer{t: t, role: role}
				for range 1000 {
					if _, err := b.Write(p.bytes(txt, "still here")); err != nil {
						return
					}
					time.Sleep(time.Second)
				}
			}()
			if err := c.CloseWrite(1000, ""); err != nil {
				t.Fatal(err)
			}
			for range 20 { // longer than the close timeout
				if _, _, err := c.Read(ctx); err != nil {
					t.Fatal(err)
				}
			}
			start := time.Now()
			if err := c.Close(1000, ""); !errors.Is(err, websocket.ErrCloseTimeout) {
				t.Errorf("%v: %v", role, err)
			}
			if d := time.Since(start); d != 7*time.Second {
				t.Errorf("%v: it took %v", role, d)
			}
			b.Close()
			<-gone
		})
	}
}

// TestCloseNowEndsLingering: a transport that is kept open after a clean end, for the peer
// to close it first, is closed by CloseNow at once.
func TestCloseNowEndsLingering(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := websocket.NewPipe()
		c := websocket.NewConn(a, websocket.Setup{Role: frame.Client}, websocket.Config{})
		p := &peer{t: t, role: frame.Client}
		b.Write(p.bytes(cls, status(1000, "")))
		if _, _, err := c.Read(ctx); websocket.CloseCode(err) != websocket.CodeNormal {
			t.Error(err)
		}
		synctest.Wait()
		if _, err := b.Write([]byte("x")); err != nil {
			t.Error("it didn't wait for the peer:", err)
		}
		start := time.Now()
		c.CloseNow()
		synctest.Wait()
		if _, err := b.Write([]byte("x")); err == nil || time.Since(start) != 0 {
			t.Error("the transport is still open")
		}
	})
}
