package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"hawser/websocket/frame"
	"hawser/websocket/internal/transport"
)

// A record notes what happens, in order.
type record struct {
	mu    sync.Mutex
	calls []string
}

func (r *record) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, fmt.Sprintf(format, args...))
}

// take returns what was noted since the last time.
func (r *record) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}

// A reader is the hooks of a stream, with a buffer of its own. It notes the calls.
type reader struct {
	*record
	ctx  context.Context
	buf  [64]byte
	left int64
}

func (r *reader) BeforeRead()              { r.note("before read") }
func (r *reader) BeforeWait()              { r.note("before wait") }
func (r *reader) AfterRead(n int)          { r.note("after read of %d", n) }
func (r *reader) Context() context.Context { return r.ctx }
func (r *reader) Lender() frame.Lender     { return (*lender)(r) }
func (r *reader) Left() int64              { return r.left }

// lender is a reader that lends its buffer.
type lender reader

func (l *lender) Take() []byte { l.note("take"); return l.buf[:] }
func (l *lender) Give() bool   { l.note("give"); return true }

// A recorded connection notes which deadlines are set, and how it ends.
type recorded struct {
	transport.Conn
	*record
}

func (c recorded) SetReadDeadline(t time.Time) error {
	c.note("read deadline %s", when(t))
	return c.Conn.SetReadDeadline(t)
}

func (c recorded) SetWriteDeadline(t time.Time) error {
	c.note("write deadline %s", when(t))
	return c.Conn.SetWriteDeadline(t)
}

func (c recorded) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.note("read %d", n)
	return n, err
}

func (c recorded) Close() error {
	c.note("close")
	return c.Conn.Close()
}

func when(t time.Time) string {
	switch {
	case t.IsZero():
		return "none"
	case time.Until(t) <= 0:
		return "past"
	}
	return "later"
}

// waiting is a connection that can wait without a buffer.
type waiting struct{ recorded }

func (w waiting) WaitRead() error {
	w.note("wait")
	return nil
}

// halfCloser is a connection whose sending direction can be ended, or not if it refuses.
type halfCloser struct {
	recorded
	refuses bool
}

func (c halfCloser) CloseWrite() error {
	c.note("end")
	if c.refuses {
		return errors.ErrUnsupported
	}
	return nil
}

// above is a connection that runs on another one.
type above struct {
	recorded
	below net.Conn
}

func (a above) NetConn() net.Conn { return a.below }
