// Telling: the user's functions that see each frame. They run without any lock:
// output.unlock sees to that for frames that were sent.

package websocket

import "hawser/websocket/frame"

// Trace has functions that are called at events of a connection, to count or to
// log them: see [Config]. Each may be nil. They are called in the midst of reading
// and writing, so they must return at once. Of c they may call the methods that
// tell what it is, such as [Conn.RemoteAddr] and [Conn.Context], and those that
// don't wait; a read has no end before they have returned. No lock is held
// meanwhile, and one that panics leaves the connection usable. They may be called
// from several goroutines at the same time.
//
// The messages each way are the data frames that aren't a [frame.Continuation],
// their bytes on the wire the sum of all data frames' Length.
type Trace struct {
	// FrameReceived is called for each frame whose header has arrived and breaks
	// no rule and no limit, before its payload is read.
	FrameReceived func(c *Conn, h frame.Header)
	// FrameSent is called for each frame that is accepted for sending, before or
	// right after it goes out. A message of [Conn.Post] is accepted when it leaves the
	// queue.
	FrameSent func(c *Conn, h frame.Header)
}
