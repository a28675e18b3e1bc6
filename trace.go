package websocket

import "hawser/websocket/frame"

// Trace has functions that are called at events of a connection, to count or to
// log them: see [Config]. Each may be nil. They are called in the midst of reading
// and writing, so they must return at once and of c they may only call the methods
// that tell what it is, such as [Conn.RemoteAddr]. They may be called from several
// goroutines at the same time.
//
// The messages each way are the data frames that aren't a [frame.Continuation],
// their bytes on the wire the sum of all data frames' Length.
type Trace struct {
	// FrameReceived is called for each frame whose header has arrived and breaks
	// no rule, before its payload is read.
	FrameReceived func(c *Conn, h frame.Header)
	// FrameSent is called for each frame that is accepted for sending. A message
	// of [Conn.Post] is when it leaves the queue.
	FrameSent func(c *Conn, h frame.Header)
}

func (c *Conn) traceReceived(h *frame.Header) {
	if t := c.cfg.Trace; t != nil && t.FrameReceived != nil {
		t.FrameReceived(c, *h)
	}
}

func (c *Conn) traceSent(h *frame.Header) {
	if t := c.cfg.Trace; t != nil && t.FrameSent != nil {
		t.FrameSent(c, *h)
	}
}
