// Receiving, the work below the API: how frames become messages. It owns inbound, which
// belongs to whoever has the reading role. It reads through a frame.Reader, and never
// touches the transport, writes, or ends the connection.

package websocket

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"

	"hawser/websocket/frame"
)

// An inboundOwner is what is above the receiving half of a connection.
type inboundOwner interface {
	// control answers a control frame with the payload p. It returns errEnded if that
	// has ended the connection, and errHalfClosed if it's to be told again of the op
	// peerHalfClosed by the next read.
	control(op frame.Opcode, p []byte) error
	// received is called for each frame whose header has arrived, if Config.Trace wants
	// to know.
	received(h frame.Header)
}

// inbound is the receiving half of a connection. It keeps its place when a context ends a
// read half-way. The reading role guards all fields but max, which is atomic, and the
// last ones, which never change.
type inbound struct {
	role readingRole
	max  atomic.Int64 // how many bytes the next message may have: see SetMaxMessage
	rd   frame.Reader
	left int64 // how many bytes on the wire the message may still have

	typ       MessageType  // of the message under way, 0 if there is none
	control   frame.Opcode // of the control frame under way, 0 if there is none, or peerHalfClosed
	inFrame   bool         // a data frame is under way
	fin       bool         // that frame is the last of its message
	end       bool         // the message has been read to its end
	streaming bool         // the message is being handed out by a messageReader
	deflated  bool         // the message is compressed
	stream    bool         // a net.Conn reads, so limits on messages don't count
	active    bool         // a message has begun since the reader last waited
	tried     bool         // the source was read since the last message
	text      frame.UTF8   // checks the message, if it's a text
	serial    uint32       // the number of the message, by which a messageReader knows its own
	fragments int32        // how many frames of the message have begun

	ctx  context.Context // the context of the call that has the reading role, nil between calls
	lent lent            // the message that Read returned last, in tests only

	cfg      *Config
	inflater *inflater // nil if messages aren't compressed
	owner    inboundOwner
}

// peerHalfClosed stands for the Close frame of a peer that goes on to read, which is
// to be answered when this side's stream ends. It's no opcode.
const peerHalfClosed frame.Opcode = 0xff

