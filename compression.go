// Compressing: what is asked for, what was agreed on, and the compressor, which belongs
// to whoever has the turn to write. The DEFLATE itself is in package frame/deflate, the
// negotiation in package handshake.

package websocket

import (
	"math"
	"sync/atomic"

	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
	"hawser/websocket/handshake"
)

// The defaults that the zero [Compression] stands for.
const (
	DefaultWindowBits      = 12 // a window of 4 KiB; a client has the server use 15
	DefaultMinCompressSize = 32 // bytes
)

// Compression says how to compress messages, if the peer agrees (extension
// permessage-deflate, RFC 7692). The zero value is a good one: context takeover
// with windows of 4 KiB, which makes the most of small messages for at most 16
// KiB of memory per connection that has seen traffic. A client, which has few
// connections, receives with a window of 32 KiB, as all servers know that one.
// Without takeover there is none. What larger windows take is in the overview of package
// [hawser/websocket/frame/deflate].
//
// Compression is off unless asked for, because of what RFC 7692 section 8 warns
// of: where a message has both a secret and something that an attacker chose, its
// size tells whether the two are alike. With context takeover the two may even be
// in different messages. Send secrets with [Uncompressed].
type Compression struct {
	// Level is how much to do for smaller messages.
	Level deflate.Level
	// MinSize is the size in bytes of the smallest message to compress. 0 means
	// [DefaultMinCompressSize], a negative value all of them.
	MinSize int
	// Send is for the messages of this side, Receive for those of the peer, which
	// is made to keep to it. One that doesn't know of windows is let use one of 15
	// bits, which takes 32 KiB.
	Send, Receive Window
	// Compact makes the connection hold only half as much memory for sending, or
	// a third, between messages, at the price of up to 10 microseconds for each.
	Compact bool
}

// Window bounds the context that messages are compressed in. If the peer wants
// it smaller, it's smaller.
type Window struct {
	// Bits is the base-2 logarithm of its size in bytes, from 8 to 15. 0 means
	// [DefaultWindowBits], but for a client to receive it means 15, as in browsers:
	// not all servers can keep to less. What's out of the range is taken as the
	// nearest. zlib has no window of 8: the handshake makes it 9, unless the peer is
	// the one that asks for 8.
	Bits int
	// NoTakeover makes each message be compressed by itself.
	NoTakeover bool
}

func (w Window) bits() int {
	if w.Bits == 0 {
		return DefaultWindowBits
	}
	return min(max(w.Bits, deflate.MinWindowBits), deflate.MaxWindowBits)
}

// Deflate returns what to negotiate for the given role: see
// [handshake.OfferDeflate] and [handshake.AcceptDeflate]. It's low-level: packages server
// and client call it, and whoever does an opening handshake without them.
func (k *Compression) Deflate(role frame.Role) handshake.Deflate {
	server, client := k.Send, k.Receive
	if role == frame.Client {
		server, client = client, server
		if server.Bits == 0 {
			server.Bits = deflate.MaxWindowBits
		}
	}
	return handshake.Deflate{
		ServerNoTakeover: server.NoTakeover, ServerWindowBits: server.bits(),
		ClientNoTakeover: client.NoTakeover, ClientWindowBits: client.bits(),
	}
}

// Compressed is what compression does on a connection.
type Compressed struct {
	handshake.Deflate // as agreed on

	// Messages that were compressed: how many bytes they have, and how many
	// their payloads had on the wire.
	Sent, SentWire, Received, ReceivedWire int64
}

// Compressed returns nil if no compression was agreed on.
func (c *Conn) Compressed() *Compressed {
	if c.out.deflater == nil {
		return nil
	}
	return &Compressed{
		Deflate:      c.out.deflater.agreed,
		Sent:         c.out.deflater.in.Load(),
		SentWire:     c.out.deflater.out.Load(),
		Received:     c.in.inflater.out.Load(),
		ReceivedWire: c.in.inflater.in.Load(),
	}
}

// A deflater compresses the messages of a connection. It belongs to whoever has
// the turn to write a message.
type deflater struct {
	*deflate.Encoder
	agreed  handshake.Deflate
	minSize int
	form    form
	in, out atomic.Int64
}

// form is what the payload of a message that refers to no other depends on.
type form struct {
	bits  int // 0 for one that isn't compressed
	level deflate.Level
}

// start returns the compressor and the decompressor of a connection, as the handshake
// agreed to.
func (k *Compression) start(role frame.Role, agreed *handshake.Deflate) (*deflater, *inflater) {
	if k == nil {
		k = new(Compression) // the peer will compress, and so can we
	}
	server := deflate.Config{WindowBits: agreed.ServerWindowBits, Takeover: !agreed.ServerNoTakeover}
	client := deflate.Config{WindowBits: agreed.ClientWindowBits, Takeover: !agreed.ClientNoTakeover}
	send, receive := server, client
	if role == frame.Client {
		send, receive = client, server
	}
	if send.WindowBits == 0 || send.WindowBits > k.Send.bits() {
		send.WindowBits = k.Send.bits()
	}
	send.Takeover = send.Takeover && !k.Send.NoTakeover
	send.Level, send.Compact = k.Level, k.Compact
	return &deflater{
		Encoder: deflate.NewEncoder(send),
		agreed:  *agreed,
		minSize: int(limit(int64(k.MinSize), DefaultMinCompressSize, 0)),
		form:    form{send.WindowBits, k.Level},
	}, &inflater{d: deflate.NewDecoder(receive)}
}

// compresses reports whether a message of n bytes is to be compressed. Nothing is if d is
// nil.
func (d *deflater) compresses(t MessageType, n int) bool {
	return d != nil && t&Uncompressed == 0 && n >= d.minSize
}

func (d *deflater) count(in, out int) {
	d.in.Add(int64(in))
	d.out.Add(int64(out))
}

// maxWire is how many bytes on the wire a compressed message of at most limit bytes
// may have. A sender that flushes behind each byte makes 11 bytes of it: a stored
// block has 5 beside what it holds, and the empty one of the flush has 5. The bound
// is far above what makes sense and only keeps out what never ends, as memory is
// taken for what has been inflated.
func maxWire(limit int64) int64 {
	if limit > math.MaxInt64/32 {
		return math.MaxInt64
	}
	return 16*limit + 64<<10
}
