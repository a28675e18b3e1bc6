// A stream: a Conn as a net.Conn. It owns its turns, its deadlines and its half-close,
// and uses the Conn as a user does, but for reading without limits on messages and for
// writing without being cut in the midst of a frame.

package websocket

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"hawser/websocket/frame"
)

const (
	// maxPart is the size in bytes of the longest message of a stream. It's what
	// io.Copy writes at a time, and the lowest limit that other libraries have by
	// default.
	maxPart = 32 << 10
	// halfClose is the reason in the Close frame of a stream that goes on to read.
	// A stream at the other end answers it when it has nothing more to send.
	halfClose = "half-close"
)

// NetConn returns a [net.Conn] that sends its stream in messages of type t, and
// reads those of the peer, whose boundaries and sizes mean nothing: one Write is a
// message, or several of at most 32 KiB, and neither [Config.MaxMessage] nor
// [Config.MaxFragments] bounds what is read, as nothing has to be held. A stream of
// [Text] may be written in pieces that end inside of a character: its first bytes
// are sent together with its last. While the net.Conn is in use, c's own methods to
// read must not be, and its methods to write add to the stream.
//
// The end of the peer's stream, [io.EOF], is a Close frame with [frame.CodeNormal],
// [frame.CodeGoingAway] or no code. Other ends are a *[CloseError], which matches
// [net.ErrClosed]. A message of the other type ends the connection with
// [frame.CodeUnsupportedData]; Read returns a *CloseError with a *[frame.Error].
//
// Write returns when its last message is accepted, of which a goroutine may still be
// writing up to about 128 KiB. A deadline never cuts a frame in two. The error is
// [os.ErrDeadlineExceeded], and the connection goes on, with one exception: a Write
// of more than 32 KiB of which only a part was accepted ends the connection, because
// what followed would be taken for the rest of it. All later calls return the
// *CloseError.
//
// Close ends the Reads and Writes that wait, with net.ErrClosed. It returns when what
// was accepted and the Close frame have gone out, after at most
// [Config.CloseTimeout], and leaves the rest of the closing handshake to a goroutine,
// with the same bound: receive from [Conn.Done] to wait for that too. It returns a
// *CloseError if the connection is known to have broken, and nil when called again.
//
// The net.Conn has a method CloseWrite() error too, as a *[net.TCPConn] has. It sends
// what was accepted and a Close frame with CodeNormal. Reading goes on until the peer
// closes, for as long as it likes. A peer that is a NetConn as well gets io.EOF and
// can write on until it calls Close or CloseWrite itself; most others close at once
// when they get a Close frame (RFC 6455 section 5.5.1).
//
// All methods may be called from any goroutine at any time, and Writes don't mix. The
// addresses are never nil: where the transport has none they are "websocket".
func NetConn(c *Conn, t MessageType) net.Conn {
	n := &netConn{c: c, t: t}
	n.rd.init()
	n.wr.init()
	return n
}

// netConn is a Conn as a stream.
type netConn struct {
	c      *Conn
	t      MessageType
	rd, wr direction

	// These are of whoever has the turn to read.
	r         messageReader // of the message under way
	inMessage bool
	failed    error // what all later Reads return; nil while there may be more to read

	tail  []byte      // of a text, begins a character; of whoever has the turn to write
	split atomic.Bool // tail isn't empty

	halfClosed atomic.Bool // this side has closed its half
	peerHalf   atomic.Bool // the peer has, and waits for this side to do so
	finishing  sync.Once
}

// A direction is what the calls of Read, or those of Write, share.
type direction struct {
	deadline
	turn chan struct{} // has an element while a call has its turn
}

func (d *direction) init() {
	d.deadline.init()
	d.turn = make(chan struct{}, 1)
}

func (d *direction) end() { <-d.turn }

// begin waits for the turn of a call. It returns the context to wait with.
func (n *netConn) begin(d *direction) (context.Context, error) {
	ctx := d.context()
	if why := ended(ctx); why != nil {
		if e := n.c.end.err.Load(); e != nil && why != net.ErrClosed {
			return nil, e // so that who tries again and again stops
		}
		return nil, why
	}
	select {
	case d.turn <- struct{}{}:
		return ctx, nil
	case <-ctx.Done():
		return nil, ended(ctx)
	}
}

// result is what a call that waited with ctx returns for err.
func (n *netConn) result(ctx context.Context, err error) error {
	if why := ended(ctx); why != nil {
		return why
	}
	return n.over(err)
}

// over returns io.EOF if err is the end of the peer's stream, and else err.
func (n *netConn) over(err error) error {
	if err == errHalfClosed {
		return io.EOF
	}
	var e *CloseError
	if errors.As(err, &e) && e.Err == nil && isNormal(e.Code) && (!e.Local || e.SentReason == halfClose) {
		return io.EOF
	}
	return err
}

func (n *netConn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		if ended(n.rd.context()) == net.ErrClosed {
			return 0, net.ErrClosed
		}
		return 0, nil
	}
	ctx, err := n.begin(&n.rd)
	if err != nil {
		return 0, n.over(err)
	}
	defer n.rd.end()
	if n.failed != nil {
		return 0, n.failed
	}
	k, err := n.read(ctx, p)
	if err != nil {
		return 0, n.result(ctx, err)
	}
	return k, nil
}

