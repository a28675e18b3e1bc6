// Receiving, inflating: the decompressor of a connection, which belongs to whoever has
// the reading role. It knows nothing of frames and of the transport.

package websocket

import (
	"errors"
	"fmt"
	"sync/atomic"

	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
)

// streamSize is how much of a message is inflated at a time for [Conn.Reader].
const streamSize = 16 << 10

// maxGuess bounds the buffer that a message gets before it's known how long it
// is.
const maxGuess = 1 << 20

// An inflater inflates the messages of a connection. It belongs to whoever has
// the role to read.
type inflater struct {
	d       *deflate.Decoder
	b       *chunk // the message so far, or, if it's streamed, its last piece
	src     []byte // of the last piece on the wire, what isn't inflated yet
	more    bool   // src, though it may be empty, makes more than what fitted in b
	last    int    // size of the message before
	max     int64  // bytes that the message may have
	in, out atomic.Int64
}

// whole inflates src, which is the last piece of the message if fin is set, to
// the end of what there is of the message. It returns the new bytes.
func (z *inflater) whole(src []byte, fin bool) (p []byte, err error) {
	limit := z.max
	if z.b == nil {
		z.b = getChunk(int(min(int64(min(max(4*len(src), z.last), maxGuess)), limit)))
	}
	n := len(z.b.p)
	z.in.Add(int64(len(src)))
	if fin {
		z.b.p, err = z.d.Append(z.b.p, src, limit)
		z.last = len(z.b.p)
	} else {
		z.b.p, err = z.d.AppendPart(z.b.p, src, limit)
	}
	z.out.Add(int64(len(z.b.p) - n))
	return z.b.p[n:], inflateError(err)
}

// begin takes src, of which next inflates a piece after the other.
func (z *inflater) begin(src []byte) {
	z.src, z.more = src, true
	z.in.Add(int64(len(src)))
}

func (z *inflater) next() ([]byte, error) {
	if z.b == nil {
		z.b = getChunk(streamSize)
	}
	p := z.b.p[:cap(z.b.p)]
	n, used, err := z.d.Decode(p, z.src, z.max)
	z.src, z.more = z.src[used:], n == len(p)
	z.out.Add(int64(n))
	return p[:n], inflateError(err)
}

// held is what Read had of the message when it was cut short.
func (z *inflater) held() []byte {
	if z.b == nil {
		return nil
	}
	return z.b.p
}

// release gives up the message.
func (z *inflater) release() {
	z.b.put()
	z.b = nil
}

// inflateError is err as a breach of the protocol. RFC 7692 has no code for data
// that isn't compressed right; it's as with text that isn't UTF-8: the frames are
// fine but what's in them isn't.
func inflateError(err error) error {
	if err == nil {
		return nil
	}
	var corrupt *deflate.CorruptError
	var long *deflate.LimitError
	switch {
	case errors.As(err, &corrupt):
		section := corrupt.Section
		if section[0] != 'R' {
			section = "RFC 1951 section " + section
		}
		return &frame.Error{Code: frame.CodeInvalidPayload, Section: section, Text: "corrupt compressed data: " + corrupt.Text}
	case errors.As(err, &long):
		return errTooBig(long.Limit)
	}
	return err
}

// errTooBig is the breach of a peer whose message is longer than limit bytes.
func errTooBig(limit int64) error {
	return &frame.Error{Code: frame.CodeTooBig, Section: "10.4", Text: fmt.Sprintf("message is longer than %d bytes", limit)}
}
