// Sending, how messages become frames: each function makes frames pending, or takes what
// is pending. It works under output.mu and never writes to the transport.

package websocket

import (
	"hawser/websocket/frame"
	"hawser/websocket/internal/transport"
)

// appendFrameLocked makes a frame pending, whose header is h but for the mask.
func (o *output) appendFrameLocked(h *frame.Header, p []byte) error {
	if err := o.pend.append(h, p); err != nil {
		return err
	}
	o.traceLocked(h)
	return nil
}

// traceLocked notes that the frame was accepted. The owner is told of it by unlock.
func (o *output) traceLocked(h *frame.Header) {
	if t := o.cfg.Trace; t != nil && t.FrameSent != nil {
		q := o.waitingLocked()
		q.traced = append(q.traced, *h)
	}
}

// appendCompressedLocked is appendFrameLocked for a message that is compressed as a
// whole. It's for whoever has the turn to write, or while nobody has it.
func (o *output) appendCompressedLocked(h *frame.Header, p []byte) error {
	b := getChunk(len(p))
	defer b.put()
	b.p = o.deflater.Append(b.p, p)
	o.deflater.count(len(p), len(b.p))
	h.Rsv = frame.Rsv1
	err := o.appendFrameLocked(h, b.p)
	if err != nil {
		o.deflater.Reset() // nothing can refer to what isn't sent
	}
	return err
}

// appendMessageLocked is appendFrameLocked or appendCompressedLocked.
func (o *output) appendMessageLocked(h *frame.Header, p []byte, compressed bool) error {
	if compressed {
		return o.appendCompressedLocked(h, p)
	}
	return o.appendFrameLocked(h, p)
}

// frameMax is the size of the frames that a long message is cut into, in bytes. A
// ping that comes in the midst of it is answered after that much at the latest: it
// has to be small for slow links, and large for what each system call costs.
const frameMax = 128 << 10

// frameSize is frameMax for this side: clients mask a copy, which has to fit into a chunk.
func (o *output) frameSize() int {
	if o.pend.role == frame.Client {
		return chunkMax - frame.MaxHeaderSize
	}
	return frameMax
}

// appendLongLocked makes the next frame of a long message pending, of which p is left.
// The last frame is the final one if fin is set. Of the frame's payload it only copies
// what has to be, and returns the rest of it as ref, which is to be sent right behind
// what's pending. It returns what is left of p after that frame, nil at the end, and
// changes h into the header of the next.
func (o *output) appendLongLocked(h *frame.Header, p []byte, text, fin bool) (ref, rest []byte, err error) {
	part := p
	if n := o.frameSize(); len(p) > n {
		part = p[:n]
		if text {
			part = part[:wholeRunes(part)]
		}
		rest = p[len(part):]
	}
	h.Fin, h.Length = fin && rest == nil, int64(len(part))
	n := len(part)
	switch {
	case o.pend.role == frame.Client: // masked in the copy
	case o.stream.Tries():
		n = 0 // the frame and what is pending go out in one system call anyway
	default:
		n = min(n, max(transport.MaxRecord-frame.MaxHeaderSize-o.pend.size(), 0))
	}
	if err := o.pend.appendHead(h, part, n); err != nil {
		return nil, nil, err
	}
	o.traceLocked(h)
	h.Opcode, h.Rsv = frame.Continuation, 0
	return part[n:], rest, nil
}

// queueLocked is appendFrameLocked for frames that nobody waits for to be accepted.
func (o *output) queueLocked(h frame.Header, p []byte) {
	if err := o.appendFrameLocked(&h, p); err != nil {
		o.breakLocked(err)
	}
}

// queueControlLocked makes a control frame pending, unless the Close frame went before
// it.
func (o *output) queueControlLocked(op frame.Opcode, p []byte) {
	if !o.closeOut {
		o.queueLocked(frame.Header{Fin: true, Opcode: op}, p)
	}
}

// queuePongLocked makes the pong pending that waits, if there's one.
func (o *output) queuePongLocked() {
	if o.queue.hasPong() {
		p := o.queue.pong
		o.queue.pong = nil
		o.queueControlLocked(frame.Pong, p.payload[:p.size])
	}
}

// takePostedLocked makes the next message of Post pending, or the next frame of it.
// What it returns is the end of that frame's payload, which is to be sent right behind.
// It's called while nobody has the turn to write.
func (o *output) takePostedLocked() (ref []byte) {
	q := o.queue
	w := q.posted[0]
	p := w.payload()
	h := w.header()
	if q.begun != nil {
		p, h.Opcode, h.Rsv = q.begun, frame.Continuation, 0
	} else {
		w.countsFor(o.deflater)
	}
	q.begun = nil
	var err error
	if len(p) > copyMax {
		ref, q.begun, err = o.appendLongLocked(&h, p, w.isText(), true)
	} else {
		h.Fin = true
		err = o.appendFrameLocked(&h, p)
	}
	if err != nil {
		o.breakLocked(err)
		return nil
	}
	if q.begun == nil {
		q.next()
		o.closeOut = o.closeOut || !q.hasPosted() && o.code != 0 // nothing is posted behind the Close frame
	}
	return ref
}
