// Package frame turns bytes into WebSocket frames and frames into bytes
// (RFC 6455 sections 5, 7.4 and 8.1). It knows no sockets, clocks or goroutines.
//
// [ParseHeader] and [Header.Append] are the wire format of a frame header,
// [Rules] the order in which frames may follow each other, [Mask] the XOR that
// clients apply, [UTF8] the incremental check of text, [ParseClose] and
// [AppendClose] the payload of a Close frame.
//
// [Reader] puts them together into a read loop that copies nothing: payloads
// are unmasked where they were read and handed out as slices of the read
// buffer.
//
// What a peer does wrong is reported as an *[Error], which carries the code
// that the connection is to be closed with.
package frame
