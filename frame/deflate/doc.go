// Package deflate compresses and inflates the payloads of messages as the
// extension permessage-deflate defines them (RFC 7692 section 7.2), with a
// DEFLATE (RFC 1951) of its own. It knows nothing of frames and connections, nor
// of how the parameters are negotiated.
//
// An [Encoder] is for the messages that one side sends, a [Decoder] for those
// that it receives. Most are in one piece: [Encoder.Append], [Decoder.Append].
// A message can be cut anywhere ([Encoder.AppendPart], [Decoder.AppendPart],
// [Decoder.Decode]), so that its frames are compressed and inflated as they come,
// and a long one is never held whole ([Writer], [Decoder.Decode]).
//
// # Windows
//
// All windows from 8 to 15 bits are honoured exactly: an encoder never refers
// further back than that, even in the middle of a message, and a decoder refuses
// a message that does.
//
// # Memory
//
// What a codec needs while it works comes from pools: 57 KiB for an encoder, 14
// KiB for a decoder, and a window for a message that is in parts. Between
// messages nothing is held without context takeover. With it each side of a
// connection holds, once it has sent and received as much as a window (before
// that it's less):
//
//	window bits                8     9    10    11    12    13    14    15
//	encoder                  768  1.5K    3K    6K   12K   24K   32K   48K
//	encoder, Config.Compact  256   512    1K    2K    4K    8K   16K   32K
//	decoder                  256   512    1K    2K    4K    8K   16K   32K
//
// # Hostile input
//
// A decoder never allocates more than it has output for, at most the limit it
// was given (but for rounding up), takes time in proportion to input and output,
// and returns a *[CorruptError] or a *[LimitError] where it can't go on.
//
// Compressing a secret together with what an attacker has a say in tells the
// secret through the length (RFC 7692 section 8): don't.
package deflate
