// Telling: the context and the channel that say that a connection is over. Nothing here
// takes a lock, as functions of the user that are called in the midst of writing may
// ask for both.

package websocket

import (
	"context"
	"time"
)

// doneContext is how others get to know that a connection is over. Most connections
// have nobody who asks for a channel or a standard context, and so hold none.
type doneContext struct {
	context.Context
	cancel context.CancelCauseFunc
}

// doneContext returns c's, made when it's first needed. That takes no lock, as it
// may be needed by whoever is called while one is held.
func (c *Conn) doneContext() *doneContext {
	if d := c.done.Load(); d != nil {
		return d
	}
	d := new(doneContext)
	// The end of c.values ends the connection, and that ends this.
	d.Context, d.cancel = context.WithCancelCause(context.WithoutCancel(c.values))
	if !c.done.CompareAndSwap(nil, d) {
		d.cancel(nil)
		return c.done.Load()
	}
	if c.isOver() { // and may not have seen d
		d.cancel(c.err.Load())
	}
	return d
}

// connContext is a Conn's own context. It's a standard one to everybody who
// wants more than to know whether it's done.
type connContext Conn

func (x *connContext) standard() *doneContext      { return (*Conn)(x).doneContext() }
func (x *connContext) Deadline() (time.Time, bool) { return x.standard().Deadline() }
func (x *connContext) Done() <-chan struct{}       { return x.standard().Done() }
func (x *connContext) Value(key any) any           { return x.standard().Value(key) }
func (x *connContext) String() string              { return "websocket.Conn.Context" }

func (x *connContext) Err() error {
	if d := x.done.Load(); d != nil {
		return d.Err()
	}
	if (*Conn)(x).isOver() {
		return context.Canceled
	}
	return nil
}

// ctxErr is ctx.Err(), but nil if ctx is c's own: c.err tells about that.
func (c *Conn) ctxErr(ctx context.Context) error {
	if ctx == (*connContext)(c) {
		return nil
	}
	return ctx.Err()
}

// doneOf is ctx.Done(), but nil if ctx ends only together with c: that ends
// everything anyway.
func (c *Conn) doneOf(ctx context.Context) <-chan struct{} {
	if ctx == (*connContext)(c) {
		return nil
	}
	done := ctx.Done()
	if d := c.done.Load(); d != nil && done == d.Done() {
		return nil
	}
	return done
}
