package transport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/frame"
	"hawser/websocket/internal/transport"
)

// on returns a stream on c with hooks that note what they are told.
func on(c transport.Conn, r *record) (*transport.Stream, *reader) {
	hooks := &reader{record: r, ctx: context.Background()}
	return transport.New(c, hooks), hooks
}

// pipe returns a recorded end of a pipe and the other end, which the test closes.
func pipe(t *testing.T) (recorded, net.Conn) {
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	return recorded{a, new(record)}, b
}

// TestHooksOfARead: which hooks a read calls, in which order, and when it has the buffer.
func TestHooksOfARead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		wrap func(recorded) transport.Conn
		want []string
	}{
		{"waits with the buffer", func(c recorded) transport.Conn { return c },
			[]string{"before read", "before wait", "take", "read 3", "after read of 3"}},
		{"waits without a buffer", func(c recorded) transport.Conn { return waiting{c} },
			[]string{"before read", "before wait", "give", "wait", "take", "read 3", "after read of 3"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, peer := pipe(t)
			s, r := on(test.wrap(c), c.record)
			go io.WriteString(peer, "abc")
			n, err := s.Source().ReadLate(r.Lender())
			if n != 3 || err != nil {
				t.Error(n, err)
			}
			if diff := cmp.Diff(test.want, c.take()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAContextEndsAReadByTheDeadline: that of a context that ends is taken back for a read
// with another one, and nothing else sets it.
func TestAContextEndsAReadByTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, peer := pipe(t)
		s, r := on(c, c.record)
		src := s.Source()
		read := func() (int, error) {
			n, err := src.ReadLate(r.Lender())
			return n, err
		}
		ctx, cancel := context.WithCancel(t.Context())
		r.ctx = ctx
		time.AfterFunc(time.Second, cancel)
		if n, err := read(); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(n, err)
		}
		// The context has ended: another read with it doesn't wait at all.
		if n, err := read(); n != 0 || err != context.Canceled {
			t.Error(n, err)
		}
		r.ctx = context.Background()
		go io.WriteString(peer, "abc")
		if n, err := read(); n != 3 || err != nil {
			t.Error(n, err)
		}
		want := []string{
			"before read", "before wait", "take", "read deadline past", "read 0", "after read of 0",
			"before read", "before wait", "after read of 0",
			"before read", "read deadline none", "before wait", "take", "read 3", "after read of 3",
		}
		if diff := cmp.Diff(want, c.take()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestALoopOfReadsWatchesOneContext: reads with one context set no deadline, and register
// with the context once.
func TestALoopOfReadsWatchesOneContext(t *testing.T) {
	t.Parallel()
	c, peer := pipe(t)
	s, r := on(c, c.record)
	ctx := &counted{Context: t.Context(), done: make(chan struct{})}
	r.ctx = ctx
	src := s.Source()
	go peer.Write(make([]byte, 500))
	for got := 0; got < 500; {
		n, err := src.ReadLate(r.Lender())
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
	for _, call := range c.take() {
		if call == "read deadline none" || call == "read deadline past" {
			t.Error(call)
		}
	}
	if ctx.registered != 1 {
		t.Errorf("registered %d times", ctx.registered)
	}
	s.Forget()
	if ctx.registered != 0 {
		t.Error("the context still has the connection")
	}
}

// counted is a context that counts who is registered with it.
type counted struct {
	context.Context
	done       chan struct{}
	registered int
}

func (c *counted) Done() <-chan struct{} { return c.done }
func (c *counted) Err() error            { return nil }

// AfterFunc is what package context registers with.
func (c *counted) AfterFunc(func()) func() bool {
	c.registered++
	return func() bool { c.registered--; return true }
}

// TestNoContextIsWatchedAfterTheEnd: a read that begins when the connection has ended
// doesn't register with its context, which would hold the connection.
func TestNoContextIsWatchedAfterTheEnd(t *testing.T) {
	t.Parallel()
	for _, before := range []bool{false, true} {
		c, peer := pipe(t)
		s, r := on(c, c.record)
		src := s.Source()
		if before {
			r.ctx = &counted{Context: t.Context(), done: make(chan struct{})}
			go peer.Write([]byte("abc"))
			if _, err := src.ReadLate(r.Lender()); err != nil {
				t.Fatal(err)
			}
		}
		s.Forget()
		s.Forget()
		ctx := &counted{Context: t.Context(), done: make(chan struct{})}
		r.ctx = ctx
		peer.Close()
		if _, err := src.ReadLate(r.Lender()); err == nil {
			t.Error("no error")
		}
		if ctx.registered != 0 {
			t.Errorf("watched before: %v; the context of a later read has the connection", before)
		}
	}
}

// TestWritesThatWait: what bounds a write, and that the deadline is taken back after it.
func TestWritesThatWait(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		timeout time.Duration // of the write
		ends    time.Duration // of its context; 0 for never
		want    error
		after   time.Duration
		calls   []string
	}{
		{"timeout", time.Second, 0, os.ErrDeadlineExceeded, time.Second, []string{"write deadline past", "write deadline none"}},
		{"context", 0, time.Second, context.Canceled, time.Second, []string{"write deadline past", "write deadline none"}},
		{"context before the timeout", time.Minute, time.Second, context.Canceled, time.Second, []string{"write deadline past", "write deadline none"}},
		{"timeout before the context", time.Second, time.Minute, os.ErrDeadlineExceeded, time.Second, []string{"write deadline past", "write deadline none"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, _ := pipe(t)
				s, _ := on(c, c.record)
				ctx := t.Context()
				if test.ends > 0 {
					limited, cancel := context.WithCancel(ctx)
					time.AfterFunc(test.ends, cancel)
					ctx = limited
				}
				start := time.Now()
				err := s.Write(ctx, []byte("head"), []byte("payload"), 0, test.timeout)
				if !errors.Is(err, test.want) {
					t.Errorf("%v, want %v", err, test.want)
				}
				if d := time.Since(start); d != test.after {
					t.Errorf("after %v", d)
				}
				if diff := cmp.Diff(test.calls, c.take()); diff != "" {
					t.Error(diff)
				}
				s.StopLimit()
			})
		})
	}
}

// TestATimeoutIsForEachPart: a peer that is slow, but takes 64 KiB within each timeout, may
// take as long as it likes, and no deadline is set for it.
func TestATimeoutIsForEachPart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, peer := pipe(t)
		s, _ := on(c, c.record)
		p := bytes.Repeat([]byte("0123456789abcdef"), 32<<10) // 512 KiB
		got := make(chan []byte)
		go func() {
			var all []byte
			part := make([]byte, 32<<10)
			for len(all) < len(p) {
				time.Sleep(400 * time.Millisecond)
				n, _ := io.ReadFull(peer, part)
				all = append(all, part[:n]...)
			}
			got <- all
		}()
		start := time.Now()
		if err := s.Write(t.Context(), p[:100], p[100:], 0, time.Second); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(<-got, p) {
			t.Error("other bytes arrived")
		}
		if d := time.Since(start); d < 6*time.Second {
			t.Error(d)
		}
		if calls := c.take(); calls != nil {
			t.Error(calls)
		}
		s.StopLimit()
	})
}

