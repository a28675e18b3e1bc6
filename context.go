package websocket

import (
	"context"
	"time"
)

// ending is how others get to know that a connection is over. Most connections
// have nobody who asks for a channel or a standard context, and so hold none.
type ending struct {
	context.Context
	cancel context.CancelCauseFunc
}

// ending returns c's, made when it's first needed.
func (c *Conn) ending() *ending {
	if e := c.end.Load(); e != nil {
		return e
	}
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	e := c.end.Load()
	if e == nil {
		e = new(ending)
		// The end of c.values ends the connection, and that ends this.
		e.Context, e.cancel = context.WithCancelCause(context.WithoutCancel(c.values))
		if c.over.Load() {
			e.cancel(c.err.Load())
		}
		c.end.Store(e)
	}
	return e
}

// connContext is a Conn's own context. It's a standard one to everybody who
// wants more than to know whether it's done.
type connContext Conn

func (x *connContext) ending() *ending             { return (*Conn)(x).ending() }
func (x *connContext) Deadline() (time.Time, bool) { return x.ending().Deadline() }
func (x *connContext) Done() <-chan struct{}       { return x.ending().Done() }
func (x *connContext) Value(key any) any           { return x.ending().Value(key) }
func (x *connContext) String() string              { return "websocket.Conn.Context" }

func (x *connContext) Err() error {
	if e := x.end.Load(); e != nil {
		return e.Err()
	}
	if x.over.Load() {
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
	if e := c.end.Load(); e != nil && done == e.Done() {
		return nil
	}
	return done
}
