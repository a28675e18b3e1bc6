package websocket

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"hawser/websocket/frame"
)

// NetConn returns a [net.Conn] that sends its stream in messages of type t, one
// for each Write, and reads those of the peer, whose boundaries mean nothing.
// The end of the stream is a Close frame with [frame.CodeNormal],
// [frame.CodeGoingAway] or no code; Close sends the first. A message of the other
// type ends the connection with [frame.CodeUnsupportedData].
//
// A read deadline leaves the connection usable; a write deadline that cuts a
// frame in two ends it. While the net.Conn is in use, c's own methods to read
// must not be.
func NetConn(c *Conn, t MessageType) net.Conn {
	return &netConn{c: c, t: t, rd: newDeadline(), wd: newDeadline()}
}

type netConn struct {
	c      *Conn
	t      MessageType
	rd, wd *deadline

	mu sync.Mutex // for reads
	r  io.Reader  // of the message under way

	writing sync.RWMutex // held by writes, to share
}

func (n *netConn) Read(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for {
		k, err := n.read(n.rd.context(), p)
		if err == nil || !n.rd.moved(err) {
			return k, n.rd.translate(err)
		}
	}
}

func (n *netConn) read(ctx context.Context, p []byte) (int, error) {
	for {
		if n.r == nil {
			t, r, err := n.c.Reader(ctx)
			if err != nil {
				var ce *CloseError
				if errors.As(err, &ce) && ce.normal() && !ce.Local {
					err = io.EOF
				}
				return 0, err
			}
			if t != n.t {
				n.c.Close(frame.CodeUnsupportedData, "")
				return 0, errType(t)
			}
			n.r = r
		}
		n.r.(*messageReader).ctx = ctx // the deadline may be another by now
		k, err := n.r.Read(p)
		if err != io.EOF {
			return k, err
		}
		n.r = nil
	}
}

func (n *netConn) Write(p []byte) (int, error) {
	n.writing.RLock()
	defer n.writing.RUnlock()
	if err := n.c.Write(n.wd.context(), n.t, p); err != nil {
		return 0, n.wd.translate(err)
	}
	return len(p), nil
}

func (n *netConn) Close() error         { return n.c.Close(frame.CodeNormal, "") }
func (n *netConn) LocalAddr() net.Addr  { return addrOr(n.c.LocalAddr()) }
func (n *netConn) RemoteAddr() net.Addr { return addrOr(n.c.RemoteAddr()) }

func (n *netConn) SetDeadline(t time.Time) error {
	n.SetReadDeadline(t)
	return n.SetWriteDeadline(t)
}

func (n *netConn) SetReadDeadline(t time.Time) error {
	n.rd.set(t)()
	return nil
}

// SetWriteDeadline doesn't cut a frame under way in two, unless t has passed.
func (n *netConn) SetWriteDeadline(t time.Time) error {
	cancel := n.wd.set(t)
	if !t.IsZero() && time.Until(t) <= 0 {
		cancel()
	} else {
		go func() {
			n.writing.Lock() // waits for the write under way
			defer n.writing.Unlock()
			cancel()
		}()
	}
	return nil
}

// A deadline is a context that can be replaced. Canceling the old one ends what
// waits for it, which then looks whether it may go on.
type deadline struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelFunc
}

func newDeadline() *deadline { return &deadline{ctx: context.Background(), cancel: func() {}} }

// set returns what cancels the old context.
func (d *deadline) set(t time.Time) context.CancelFunc {
	d.mu.Lock()
	defer d.mu.Unlock()
	old := d.cancel
	if t.IsZero() {
		d.ctx, d.cancel = context.WithCancel(context.Background())
	} else {
		d.ctx, d.cancel = context.WithDeadline(context.Background(), t)
	}
	return old
}

func (d *deadline) context() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ctx
}

// moved reports whether err came only because the deadline was set anew.
func (d *deadline) moved(err error) bool {
	return errors.Is(err, context.Canceled) && !errors.Is(err, net.ErrClosed) && d.context().Err() == nil
}

func (d *deadline) translate(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return os.ErrDeadlineExceeded
	}
	return err
}

// noAddr is the address of a transport that has none.
type noAddr struct{}

func (noAddr) Network() string { return "websocket" }
func (noAddr) String() string  { return "websocket" }

func addrOr(a net.Addr) net.Addr {
	if a == nil {
		return noAddr{}
	}
	return a
}
