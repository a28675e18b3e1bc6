// Receiving, the work below the API: who may read, and how frames become messages. It
// owns inbound, which belongs to whoever has the reading role. It reads through a
// frame.Reader and never touches the transport; it writes nothing but what control.go
// answers.

package websocket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync/atomic"

	"hawser/websocket/frame"
)

// inbound is the state of reading. It belongs to the call that has the reading role,
// which is a lock: reading is true while somebody has it. A call that can't have it
// gets ErrConcurrentRead and doesn't wait. The state keeps its place when a context
// ends a read half-way. The reading role guards all fields but reading, max and
// closing, which are atomic, and watch, which has a mutex.
type inbound struct {
	reading   atomic.Bool  // somebody has the reading role
	fragments int32        // how many frames of the message have begun
	max       atomic.Int64 // how many bytes the next message may have: see SetMaxMessage
	left      int64        // how many bytes on the wire the message may still have

	typ       MessageType  // of the message under way, 0 if there is none
	control   frame.Opcode // of the control frame under way, 0 if there is none, or peerHalfClosed
	inFrame   bool         // a data frame is under way
	fin       bool         // that frame is the last of its message
	end       bool         // the message has been read to its end
	streaming bool         // the message is being handed out by a messageReader
	deflated  bool         // the message is compressed
	active    bool         // a message has begun since the reader last waited
	tried     bool         // the source was read since the last message
	text      frame.UTF8   // checks the message, if it's a text
	serial    uint32       // the number of the message, by which a messageReader knows its own

	closing atomic.Pointer[chan struct{}] // not nil if Close wants the reading role: sent to when that's given up
	ctx     context.Context               // the context of the call that has the reading role, nil between calls
	watch   watch
}

// lockRead takes the reading role, or returns why no read can begin. The user who
// calls gives up every slice of an earlier message.
func (c *Conn) lockRead(ctx context.Context) error {
	if !c.in.reading.CompareAndSwap(false, true) {
		return c.readBusy()
	}
	if c.err.Load() != nil || c.ctxErr(ctx) != nil {
		return c.readOver(ctx)
	}
	return nil
}

// readBusy returns the error of a call that can't have the reading role, as another
// has it. If that one is Close, it waits for the end of the connection.
func (c *Conn) readBusy() error {
	if c.in.closing.Load() != nil {
		<-c.Done() // Close reads, and is bounded
		return c.err.Load()
	}
	return ErrConcurrentRead
}

// readOver gives up the reading role, and returns why no read can begin: the
// connection has ended, or ctx has.
func (c *Conn) readOver(ctx context.Context) error {
	defer c.unlockRead()
	if e := c.err.Load(); e != nil {
		return e
	}
	return fmt.Errorf("websocket: read: %w", ctx.Err())
}

// unlockRead gives up the reading role, and tells a Close that waits for it.
func (c *Conn) unlockRead() {
	if c.in.ctx != nil {
		c.in.ctx = nil
	}
	c.in.reading.Store(false)
	if free := c.in.closing.Load(); free != nil {
		select {
		case *free <- struct{}{}:
		default:
		}
	}
}

// readFailed gives up the reading role after err, and returns what Read returns.
func (c *Conn) readFailed(err error) (MessageType, []byte, error) {
	err = c.readError(err)
	c.unlockRead()
	return 0, nil, err
}

// readMessage reads what is left of the message under way, or all of the next one,
// and returns all of it. The caller has the reading role.
func (c *Conn) readMessage() ([]byte, error) {
	in := &c.in
	if c.in.watch.stream { // what a net.Conn left unread is to be held from now on
		c.in.watch.stream = false
		limit := in.max.Load()
		if c.rd.Left() > limit {
			return nil, errTooBig(limit)
		}
		in.left = min(in.left, limit)
	}
	for {
		p, err := c.step(true)
		if err != nil {
			return nil, err
		}
		if len(p) > 0 && !in.deflated {
			c.rd.Hold()
		}
		if in.end {
			if p = c.held(); p == nil {
				p = []byte{}
			}
			c.returns()
			return p, nil
		}
	}
}

// validText reports whether p, a whole message, is UTF-8.
func validText(p []byte) bool {
	var text frame.UTF8
	return text.Feed(p) && text.Done()
}

// wholeError returns what is wrong with p, a message that came in one frame: it's too
// long, or else not UTF-8.
func (c *Conn) wholeError(p []byte) error {
	if limit := c.in.max.Load(); int64(len(p)) > limit {
		return errTooBig(limit)
	}
	return errNotUTF8
}

// held returns what has been read so far of a message that Read has to return whole.
// The caller has the reading role.
func (c *Conn) held() []byte {
	if c.in.deflated {
		return c.inflater.held()
	}
	return c.rd.Held()
}

// skipMessage gives up the message under way: it reads to the end of it, and then no
// message is under way. The caller has the reading role.
func (c *Conn) skipMessage() error {
	c.in.serial++ // so its messageReader is stale, even if this is cut short
	for !c.in.end {
		if _, err := c.step(false); err != nil {
			return err
		}
	}
	if c.in.deflated {
		c.inflater.release()
	}
	c.in.typ, c.in.end, c.in.streaming = 0, false, false
	c.rd.Release()
	return nil
}