// readMessage reads what is left of the message under way, or all of the next one,
// and returns all of it.
func (in *inbound) readMessage() ([]byte, error) {
	if in.stream { // what a net.Conn left unread is to be held from now on
		in.stream = false
		limit := in.max.Load()
		if in.rd.Left() > limit {
			return nil, errTooBig(limit)
		}
		in.left = min(in.left, limit)
	}
	for {
		p, err := in.step(true)
		if err != nil {
			return nil, err
		}
		if len(p) > 0 && !in.deflated {
			in.rd.Hold()
		}
		if in.end {
			if p = in.held(); p == nil {
				p = []byte{}
			}
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
func (in *inbound) wholeError(p []byte) error {
	if limit := in.max.Load(); int64(len(p)) > limit {
		return errTooBig(limit)
	}
	return errNotUTF8
}

// held returns what has been read so far of a message that Read has to return whole.
func (in *inbound) held() []byte {
	if in.deflated {
		return in.inflater.held()
	}
	return in.rd.Held()
}

// skipMessage gives up the message under way: it reads to the end of it, and then no
// message is under way.
func (in *inbound) skipMessage() error {
	in.serial++ // so its messageReader is stale, even if this is cut short
	for !in.end {
		if _, err := in.step(false); err != nil {
			return err
		}
	}
	if in.deflated {
		in.inflater.release()
	}
	in.typ, in.end, in.streaming = 0, false, false
	in.rd.Release()
	return nil
}

// step is stepOn for callers that have no defer of their own. If a function of the
// user's Trace panics, it gives up the reading role, so that reading can go on.
func (in *inbound) step(whole bool) ([]byte, error) {
	if in.cfg.Trace == nil {
		return in.stepOn(whole)
	}
	returned := false
	defer func() {
		if !returned {
			in.unlock()
		}
	}()
	p, err := in.stepOn(whole)
	returned = true
	return p, err
}

// stepOn reads the next piece of the message under way, or the first of the next
// message, and sets in.end with the last. It answers control frames on the way.
// Of a compressed message, a piece has at most streamSize bytes, unless whole is set,
// as the whole message is to be held anyway.
func (in *inbound) stepOn(whole bool) ([]byte, error) {
	for {
		if in.deflated && in.inflater.more {
			p, err := in.inflater.next()
			if err != nil {
				return nil, err
			}
			if in.end = in.fin && !in.inFrame && !in.inflater.more; in.end {
				err = inflateError(in.inflater.d.End())
			}
			if err == nil && !in.valid(p) {
				err = errNotUTF8
			}
			if err != nil || in.end || len(p) > 0 {
				return p, err
			}
		}
		if in.control != 0 {
			// The header may have come in an earlier call, which was cut short.
			p, err := in.rd.Payload()
			if err != nil {
				return nil, err
			}
			op := in.control
			in.control = 0
			if err := in.owner.control(op, p); err != nil {
				if err == errHalfClosed {
					in.control = peerHalfClosed
				}
				return nil, err
			}
		}
		if !in.inFrame {
			var h frame.Header
			if err := in.rd.ReadHeader(&h); err != nil {
				return nil, err
			}
			if err := in.begin(&h); err != nil {
				return nil, err
			}
			if t := in.cfg.Trace; t != nil && t.FrameReceived != nil {
				in.owner.received(h)
			}
			continue
		}
		var p []byte
		if in.rd.Left() > 0 {
			var err error
			if p, err = in.rd.Piece(); err != nil {
				return nil, err
			}
		}
		in.inFrame = in.rd.Left() > 0
		end := in.fin && !in.inFrame
		if in.deflated {
			if !whole {
				in.inflater.begin(p)
				continue
			}
			var err error
			if p, err = in.inflater.whole(p, end); err != nil {
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

// errNotUTF8 is the breach of a peer whose text isn't one.
var errNotUTF8 = &frame.Error{Code: frame.CodeInvalidPayload, Section: "8.1", Text: "text is not UTF-8"}

// valid checks the next bytes of the message, and its end if that has come.
func (in *inbound) valid(p []byte) bool {
	return in.typ != Text || in.text.Feed(p) && (!in.end || in.text.Done())
}

// begin takes note of the frame whose header h has been read, and checks the limits:
// the size of the message and the number of its frames.
func (in *inbound) begin(h *frame.Header) error {
	if h.Opcode.IsControl() {
		in.control = h.Opcode
		return nil
	}
	if h.Opcode != frame.Continuation {
		in.active = true
		in.typ = MessageType(h.Opcode)
		in.left, in.fragments = in.max.Load(), 0
		if in.stream {
			in.left = math.MaxInt64
		}
		in.text = frame.UTF8{}
		in.serial++
		if in.deflated = h.Rsv&frame.Rsv1 != 0; in.deflated {
			in.inflater.max = in.left
			in.left = maxWire(in.left)
		}
	}
	if h.Length > in.left {
		return errTooBig(in.max.Load())
	}
	if int(in.fragments) == in.cfg.MaxFragments && !in.stream {
		return &frame.Error{Code: frame.CodePolicyViolation, Section: "10.4",
			Text: fmt.Sprintf("message has more than %d fragments", in.cfg.MaxFragments)}
	}
	in.left -= h.Length
	in.fragments++
	in.inFrame, in.fin = true, h.Fin
	return nil
}

var (
	// errEnded is what step returns when a control frame has ended the connection.
	errEnded = errors.New("websocket: connection ended")
	// errHalfClosed is what it returns to a stream that the peer has half-closed.
	errHalfClosed = errors.New("websocket: half-closed by the peer")
)

// nextPiece returns the first piece of the next message, or what Read had of it when
// it was cut short.
func (in *inbound) nextPiece() ([]byte, error) {
	if in.end || in.streaming {
		if err := in.skipMessage(); err != nil {
			return nil, err
		}
	}
	if p := in.held(); len(p) > 0 {
		return p, nil
	}
	return in.step(false)
}

// detach leaves the message that was returned last to the user for ever.
func (in *inbound) detach() {
	in.rd.Detach()
	in.giveAway()
	if in.inflater != nil {
		in.inflater.b = nil
	}
}

// free gives up all buffers, at the end of the connection.
func (in *inbound) free() {
	in.rd.Free()
	if in.inflater != nil {
		in.inflater.release()
	}
}

// unlock gives up the reading role.
func (in *inbound) unlock() {
	if in.ctx != nil {
		in.ctx = nil
	}
	in.role.give()
}
