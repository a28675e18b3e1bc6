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
	if c.end.isOver() { // and may not have seen d
		d.cancel(c.end.err.Load())
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
	if x.end.isOver() {
		return context.Canceled
	}
	return nil
}

// endWith cuts the connection off when ctx is done, and forgets ctx when the connection is
// over. It's called before anybody else knows c.
func (c *Conn) endWith(ctx context.Context) {
	ended := c.ended
	c.end.mu.Lock() // ctx may end at once; ending.tell takes this lock before it calls owner.told
	defer c.end.mu.Unlock()
	unwatch := context.AfterFunc(ctx, func() { c.end.abort(context.Cause(ctx)) })
	c.ended = func(c *Conn) {
		unwatch()
		if ended != nil {
			ended(c)
		}
	}
}

// beside returns ctx, or the empty context if ctx ends only together with c: that ends
// everything anyway.
func (c *Conn) beside(ctx context.Context) context.Context {
	if ctx == (*connContext)(c) {
		return context.Background()
	}
	if d := c.done.Load(); d != nil && ctx.Done() == d.Done() {
		return context.Background()
	}
	return ctx
}