// step is stepOn for callers that have no defer of their own. If a function of the
// user's Trace panics, it gives up the reading role, so that reading can go on.
func (c *Conn) step(whole bool) ([]byte, error) {
	if c.cfg.Trace == nil {
		return c.stepOn(whole)
	}
	returned := false
	defer func() {
		if !returned {
			c.unlockRead()
		}
	}()
	p, err := c.stepOn(whole)
	returned = true
	return p, err
}

// stepOn reads the next piece of the message under way, or the first of the next
// message, and sets in.end with the last. It answers control frames on the way.
// Of a compressed message, a piece has at most streamSize bytes, unless whole is set,
// as the whole message is to be held anyway. The caller has the reading role.
func (c *Conn) stepOn(whole bool) ([]byte, error) {
	in := &c.in
	for {
		if in.deflated && c.inflater.more {
			p, err := c.inflater.next()
			if err != nil {
				return nil, err
			}
			if in.end = in.fin && !in.inFrame && !c.inflater.more; in.end {
				err = inflateError(c.inflater.d.End())
			}
			if err == nil && !in.valid(p) {
				err = errNotUTF8
			}
			if err != nil || in.end || len(p) > 0 {
				return p, err
			}
		}
		if in.control == peerHalfClosed {
			if c.in.watch.stream && !c.closing() {
				return nil, errHalfClosed
			}
			c.peerClosed(frame.CodeNormal, halfClose)
			return nil, errEnded
		}
		if in.control != 0 {
			// The header may have come in an earlier call, which was cut short.
			p, err := c.rd.Payload()
			if err != nil {
				return nil, err
			}
			op := in.control
			in.control = 0
			if err := c.handleControl(op, p); err != nil {
				return nil, err
			}
		}
		if !in.inFrame {
			var h frame.Header
			if err := c.rd.ReadHeader(&h); err != nil {
				return nil, err
			}
			if err := c.begin(&h); err != nil {
				return nil, err
			}
			c.traceReceived(&h)
			continue
		}
		var p []byte
		if c.rd.Left() > 0 {
			var err error
			if p, err = c.rd.Piece(); err != nil {
				return nil, err
			}
		}
		in.inFrame = c.rd.Left() > 0
		end := in.fin && !in.inFrame
		if in.deflated {
			if !whole {
				c.inflater.begin(p)
				continue
			}
			var err error
			if p, err = c.inflater.whole(p, end); err != nil {
				return nil, err
			}
		}
		in.end = end
		if !in.valid(p) {
			return nil, errNotUTF8
		}
		if end || len(p) > 0 {
			return p, nil
		}
	}
}

// valid checks the next bytes of the message, and its end if that has come.
func (in *inbound) valid(p []byte) bool {
	return in.typ != Text || in.text.Feed(p) && (!in.end || in.text.Done())
}

var errNotUTF8 = &frame.Error{Code: frame.CodeInvalidPayload, Section: "8.1", Text: "text is not UTF-8"}

// begin takes note of the frame whose header h has been read, and checks the limits:
// the size of the message and the number of its frames.
func (c *Conn) begin(h *frame.Header) error {
	in := &c.in
	if h.Opcode.IsControl() {
		in.control = h.Opcode
		return nil
	}
	if h.Opcode != frame.Continuation {
		in.active = true
		in.typ = MessageType(h.Opcode)
		in.left, in.fragments = in.max.Load(), 0
		if c.in.watch.stream {
			in.left = math.MaxInt64
		}
		in.text = frame.UTF8{}
		in.serial++
		if in.deflated = h.Rsv&frame.Rsv1 != 0; in.deflated {
			c.inflater.max = in.left
			in.left = maxWire(in.left)
		}
	}
	if h.Length > in.left {
		return errTooBig(in.max.Load())
	}
	if int(in.fragments) == c.cfg.MaxFragments && !c.in.watch.stream {
		return &frame.Error{Code: frame.CodePolicyViolation, Section: "10.4",
			Text: fmt.Sprintf("message has more than %d fragments", c.cfg.MaxFragments)}
	}
	in.left -= h.Length
	in.fragments++
	in.inFrame, in.fin = true, h.Fin
	return nil
}

func errTooBig(limit int64) error {
	return &frame.Error{Code: frame.CodeTooBig, Section: "10.4", Text: fmt.Sprintf("message is longer than %d bytes", limit)}
}

var (
	// errEnded is what step returns when c.err tells how the connection ended.
	errEnded = errors.New("websocket: connection ended")
	// errHalfClosed is what it returns to a stream that the peer has half-closed.
	errHalfClosed = errors.New("websocket: half-closed by the peer")
)

// readError turns an error of step into what the user gets, and ends the
// connection unless it was only the user's context.
func (c *Conn) readError(err error) error {
	if ctxErr := c.in.ctx.Err(); ctxErr != nil && c.err.Load() == nil && (err == ctxErr || isTimeout(err)) {
		return fmt.Errorf("websocket: read: %w", ctxErr)
	}
	breach, broken := err.(*frame.Error)
	switch {
	case err == errHalfClosed:
		return err
	case err == errEnded:
	case broken:
		c.fail(breach)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		// The peer may have ended only its sending direction, so it still gets
		// what was accepted for it.
		c.teardown(c.closeError(io.ErrUnexpectedEOF), true)
	default:
		c.lost(err)
	}
	c.rd.Free()
	if c.inflater != nil {
		c.inflater.release()
	}
	return c.err.Load()
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout() || errors.Is(err, os.ErrDeadlineExceeded)
}
