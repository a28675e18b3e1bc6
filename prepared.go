// Sending, messages for many connections, which are framed and compressed once. It owns
// Prepared, whose forms its own mutex guards, and knows nothing of connections.

package websocket

import (
	"bytes"
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

// countsFor takes note for d, which may be nil, of what later messages may refer to, right
// before w is sent. The caller has the turn to write, or output.mu while nobody has it.
func (w *wire) countsFor(d *deflater) {
	if d != nil && w.header().Rsv != 0 {
		d.Skip(w.tail)
		d.count(w.size, len(w.payload()))
	}
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

// wire returns m as a connection with d sends it, compressed if d compresses messages
// like it.
func (m *Prepared) wire(d *deflater) *wire {
	p := m.plain.payload()
	if !d.compresses(m.t, len(p)) {
		return &m.plain
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f := d.form
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
