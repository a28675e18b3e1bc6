package websocket_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
)

// TestNetConnDeadlineReachesCalls: a call that waits is ended by the deadline as it is
// then, not as it was when the call began.
func TestNetConnDeadlineReachesCalls(t *testing.T) {
	t.Parallel()
	in := func(s int) time.Time { return time.Now().Add(time.Duration(s) * time.Second) }
	tests := []struct {
		name   string
		before func(set func(time.Time) error)
		during func(set func(time.Time) error) // a second after the call
		want   time.Duration                   // of the call
	}{
		{"set_before", func(set func(time.Time) error) { set(in(3)) }, nil, 3 * time.Second},
		{"past_before", func(set func(time.Time) error) { set(in(-3)) }, nil, 0},
		{"now_before", func(set func(time.Time) error) { set(time.Now()) }, nil, 0},
		{"set_while_waiting", nil, func(set func(time.Time) error) { set(in(3)) }, 4 * time.Second},
		{"past_while_waiting", nil, func(set func(time.Time) error) { set(time.Unix(1, 0)) }, time.Second},
		{"extended_while_waiting", func(set func(time.Time) error) { set(in(3)) },
			func(set func(time.Time) error) { set(in(9)) }, 10 * time.Second},
		{"shortened_while_waiting", func(set func(time.Time) error) { set(in(60)) },
			func(set func(time.Time) error) { set(in(1)) }, 2 * time.Second},
		{"cleared_and_set_while_waiting", func(set func(time.Time) error) { set(in(3)) },
			func(set func(time.Time) error) {
				set(time.Time{})
				time.Sleep(time.Minute)
				set(in(1))
			}, 62 * time.Second},
		{"set_anew_all_the_time", func(set func(time.Time) error) { set(in(3)) },
			func(set func(time.Time) error) {
				for range 100 {
					set(in(2))
					time.Sleep(time.Second)
				}
			}, 102 * time.Second},
		{"passed_and_renewed_before", func(set func(time.Time) error) { set(in(-1)); set(in(5)) }, nil, 5 * time.Second},
	}
	calls := []struct {
		name string
		set  func(net.Conn) func(time.Time) error
		call func(net.Conn) error
	}{
		{"Read", func(n net.Conn) func(time.Time) error { return n.SetReadDeadline },
			func(n net.Conn) error { _, err := n.Read(make([]byte, 10)); return err }},
		{"Read_of_SetDeadline", func(n net.Conn) func(time.Time) error { return n.SetDeadline },
			func(n net.Conn) error { _, err := n.Read(make([]byte, 10)); return err }},
		{"Write", func(n net.Conn) func(time.Time) error { return n.SetWriteDeadline },
			func(n net.Conn) error { return stuck(n, 1000) }},
		{"Write_of_SetDeadline", func(n net.Conn) func(time.Time) error { return n.SetDeadline },
			func(n net.Conn) error { return stuck(n, 32<<10) }},
		{"long_Write", func(n net.Conn) func(time.Time) error { return n.SetWriteDeadline },
			func(n net.Conn) error { return stuck(n, 1<<20) }},
	}
	cfg := websocket.Config{WriteTimeout: -1, PingInterval: -1}
	for _, tt := range tests {
		for _, call := range calls {
			t.Run(call.name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c, s, a, _ := streams(cfg, cfg)
					defer s.CloseNow()
					defer c.CloseNow()
					set := call.set(a)
					if tt.before != nil {
						tt.before(set)
					}
					if tt.during != nil {
						go func() {
							time.Sleep(time.Second)
							tt.during(set)
						}()
					}
					start := time.Now()
					timedOut(t, call.call(a))
					if d := time.Since(start); d != tt.want {
						t.Errorf("after %v, not %v", d, tt.want)
					}
				})
			})
		}
	}
}

// TestNetConnDeadlineEndsAllCalls: all that wait, not only the one whose turn it is.
func TestNetConnDeadlineEndsAllCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s, a, _ := streams(websocket.Config{}, websocket.Config{})
		defer s.CloseNow()
		defer c.CloseNow()
		ended := make(chan error)
		for range 5 {
			go func() { _, err := a.Read(make([]byte, 1)); ended <- err }()
			go func() { ended <- stuck(a, 1000) }()
		}
		synctest.Wait()
		start := time.Now()
		a.SetDeadline(start.Add(time.Second))
		for range 10 {
			timedOut(t, <-ended)
		}
		if d := time.Since(start); d != time.Second {
			t.Error(d)
		}
		synctest.Wait()
		if err := c.Err(); err != nil {
			t.Error(err)
		}
	})
}

