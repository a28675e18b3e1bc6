package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

func TestClose(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		code       frame.Code
		reason     string
		wantReason string
	}{
		{"5.5.1_normal", 1000, "", ""},
		{"5.5.1_reason", 4000, "see you €", "see you €"},
		{"K3_long_reason", 1001, strings.Repeat("€", 100), strings.Repeat("€", 41)},
		{"7.4.1_no_code", frame.CodeNone, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
				done := goEcho(c)
				if err := s.Close(tt.code, tt.reason); err != nil {
					t.Error(err)
				}
				e := closeError(t, <-done)
				if e.Code != tt.code || e.Reason != tt.wantReason || e.Local || e.Err != nil {
					t.Errorf("%+v", e)
				}
				e = closeError(t, s.Err())
				if e.Code != tt.code || e.SentCode != tt.code || !e.Local {
					t.Errorf("%+v", e)
				}
				if err := s.Close(1011, "again"); err != nil {
					t.Error("second Close:", err)
				}
				closeError(t, s.Write(ctx, websocket.Text, nil))
			})
		})
	}
}

// TestCloseCodes is line K4: what must not be sent is refused, and the
// connection stays open.
func TestCloseCodes(t *testing.T) {
	t.Parallel()
	c, s := tcpPair(t, websocket.Config{}, websocket.Config{})
	done := goEcho(s)
	for _, code := range []frame.Code{0, 999, 1004, 1006, 1015, 1016, 2999, 5000} {
		if err := c.Close(code, ""); err == nil || errors.Is(err, net.ErrClosed) {
			t.Errorf("code %v: %v", code, err)
		}
	}
	if err := c.Close(frame.CodeNone, "reason"); err == nil {
		t.Error("a reason without a code was accepted")
	}
	c.Write(ctx, websocket.Text, []byte("still open"))
	if _, p, err := c.Read(ctx); string(p) != "still open" {
		t.Error(err)
	}
	c.Close(1000, "")
	<-done
}

// TestCloseAtOnce is line K5: both sides begin.
func TestCloseAtOnce(t *testing.T) {
	t.Parallel()
	forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
		errs := make(chan error, 2)
		go func() { errs <- c.Close(4001, "c") }()
		go func() { errs <- s.Close(4002, "s") }()
		for range 2 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		// Each side's Close frame is its own, or the answer to the other one's.
		ce, se := closeError(t, c.Err()), closeError(t, s.Err())
		if ce.Code != se.SentCode || se.Code != ce.SentCode || ce.Err != nil || se.Err != nil {
			t.Errorf("client %+v, server %+v", ce, se)
		}
		for _, got := range []struct {
			e         *websocket.CloseError
			own, peer frame.Code
		}{{ce, 4001, 4002}, {se, 4002, 4001}} {
			if e := got.e; e.Local && e.SentCode != got.own || !e.Local && (e.SentCode != got.peer || e.Code != got.peer) {
				t.Errorf("it sent %d: %+v", got.own, e)
			}
		}
	})
}

// TestCloseFromAnywhere is line R5.
func TestCloseFromAnywhere(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		var wg sync.WaitGroup
		wg.Go(func() { echo(s) })
		wg.Go(func() {
			for {
				if _, _, err := c.Read(ctx); err != nil {
					return
				}
			}
		})
		began := make(chan bool)
		for range 3 {
			wg.Go(func() {
				for i := 0; ; i++ {
					if c.Write(ctx, websocket.Binary, make([]byte, 1000*i)) != nil {
						return
					}
					if i == 5 {
						began <- true
					}
				}
			})
			<-began
		}
		for i := range 5 {
			wg.Go(func() {
				if err := c.Close(frame.Code(4000+i), ""); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if e := closeError(t, c.Err()); e.Code != e.SentCode || e.Code < 4000 || !e.Local {
			t.Errorf("%+v", e)
		}
	})
}

// TestCloseKeepsSlices: a Close from elsewhere doesn't touch the message that
// somebody is looking at.
func TestCloseKeepsSlices(t *testing.T) {
	t.Parallel()
	c, p := withPeer(t, frame.Server, false, websocket.Config{})
	p.write(append(p.bytes(txt, "look at me"), p.bytes(txt, "unread")...))
	_, got, err := c.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error)
	go func() { closed <- c.Close(1000, "") }()
	h, payload, _ := p.next()
	if h.Opcode != frame.Close || payload != status(1000, "") {
		t.Error(h, payload)
	}
	for range 100 {
		p.send(bin, text(3000))
	}
	p.send(cls, status(1000, ""))
	closeWrite(p)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if string(got) != "look at me" {
		t.Errorf("the message is now %q", got)
	}
}

// TestMute is lines K5 and K6: a peer that answers Close with nothing, or with
// data without end.
func TestMute(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		for _, floods := range []bool{false, true} {
			t.Run(fmt.Sprintf("plain=%v/floods=%v", plain, floods), func(t *testing.T) {
				t.Parallel()
				c, p := withPeer(t, frame.Server, plain, websocket.Config{CloseTimeout: 200 * time.Millisecond})
				var wg sync.WaitGroup
				if floods {
					wg.Go(func() {
						b := p.bytes(bin, text(10_000))
						for {
							if _, err := p.Write(b); err != nil {
								return
							}
						}
					})
				}
				err := c.Close(1000, "")
				if !errors.Is(err, websocket.ErrCloseTimeout) {
					t.Error(err)
				}
				e := closeError(t, err)
				if e.Code != frame.CodeAbnormal || e.SentCode != 1000 || !e.Local {
					t.Errorf("%+v", e)
				}
				wg.Wait()
			})
		}
	}
}

// TestEndsOnOwnAccount: an end that this side brings about without a Close frame is
// told as one that this side began.
func TestEndsOnOwnAccount(t *testing.T) {
	t.Parallel()
	tests := map[string]func(c *websocket.Conn, cancel func()){
		"CloseNow":            func(c *websocket.Conn, _ func()) { c.CloseNow() },
		"end of its context":  func(_ *websocket.Conn, cancel func()) { cancel() },
		"silence of the peer": func(c *websocket.Conn, _ func()) { c.Read(ctx) },
	}
	for name, end := range tests {
		for _, role := range []frame.Role{frame.Client, frame.Server} {
			synctest.Test(t, func(t *testing.T) {
				a, b := websocket.NewPipe()
				own, cancel := context.WithCancel(ctx)
				defer cancel()
				c := websocket.NewConn(a, websocket.Setup{Role: role, Context: own}, websocket.Config{PingInterval: time.Second})
				end(c, cancel)
				<-c.Done()
				if e := closeError(t, c.Err()); !e.Local || e.Code != websocket.CodeAbnormal || e.SentCode != 0 {
					t.Errorf("%s of a %v: %+v", name, role, e)
				}
				b.Close()
			})
		}
	}
}
