// A stream, its deadlines: contexts that end as the deadlines of a net.Conn do. It
// knows nothing of connections, and sets no deadline of a transport.

package websocket

import (
	"context"
	"net"
	"os"
	"sync"
	"time"
)

// A deadline is the read or the write deadline of a net.Conn. Calls wait with its
// context, which ends when the deadline has passed. Setting a deadline that has not
// passed moves it, so calls that wait already are reached too, whichever deadline
// they began with. One that has passed stays so for those calls; later ones get
// another context. So do the deadlines of [net.Pipe].
type deadline struct {
	mu     sync.Mutex
	at     time.Time   // guarded by mu; zero for none
	timer  *time.Timer // guarded by mu; calls pass; nil until it's first needed
	ctx    context.Context
	cancel context.CancelCauseFunc // guarded by mu, as ctx is
	closed bool                    // guarded by mu
}

// ended returns why ctx, the context of a deadline, has ended, and nil if it hasn't:
// [os.ErrDeadlineExceeded] or [net.ErrClosed].
func ended(ctx context.Context) error { return context.Cause(ctx) }

// init makes d a deadline that is not set.
func (d *deadline) init() {
	d.ctx, d.cancel = context.WithCancelCause(context.Background())
}

// context returns what a call that begins now has to wait with.
func (d *deadline) context() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ctx
}

// set moves the deadline to t; the zero time is none.
func (d *deadline) set(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return net.ErrClosed
	}
	d.at = t
	if d.timer != nil {
		d.timer.Stop() // if it's too late for that, pass looks at d.at
	}
	wait := time.Until(t)
	if !t.IsZero() && wait <= 0 {
		d.cancel(os.ErrDeadlineExceeded)
		return nil
	}
	if d.ctx.Err() != nil {
		d.init()
	}
	switch {
	case t.IsZero():
	case d.timer == nil:
		d.timer = time.AfterFunc(wait, d.pass)
	default:
		d.timer.Reset(wait)
	}
	return nil
}

// pass ends the calls that wait, unless the deadline was moved meanwhile.
func (d *deadline) pass() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.at.IsZero() {
		return
	}
	if wait := time.Until(d.at); wait > 0 {
		d.timer.Reset(wait)
		return
	}
	d.cancel(os.ErrDeadlineExceeded)
}

// close ends the calls that wait, and all later ones. It reports whether it's the
// first.
func (d *deadline) close() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.closed = true
	if d.timer != nil {
		d.timer.Stop()
	}
	if d.ctx.Err() != nil { // passed, and later calls are to hear of the end
		d.init()
	}
	d.cancel(net.ErrClosed)
	return true
}