// TestNetConnDeadlinesHoldNothing: setting them while calls wait leaves no goroutines.
func TestNetConnDeadlinesHoldNothing(t *testing.T) {
	c, s := tcpPair(t, websocket.Config{}, websocket.Config{})
	a := websocket.NetConn(c, websocket.Binary)
	ended := make(chan error, 2)
	go func() { _, err := a.Read(make([]byte, 1)); ended <- err }()
	go func() { ended <- stuck(a, 32<<10) }()
	before := runtime.NumGoroutine()
	for i := range 1000 {
		a.SetDeadline(time.Now().Add(time.Hour))
		a.SetWriteDeadline(time.Time{})
		a.SetWriteDeadline(time.Now().Add(time.Duration(i+1) * time.Hour))
	}
	if n := runtime.NumGoroutine(); n > before+10 {
		t.Errorf("%d goroutines more", n-before)
	}
	a.SetDeadline(time.Now())
	timedOut(t, <-ended)
	timedOut(t, <-ended)
	s.CloseNow()
}

// TestNetConnGoesOnAfterTimeout: what a deadline ended can be tried again, and the
// stream has no byte more or less.
func TestNetConnGoesOnAfterTimeout(t *testing.T) {
	t.Parallel()
	forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
		a, b := websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary)
		var sent bytes.Buffer
		a.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)) // for as much as will fit
		for i := 0; ; i++ {
			p := bytes.Repeat([]byte{byte(i)}, 10_000)
			n, err := a.Write(p)
			sent.Write(p[:n])
			if err != nil {
				timedOut(t, err)
				break
			}
		}
		a.SetReadDeadline(time.Unix(1, 0))
		_, err := a.Read(make([]byte, 1))
		timedOut(t, err)
		a.SetDeadline(time.Time{})
		go func() {
			fmt.Fprint(a, "the rest")
			a.Close()
		}()
		sent.WriteString("the rest")
		got, err := io.ReadAll(b)
		if err != nil || !bytes.Equal(got, sent.Bytes()) {
			t.Errorf("%d bytes of %d, %v", len(got), sent.Len(), err)
		}
	})
}

// TestNetConnCutWrite: after a Write of which a part was sent, everything says that
// the connection is over, whatever the deadlines are.
func TestNetConnCutWrite(t *testing.T) {
	t.Parallel()
	deadlines := map[string]func(n net.Conn){
		"left":     func(net.Conn) {},
		"cleared":  func(n net.Conn) { n.SetDeadline(time.Time{}) },
		"extended": func(n net.Conn) { n.SetDeadline(time.Now().Add(time.Hour)) },
		"past":     func(n net.Conn) { n.SetDeadline(time.Now().Add(-time.Hour)) },
	}
	for name, then := range deadlines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forPairs(t, websocket.Config{}, func(t *testing.T, c, s *websocket.Conn) {
				a := websocket.NetConn(c, websocket.Binary)
				reading := make(chan error)
				go func() { _, err := a.Read(make([]byte, 1)); reading <- err }()
				go func() {
					websocket.NetConn(s, websocket.Binary).Read(make([]byte, 1)) // a part of it
					a.SetWriteDeadline(time.Now())
				}()
				n, err := a.Write(make([]byte, 64<<20))
				if n == 0 || n == 64<<20 {
					t.Error(n)
				}
				timedOut(t, err)
				then(a)
				over := func(err error) {
					t.Helper()
					var e *websocket.CloseError
					var n net.Error
					if !errors.Is(err, net.ErrClosed) || !errors.As(err, &e) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &n) && n.Timeout() {
						t.Error(err)
					}
				}
				if err := <-reading; name != "past" || !errors.Is(err, os.ErrDeadlineExceeded) {
					over(err)
				}
				for range 3 {
					_, err := a.Write([]byte("x"))
					over(err)
					_, err = a.Read(make([]byte, 1))
					over(err)
				}
				<-c.Done()
			})
		})
	}
}
