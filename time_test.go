package websocket

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"hawser/websocket/frame"
)

// mute is the far end of a pipe whose near end is a Conn.
func mute(role frame.Role, cfg Config) (*Conn, *pipeEnd) {
	up, down := newStream(), newStream()
	return NewConn(&pipeEnd{r: down, w: up}, Setup{Role: role}, cfg), &pipeEnd{r: up, w: down}
}

// far sends a frame to a client.
func far(e *pipeEnd, h frame.Header, payload string) {
	e.Write(frame.Append(nil, h, []byte(payload)))
}

func TestKeepalive(t *testing.T) {
	t.Parallel()
	cfg := Config{PingInterval: 30 * time.Second, PingTimeout: 20 * time.Second}
	run := func(name string, f func(t *testing.T)) {
		t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
	}
	run("R3_silent_peer", func(t *testing.T) {
		c, e := mute(frame.Client, cfg)
		start := time.Now()
		_, _, err := c.Read(context.Background())
		if !errors.Is(err, ErrPingTimeout) {
			t.Error(err)
		}
		if d := time.Since(start); d < 50*time.Second || d > 110*time.Second {
			t.Error("ended after", d)
		}
		<-c.Done()
		rd := frame.NewReader(e, frame.Rules{Role: frame.Server}, 0)
		if h, err := rd.Next(); h.Opcode != frame.Ping || err != nil {
			t.Error(h, err)
		}
	})
	run("F14_stalls_in_a_long_frame", func(t *testing.T) {
		limits := cfg
		limits.MaxMessage = 2 << 30
		c, e := mute(frame.Client, limits)
		e.Write(append(frame.Header{Fin: true, Opcode: frame.Binary, Length: 1 << 30}.Append(nil), 'x'))
		_, _, err := c.Read(context.Background())
		if !errors.Is(err, ErrPingTimeout) {
			t.Error(err)
		}
	})
	run("any_byte_is_life", func(t *testing.T) {
		c, e := mute(frame.Client, cfg)
		ended := make(chan error)
		go func() {
			_, _, err := c.Read(context.Background())
			ended <- err
		}()
		far(e, frame.Header{Opcode: frame.Binary}, "")
		for range 100 { // one byte now and then, never a whole message
			time.Sleep(20 * time.Second)
			far(e, frame.Header{}, "")
		}
		if c.Err() != nil {
			t.Fatal(c.Err())
		}
		c.CloseNow()
		<-ended
	})
	run("pongs_are_life", func(t *testing.T) {
		c, s := Pipe(cfg, Config{PingInterval: -1})
		go c.Read(context.Background())
		go s.Read(context.Background())
		time.Sleep(time.Hour)
		synctest.Wait()
		if c.Err() != nil {
			t.Error(c.Err())
		}
		c.Close(1000, "")
		s.CloseNow()
	})
	run("nobody_reads", func(t *testing.T) {
		c, _ := mute(frame.Server, cfg)
		time.Sleep(time.Hour)
		synctest.Wait()
		if c.Err() != nil {
			t.Error(c.Err())
		}
		c.CloseNow()
	})
	run("no_tick_after_the_end", func(t *testing.T) {
		c, _ := mute(frame.Server, cfg)
		c.CloseNow()
		c.end.tick() // the timer had fired, and waited for the lock
		if c.end.timer.Stop() {
			t.Error("the timer goes on, and holds the connection for ever")
		}
	})
	run("off_for_clients", func(t *testing.T) {
		c, _ := mute(frame.Client, Config{})
		go c.Read(context.Background())
		time.Sleep(time.Hour)
		if c.Err() != nil {
			t.Error(c.Err())
		}
		c.CloseNow()
	})
	run("on_for_servers", func(t *testing.T) {
		c, _ := mute(frame.Server, Config{})
		_, _, err := c.Read(context.Background())
		if !errors.Is(err, ErrPingTimeout) {
			t.Error(err)
		}
	})
}