func (n *netConn) read(ctx context.Context, p []byte) (int, error) {
	for {
		if !n.inMessage {
			t, err := n.c.beginReader(ctx, &n.r, true)
			if err != nil {
				return 0, n.noMore(err)
			}
			if t != n.t&^Uncompressed {
				return 0, n.refuse(t)
			}
			n.inMessage = true
		}
		n.r.ctx = ctx
		k, err := n.r.Read(p)
		if err != io.EOF {
			return k, n.noMore(err)
		}
		n.inMessage = false
	}
}

// noMore takes note of the peer's half-close.
func (n *netConn) noMore(err error) error {
	if err == errHalfClosed {
		n.failed = io.EOF
		n.peerHalf.Store(true)
		if n.halfClosed.Load() {
			n.finish()
		}
	}
	return err
}

// refuse ends the connection because of a message of type t.
func (n *netConn) refuse(t MessageType) error {
	c := n.c
	if err := c.lockRead(context.Background()); err != nil {
		return err
	}
	defer c.in.unlock()
	c.in.ctx = context.Background()
	return c.readError(&frame.Error{Code: frame.CodeUnsupportedData, Section: "7.4.1",
		Text: "a " + t.String() + " message in a stream of " + n.t.String() + " messages"})
}

func (n *netConn) Write(p []byte) (int, error) {
	ctx, err := n.begin(&n.wr)
	if err != nil {
		return 0, err
	}
	defer n.wr.end()
	written := 0
	for written < len(p) {
		part := p[written:min(len(p), written+maxPart-len(n.tail))]
		if err := n.writePart(ctx, part); err != nil {
			why := ended(ctx)
			if why == nil {
				return written, err
			}
			if written > 0 && why != net.ErrClosed {
				n.c.end.abort(errCutWrite)
			}
			return written, why
		}
		written += len(part)
	}
	return written, nil
}

// errCutWrite is no timeout: who finds it has to do with a connection that is over.
var errCutWrite = errors.New("websocket: a deadline cut off a write to the net.Conn")

// writePart sends n.tail and p in a message. Of a text it keeps the last bytes if
// they only begin a character (RFC 6455 section 5.6).
func (n *netConn) writePart(ctx context.Context, p []byte) error {
	if n.t&^Uncompressed == Text {
		if len(n.tail) > 0 {
			p = append(n.tail[:len(n.tail):len(n.tail)], p...)
		}
		whole := wholeRunes(p)
		tail := append([]byte(nil), p[whole:]...)
		if whole > 0 {
			if err := n.c.out.accept(ctx, n.t, p[:whole]); err != nil {
				return err
			}
		}
		n.tail = tail
		n.split.Store(len(tail) > 0)
		return nil
	}
	return n.c.out.accept(ctx, n.t, p)
}

// CloseWrite closes this side's half of the stream: see [NetConn].
func (n *netConn) CloseWrite() error {
	if ended(n.wr.context()) == net.ErrClosed {
		return net.ErrClosed
	}
	if n.halfClosed.Load() {
		return nil
	}
	payload, _ := frame.AppendClose(nil, frame.CodeNormal, halfClose)
	if err := n.c.out.sendClose(payload); err != nil {
		return err
	}
	n.c.end.beginHalfClosing()
	n.halfClosed.Store(true)
	if n.peerHalf.Load() {
		n.finish()
	}
	return n.whole()
}

// whole returns an error if what was written ends inside of a character. The bytes
// of that are not sent, as the peer had to take them for a breach of the protocol.
func (n *netConn) whole() error {
	if n.split.Load() {
		return errors.New("websocket: the text written to the net.Conn ends inside of a character")
	}
	return nil
}

func (n *netConn) Close() error {
	if !n.rd.close() {
		return nil
	}
	n.wr.close()
	c := n.c
	c.CloseWrite(frame.CodeNormal, "")
	n.finish()
	c.out.flushAll()
	if e := c.end.err.Load(); e != nil && e.Err != nil {
		return e
	}
	return n.whole()
}

// finish completes the closing handshake, now that nothing is to be read or written
// any more. What it waits for is bounded.
func (n *netConn) finish() {
	n.finishing.Do(func() {
		go func() {
			n.rd.turn <- struct{}{} // c.Close lets whoever reads finish, so that has to be nobody
			n.rd.end()
			n.c.Close(frame.CodeNormal, "")
		}()
	})
}

func (n *netConn) LocalAddr() net.Addr  { return addrOr(n.c.LocalAddr()) }
func (n *netConn) RemoteAddr() net.Addr { return addrOr(n.c.RemoteAddr()) }

func (n *netConn) SetDeadline(t time.Time) error {
	return errors.Join(n.rd.set(t), n.wr.set(t))
}

func (n *netConn) SetReadDeadline(t time.Time) error  { return n.rd.set(t) }
func (n *netConn) SetWriteDeadline(t time.Time) error { return n.wr.set(t) }

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
