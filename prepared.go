// Sending, messages for many connections: those are framed and compressed once. It owns
// Prepared, whose forms its own mutex guards, and appends to the queue under
// outbound.mu.

package websocket

import (
	"bytes"
	"context"
	"sync"

	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
)

// Prepared is a message to be sent to many connections. It's framed once, and
// compressed once for every window and level that these have. It may be used by
// any number of goroutines and connections at the same time.
//
// Compressed once, it can't refer to the messages before it, whatever context the
// connections have: small ones get hardly smaller.
type Prepared struct {
	t     MessageType
	plain wire // the message uncompressed; never changes

	mu    sync.Mutex
	forms map[form]*wire // the message compressed, for each window and level; guarded by mu
}

// A wire is a message in one frame, as servers send it if it's short. It never changes,
// so that connections can share it.
type wire struct {
	frame []byte
	head  int    // the size of the frame's header
	size  int    // the size of the message before compression
	tail  []byte // the end of a message that is compressed: as much as later ones can refer to
}

// wireSize is what a wire takes in the queue of Post, beside its bytes.
const wireSize = 128

// held is how many bytes w keeps from being freed.
func (w *wire) held() int { return len(w.frame) + len(w.tail) + wireSize }

// payload returns the payload of the frame, which may be compressed.
func (w *wire) payload() []byte { return w.frame[w.head:] }

// header returns the header of the frame, without a mask.
func (w *wire) header() frame.Header {
	h, _, _ := frame.ParseHeader(w.frame[:w.head])
	return h
}

// isText reports whether w may only be cut between characters. What is compressed
// may be cut anywhere.
func (w *wire) isText() bool {
	h := w.header()
	return h.Opcode == frame.Text && h.Rsv == 0
}

// NewPrepared returns a message with a copy of p.
func NewPrepared(t MessageType, p []byte) *Prepared {
	return &Prepared{t: t, plain: newWire(frame.Header{Fin: true, Opcode: t.opcode()}, p)}
}

func newWire(h frame.Header, p []byte) wire {
	b := make([]byte, 0, frame.MaxHeaderSize+len(p))
	b = frame.Append(b, h, p)
	return wire{frame: b, head: len(b) - len(p), size: len(p)}
}

// wire returns m as c sends it, compressed if c compresses messages like it.
func (m *Prepared) wire(c *Conn) *wire {
	p := m.plain.payload()
	if !c.compresses(m.t, len(p)) {
		return &m.plain
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f := c.deflater.form
	if w := m.forms[f]; w != nil {
		return w
	}
	e := deflate.NewEncoder(deflate.Config{WindowBits: f.bits, Level: f.level})
	w := newWire(frame.Header{Fin: true, Rsv: frame.Rsv1, Opcode: m.t.opcode()}, e.Append(nil, p))
	w.size, w.tail = len(p), bytes.Clone(p[max(len(p)-1<<f.bits, 0):])
	if m.forms == nil {
		m.forms = make(map[form]*wire)
	}
	m.forms[f] = &w
	return &w
}

// Send is [Conn.Write] of a prepared message.
func (c *Conn) Send(ctx context.Context, m *Prepared) error {
	if !m.t.valid() {
		return errType(m.t)
	}
	if err := ctx.Err(); err != nil {
		return writeRefused(err)
	}
	w := m.wire(c)
	o := &c.out
	o.mu.Lock()
	defer c.unlockOut()
	if err := c.beginMessageLocked(ctx); err != nil {
		return err
	}
	if len(w.payload()) > copyMax {
		defer c.endMessageLocked()
		c.sends(w)
		err := c.writeLongLocked(ctx, w.header(), w.payload(), true)
		if err != nil && w.tail != nil {
			c.deflater.Reset() // nothing can refer to what isn't sent
		}
		return err
	}
	c.sends(w)
	h := w.header()
	err := c.appendFrameLocked(&h, w.payload())
	c.endMessageLocked()
	if err != nil {
		return err
	}
	return c.submitLocked(ctx)
}

// sends takes note of what later messages may refer to. The caller has the turn to
// write, or out.mu while nobody has it, and writes w right after.
func (c *Conn) sends(w *wire) {
	if d := c.deflater; d != nil && w.header().Rsv != 0 {
		d.Skip(w.tail)
		d.count(w.size, len(w.payload()))
	}
}

// Post queues m and returns at once, however slow the peer is: for a message
// to many connections, of which none is to hold up the others. Of a long message
// the queue holds no copy. When m would make the queue hold more than
// [Config.MaxQueue] bytes, Post returns [ErrQueueFull] and m is not sent; an empty
// queue takes a message of any size. What Post has accepted goes out before the Close
// frame of this side. After the end its error is a *[CloseError].
func (c *Conn) Post(m *Prepared) error {
	if !m.t.valid() {
		return errType(m.t)
	}
	w := m.wire(c)
	o := &c.out
	o.mu.Lock()
	defer c.unlockOut()
	if o.closed != nil {
		return c.refusalLocked()
	}
	if o.hasPostedLocked() && o.queue.bytes > c.cfg.MaxQueue-w.held() {
		return ErrQueueFull
	}
	o.postLocked(w)
	c.flushSoonLocked()
	return nil
}

// postLocked puts w behind the messages that wait.
func (o *outbound) postLocked(w *wire) {
	q := o.waitingLocked()
	q.posted = append(q.posted, w)
	q.bytes += w.held()
}

// dropPostedLocked forgets what was posted. o.mu is held.
func (o *outbound) dropPostedLocked() {
	if q := o.queue; q != nil {
		q.posted, q.begun, q.bytes = nil, nil, 0
	}
}