// TestWriteGoesOnWhereItIs: what of head and payload is left after so many bytes.
func TestWriteGoesOnWhereItIs(t *testing.T) {
	t.Parallel()
	for done := range 12 {
		c, peer := pipe(t)
		s, _ := on(c, c.record)
		go func() {
			s.Write(context.Background(), []byte("head"), []byte("payload"), done, 0)
			c.Conn.Close()
		}()
		got, err := io.ReadAll(peer)
		if want := "headpayload"[done:]; string(got) != want || err != nil {
			t.Errorf("after %d: %q, %v", done, got, err)
		}
	}
}

// TestEnd: whether a connection, or the one below, can end its sending direction.
func TestEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		wrap  func(recorded) transport.Conn
		want  bool
		calls []string
	}{
		{"can't", func(c recorded) transport.Conn { return c }, false, nil},
		{"can", func(c recorded) transport.Conn { return halfCloser{c, false} }, true, []string{"end"}},
		{"refuses", func(c recorded) transport.Conn { return halfCloser{c, true} }, false, []string{"end"}},
		{"only the one below can", func(c recorded) transport.Conn { return above{c, below{halfCloser{c, false}}} }, false, []string{"end"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, _ := pipe(t)
			s, _ := on(test.wrap(c), c.record)
			if got := s.CloseWrite(); got != test.want {
				t.Error(got)
			}
			if diff := cmp.Diff(test.calls, c.take()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// below is a net.Conn that can be half-closed.
type below struct{ halfCloser }

func (below) LocalAddr() net.Addr         { return nil }
func (below) RemoteAddr() net.Addr        { return nil }
func (below) SetDeadline(time.Time) error { return nil }

// TestDiscard: it ends with the stream, or at the limit.
func TestDiscard(t *testing.T) {
	t.Parallel()
	c, peer := pipe(t)
	s, _ := on(c, c.record)
	go func() {
		peer.Write(make([]byte, 2000))
		peer.Close()
	}()
	s.Discard(1000)
	if diff := cmp.Diff([]string{"read 512", "read 512"}, c.take()); diff != "" {
		t.Error("up to the limit:", diff)
	}
	s.Discard(1 << 20)
	if diff := cmp.Diff([]string{"read 512", "read 464", "read 0"}, c.take()); diff != "" {
		t.Error("to the end:", diff)
	}
}

// ownView is a transport that says itself who ends first, and which codes it can send.
type ownView struct{ recorded }

func (ownView) EndsFirst() bool { return true }
func (ownView) CheckClose(code frame.Code) error {
	if code != frame.CodeNormal {
		return errors.ErrUnsupported
	}
	return nil
}

func TestOwnViews(t *testing.T) {
	t.Parallel()
	c, _ := pipe(t)
	plain, _ := on(c, c.record)
	own, _ := on(ownView{c}, c.record)
	for _, test := range []struct {
		what      string
		got, want any
	}{
		{"server first", plain.EndsFirst(frame.Server), true},
		{"client first", plain.EndsFirst(frame.Client), false},
		{"client first where nothing remains", own.EndsFirst(frame.Client), true},
		{"any code", plain.CheckClose(frame.CodeGoingAway), nil},
		{"a code that can be sent", own.CheckClose(frame.CodeNormal), nil},
		{"a code that can't", own.CheckClose(frame.CodeGoingAway), errors.ErrUnsupported},
	} {
		if test.got != test.want {
			t.Errorf("%s: %v", test.what, test.got)
		}
	}
}

// lateError is a timeout that package os doesn't know.
type lateError struct{}

func (lateError) Error() string { return "late" }
func (lateError) Timeout() bool { return true }

// strange is a connection whose errors after a deadline are of its own.
type strange struct {
	recorded
	passed chan struct{}
}

func (s strange) SetWriteDeadline(t time.Time) error {
	if !t.IsZero() {
		close(s.passed)
	}
	return nil
}

func (s strange) Write(p []byte) (int, error) {
	<-s.passed
	return 0, lateError{}
}

// TestTimeoutsOfOthers: the error of a connection is the timeout of the write only if that
// has passed.
func TestTimeoutsOfOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := pipe(t)
		own := strange{c, make(chan struct{})}
		s, _ := on(own, c.record)
		if err := s.Write(t.Context(), []byte("x"), nil, 0, time.Second); err != os.ErrDeadlineExceeded {
			t.Errorf("after the timeout: %v", err)
		}
		// The next write fails at once, long before its own timeout.
		if err := s.Write(t.Context(), []byte("x"), nil, 0, time.Second); err != (lateError{}) {
			t.Errorf("before the timeout: %v", err)
		}
		s.StopLimit()
	})
}
