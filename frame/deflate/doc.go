// Package deflate compresses and inflates the payloads of messages as the extension
// permessage-deflate defines them (RFC 7692 section 7.2), with an implementation of
// DEFLATE (RFC 1951) of its own. It knows nothing of frames and connections; package
// handshake negotiates the parameters.
//
// # Where to start
//
// An [Encoder] compresses the messages that one side of a connection sends, a [Decoder]
// inflates those that it receives. Both get a [Config] with what was agreed on for their
// direction. Most messages are in one piece: use [Encoder.Append] and [Decoder.Append].
//
// A message can also be cut anywhere, so that its frames are compressed and inflated one
// by one: [Encoder.AppendPart], [Decoder.AppendPart] and [Decoder.End]. A message that is
// not to be held whole is written to a [Writer] and inflated with [Decoder.Decode] into a
// buffer of a fixed size.
//
// A payload is what stands in the frames of a message that has RSV1 set on its first one:
// without the bytes 00 00 FF FF at the end (RFC 7692 section 7.2.1).
//
// # Windows
//
// All windows from 8 to 15 bits are honoured exactly: an encoder never refers further
// back than that, not even within a message, and a decoder refuses a message that does.
//
// # Memory
//
// An encoder takes 57 KiB from a pool while it works, a decoder 14 KiB, and each a window
// for a message that is in parts. Between messages nothing is held without context
// takeover. With it, each side of a connection holds the following bytes once it has sent
// or received as much as a window has, and less before:
//
//	window bits                8     9    10    11    12    13    14    15
//	encoder                  768  1.5K    3K    6K   12K   24K   32K   48K
//	encoder, Config.Compact  256   512    1K    2K    4K    8K   16K   32K
//	decoder                  256   512    1K    2K    4K    8K   16K   32K
//
// # Hostile input
//
// A decoder allocates no more than it has output for, and never more than the limit that
// it was given, apart from rounding up. It takes time in proportion to input and output.
//
// Do not compress a secret together with data that an attacker can choose: the length
// tells whether the two have something in common (RFC 7692 section 8).
//
// # Errors
//
// A payload that is no message is a *[CorruptError] with the place and the section of the
// RFC, one that inflates to more than the limit a *[LimitError]; [errors.As] finds both.
// RFC 7692 names no close codes for them; package websocket uses 1007 and 1009. After an
// error a Decoder is of no use any more. An Encoder has no errors, but if a payload that
// it made is not sent, [Encoder.Reset] is needed, as the peer can't resolve a reference
// to it.
//
// # Ownership and concurrency
//
// No slice that is passed in is kept or changed, apart from dst, which is extended as by
// append. An Encoder, a Decoder and a Writer are for one goroutine at a time.
package deflate
