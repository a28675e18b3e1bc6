// Package websocket is the WebSocket protocol of RFC 6455, for servers and
// clients, on the standard library alone.
//
// A [Conn] is one connection of either role. Package
// [hawser/websocket/server] makes one out of an HTTP request, package
// [hawser/websocket/client] by dialing a URL, [NewConn] out of any stream, and
// [Pipe] two that are joined in memory, for tests.
//
// # Reading
//
// The short way to read is to range over the messages:
//
//	for m, err := range c.Messages(ctx) {
//		if err != nil {
//			return err
//		}
//		// use m.Type and m.Data
//	}
//
// A message's data is a part of the read buffer, unmasked in place and never
// copied: it's valid until the next read. Whoever keeps it, or hands it to another
// goroutine, calls [Message.Clone], or reads with [Conn.ReadAppend]; a slice that was
// kept without that will show another message later. With -race or -tags poison it
// says so at once, and reports of the race detector name messageUsedAfterNextRead.
// [Conn.Read] reads one message, [Conn.Reader] one that is too long to hold. A context
// that ends a read leaves the connection as it is; the next read goes on in the middle
// of the message.
//
// Somebody should be reading all the time, as pings and Close frames are answered
// on the way. A connection that only writes reads in a goroutine of its own.
//
// # Writing
//
// [Conn.Write] writes one message, [Conn.Writer] one in pieces, [Conn.Send] one
// that was [Prepared] for many connections. Any number of goroutines may write.
// [Conn.Post] queues a message and never waits, for broadcasts.
//
// # Compression
//
// With a [Compression] in the [Config], messages are compressed if the peer
// agrees (permessage-deflate, RFC 7692). It tells why this is off by default.
//
// # Closing
//
// [Conn.Close] does the whole closing handshake. It takes as long as the peer's answer
// and never longer than [Config.CloseTimeout]; what was accepted before goes out
// first. [Conn.CloseNow] never waits: defer it. [Conn.CloseWrite] followed by that is
// the quick polite way. The end is told as soon as it's known: the transport may be
// closed a little later in the background. When a connection
// has ended, however that came, all calls return the same *[CloseError], which
// says who closed with which code, and what broke.
//
// # Limits
//
// The zero [Config] has a limit on everything that a peer could use to exhaust
// this side: the size of a message and the number of its fragments, the time it
// may be silent, take to accept what is written, and to answer a Close frame.
// Memory follows what has arrived, never what a header promised; an idle
// connection on TCP holds no buffer at all.
//
// # Errors
//
// A breach of the protocol by the peer is a *[frame.Error] with the code that
// the connection was closed with, inside of the CloseError; find it with
// [errors.As]. The text of an error never goes to the peer.
package websocket