func TestCloseTimeouts(t *testing.T) {
	t.Parallel()
	cfg := Config{CloseTimeout: 7 * time.Second}
	run := func(name string, f func(t *testing.T)) {
		t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
	}
	within := func(t *testing.T, start time.Time, d time.Duration) {
		t.Helper()
		if got := time.Since(start); got != d {
			t.Errorf("after %v; want %v", got, d)
		}
	}
	run("K5_no_answer", func(t *testing.T) {
		c, _ := mute(frame.Client, cfg)
		start := time.Now()
		if err := c.Close(1000, ""); !errors.Is(err, ErrCloseTimeout) {
			t.Error(err)
		}
		within(t, start, 7*time.Second)
	})
	run("K5_no_answer_while_another_reads", func(t *testing.T) {
		c, _ := mute(frame.Client, cfg)
		go c.Read(context.Background())
		synctest.Wait()
		start := time.Now()
		if err := c.Close(1000, ""); !errors.Is(err, ErrCloseTimeout) {
			t.Error(err)
		}
		within(t, start, 7*time.Second)
	})
	run("7.1.1_server_does_not_end_its_stream", func(t *testing.T) {
		c, e := mute(frame.Client, cfg)
		far(e, frame.Header{Fin: true, Opcode: frame.Close}, "\x03\xe8")
		start := time.Now()
		_, _, err := c.Read(context.Background())
		<-c.Done()
		within(t, start, 0)
		if CloseCode(err) != 1000 {
			t.Error(err)
		}
		rd := frame.NewReader(e, frame.Rules{Role: frame.Server}, 0)
		if h, err := rd.Next(); h.Opcode != frame.Close || err != nil {
			t.Error(h, err)
		}
		if _, err := rd.Next(); err != io.EOF { // the transport lingers, but not for ever
			t.Error(err)
		}
		within(t, start, 7*time.Second)
	})
	run("CloseWrite_and_silence", func(t *testing.T) {
		c, e := mute(frame.Client, cfg)
		c.CloseWrite(1000, "")
		ended := make(chan error)
		go func() {
			for {
				if _, _, err := c.Read(context.Background()); err != nil {
					ended <- err
					return
				}
			}
		}()
		for range 10 { // what still comes keeps it open
			time.Sleep(6 * time.Second)
			far(e, frame.Header{Fin: true, Opcode: frame.Text}, "")
		}
		start := time.Now()
		if err := <-ended; !errors.Is(err, ErrCloseTimeout) {
			t.Error(err)
		}
		if d := time.Since(start); d < 7*time.Second || d > 14*time.Second {
			t.Error("ended after", d)
		}
	})
	run("a_write_that_failed_ends_it_at_last", func(t *testing.T) {
		c, e := mute(frame.Client, cfg)
		e.r.end(&e.r.gone)
		err := c.Write(context.Background(), Text, nil)
		if CloseCode(err) != frame.CodeAbnormal {
			t.Error(err)
		}
		start := time.Now()
		<-c.Done()
		within(t, start, 7*time.Second)
	})
	run("R2_write_timeout", func(t *testing.T) {
		c, _ := mute(frame.Server, Config{WriteTimeout: 3 * time.Second})
		start := time.Now()
		err := c.Write(context.Background(), Binary, make([]byte, 200_000))
		if !errors.Is(err, ErrWriteTimeout) {
			t.Error(err)
		}
		within(t, start, 3*time.Second)
		<-c.Done()
	})
	run("slow_but_moving", func(t *testing.T) {
		c, e := mute(frame.Server, Config{WriteTimeout: 3 * time.Second})
		gone := make(chan bool)
		go func() {
			defer close(gone)
			b := make([]byte, 40_000)
			for {
				time.Sleep(time.Second)
				if _, err := e.Read(b); err != nil {
					return
				}
			}
		}()
		if err := c.Write(context.Background(), Binary, make([]byte, 1_000_000)); err != nil {
			t.Error(err)
		}
		c.CloseNow()
		<-gone
	})
}

func TestNetConnDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := Pipe(Config{}, Config{})
		n := NetConn(c, Binary)
		n.SetDeadline(time.Now().Add(time.Second))
		start := time.Now()
		if _, err := n.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Error(err, time.Since(start))
		}
		synctest.Wait()
		if _, err := n.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		n.SetDeadline(time.Time{})
		go func() {
			time.Sleep(time.Second)
			n.SetReadDeadline(time.Now().Add(5 * time.Second)) // while Read waits
		}()
		start = time.Now()
		if _, err := n.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 6*time.Second {
			t.Error(err, time.Since(start))
		}
		n.SetReadDeadline(time.Time{})
		s.Write(context.Background(), Binary, []byte("late"))
		b := make([]byte, 10)
		if k, err := n.Read(b); string(b[:k]) != "late" || err != nil {
			t.Error(k, err)
		}
		go NetConn(s, Binary).Read(b)
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestMaskKeyError is line M3: without random bytes there is no key, and not one
// of zeros.
func TestMaskKeyError(t *testing.T) {
	t.Parallel()
	s := &keySource{rand: iotest.ErrReader(errors.New("no randomness"))}
	s.used = len(s.block)
	if _, err := s.next(); err == nil {
		t.Error("no error")
	}
}
