// Sending, the frames that are to be written next. A pending has no lock of its own and
// knows nothing of the rest of the sending half, which output.go has.

package websocket

import "hawser/websocket/frame"

// A pending is the frames that are accepted and not yet being written, one behind the
// other. They are masked if this side is a client (RFC 6455 section 5.3).
type pending struct {
	b    *chunk     // nil if there are none
	last int32      // how many bytes were taken the last time, to choose the size of the next chunk
	role frame.Role // of this side; never changes
}

// size returns how many bytes are pending.
func (n *pending) size() int {
	if n.b == nil {
		return 0
	}
	return len(n.b.p)
}

// grow returns what is pending, with room for size more bytes.
func (n *pending) grow(size int) *chunk {
	if n.b == nil {
		n.b = getChunk(int(n.last))
	}
	if cap(n.b.p)-len(n.b.p) < size {
		n.b = n.b.grow(size)
	}
	return n.b
}

// append makes a frame pending. It sets the key in h if the frame has to be masked.
func (n *pending) append(h *frame.Header, p []byte) error {
	if err := n.mask(h); err != nil {
		return err
	}
	b := n.grow(frame.MaxHeaderSize + len(p))
	b.p = h.AppendFrame(b.p, p)
	return nil
}

// appendHead makes a frame pending with a copy of only the first copied bytes of its
// payload p. The rest has to be written right behind.
func (n *pending) appendHead(h *frame.Header, p []byte, copied int) error {
	if err := n.mask(h); err != nil {
		return err
	}
	b := n.grow(frame.MaxHeaderSize + copied)
	b.p = h.Append(b.p)
	at := len(b.p)
	b.p = append(b.p, p[:copied]...)
	if h.Masked {
		frame.Mask(b.p[at:], h.Key, 0)
	}
	return nil
}

// mask gives h a fresh key if this side has to mask.
func (n *pending) mask(h *frame.Header) (err error) {
	if n.role == frame.Client {
		h.Masked = true
		h.Key, err = newMaskKey()
	}
	return err
}

// take returns what is pending, nil if there's nothing. After it nothing is pending.
func (n *pending) take() *chunk {
	b := n.b
	n.b = nil
	return b
}
