package websocket

import (
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
	plain wire

	mu    sync.Mutex
	forms map[form]*wire
}

// A wire is a message in one frame, as servers send it.
type wire struct {
	data  []byte // uncompressed
	frame []byte
	head  int // size of its header
}

func (w *wire) payload() []byte { return w.frame[w.head:] }

// header is the one that a client masks.
func (w *wire) header() frame.Header {
	h, _, _ := frame.ParseHeader(w.frame[:w.head])
	return h
}

// NewPrepared returns a message with a copy of p.
func NewPrepared(t MessageType, p []byte) *Prepared {
	return &Prepared{t: t, plain: newWire(frame.Header{Fin: true, Opcode: t.opcode()}, p)}
}

func newWire(h frame.Header, p []byte) wire {
	b := make([]byte, 0, frame.MaxHeaderSize+len(p))
	b = frame.Append(b, h, p)
	n := len(b) - len(p)
	return wire{b[n:], b, n}
}

// wire returns m as c sends it.
func (m *Prepared) wire(c *Conn) *wire {
	p := m.plain.data
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
	w.data = p
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
	defer o.mu.Unlock()
	if err := c.beginMessage(ctx); err != nil {
		return err
	}
	if len(w.payload()) > copyMax {
		defer c.endMessage()
		if err := c.waitIdle(ctx); err != nil {
			return err
		}
		c.sends(w)
		return c.writeLarge(ctx, w.header(), w.payload())
	}
	c.sends(w)
	h := w.header()
	err := c.appendFrame(&h, w.payload())
	c.endMessage()
	if err != nil {
		return err
	}
	return c.submit(ctx)
}

// sends takes note of what later messages may refer to. It's called with the
// turn to write, right before w is written.
func (c *Conn) sends(w *wire) {
	if d := c.deflater; d != nil && w.header().Rsv != 0 {
		d.Skip(w.data)
		d.count(len(w.data), len(w.payload()))
	}
}

// Post queues m and returns at once, however slow the peer is: for a message
// to many connections, of which none is to hold up the others. Of a long message
// the queue holds no copy. When more than [Config.MaxQueue] bytes are waiting
// already, Post returns [ErrQueueFull] and m is not sent; an empty queue takes a
// message of any size. After the end its error is a *[CloseError]. A Close that comes
// while a message of [Conn.Writer] is unfinished drops what waits behind that one.
func (c *Conn) Post(m *Prepared) error {
	if !m.t.valid() {
		return errType(m.t)
	}
	w := m.wire(c)
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed != nil {
		return c.refusal()
	}
	if o.hasPosted() && o.queue.bytes+len(w.frame) > c.cfg.MaxQueue {
		return ErrQueueFull
	}
	o.post(w)
	c.flushSoon()
	return nil
}

func (o *outbound) post(w *wire) {
	q := o.waiting()
	q.posted = append(q.posted, w)
	q.bytes += len(w.frame)
}

// dropPosted forgets what was posted.
func (o *outbound) dropPosted() {
	if q := o.queue; q != nil {
		q.posted, q.bytes = nil, 0
	}
}
