// The API: what a Conn needs below it. How it's read, written and ended is in package
// internal/transport.

package websocket

import "time"

// Transport is the stream of bytes below a [Conn]. Every [net.Conn] is one.
// If it has a method CloseWrite() error, as TCP, Unix and TLS connections have,
// it's used to end the sending direction before the transport is closed. Where that
// is missing or fails, a server closes the transport as soon as both Close frames are
// there. If it has a method CheckClose(frame.Code) error, as that of a browser has,
// which sends only some codes, Close and CloseWrite return its error instead of
// closing.
//
// A server ends its direction first, as on TCP, and a client waits for that, unless the
// transport has a method EndsFirst() bool that says otherwise: where no state remains of
// an ended connection, as with a stream of HTTP/2, both may. If it has a method
// WaitRead() error, which returns nil when a Read would not wait, and else what Read
// would return, then no buffer is held while waiting.
//
// Close must end a Read and a Write that are under way. Deadlines must work as
// those of net.Conn do.
type Transport interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
	Close() error
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}
