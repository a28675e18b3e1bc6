package websocket

import "hawser/websocket/frame"

// Prepared is a message to be sent to many connections. It's framed once. It may
// be used by any number of goroutines and connections at the same time.
type Prepared struct {
	op    frame.Opcode
	frame []byte // as servers send it
	head  int    // size of its header
}

// NewPrepared returns a message with a copy of p.
func NewPrepared(t MessageType, p []byte) *Prepared {
	return prepare(frame.Opcode(t), p)
}

func prepare(op frame.Opcode, p []byte) *Prepared {
	b := make([]byte, 0, frame.MaxHeaderSize+len(p))
	b = frame.Append(b, frame.Header{Fin: true, Opcode: op}, p)
	return &Prepared{op, b, len(b) - len(p)}
}

func (m *Prepared) data() []byte { return m.frame[m.head:] }

// Post queues m and returns at once, however slow the peer is: for a message
// to many connections, of which none is to hold up the others. Of a long message
// the queue holds no copy. When more than [Config.MaxQueue] bytes are waiting
// already, Post returns [ErrQueueFull] and m is not sent; an empty queue takes a
// message of any size. After the end its error is a *[CloseError].
func (c *Conn) Post(m *Prepared) error {
	if !MessageType(m.op).valid() {
		return errType(MessageType(m.op))
	}
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed != nil {
		return c.refusal()
	}
	if o.postedBytes > 0 && o.postedBytes+len(m.frame) > c.cfg.MaxQueue {
		return ErrQueueFull
	}
	c.post(m)
	return nil
}

func (c *Conn) post(m *Prepared) {
	o := &c.out
	o.posted = append(o.posted, m)
	o.postedBytes += len(m.frame)
	c.flushAsync()
}
