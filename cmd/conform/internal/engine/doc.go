// Package engine is one end of a WebSocket connection for a conformance suite:
// it sends whatever a case wants, broken frames included, takes down what comes
// back, and keeps the account of how the connection ended from which a case is
// judged.
//
// A [Conn] works on any net.Conn. It takes either role: as a client it tests
// servers, as a server it tests clients. The opening handshakes are [Target] and
// [Request], which write heads as they are told to, broken ones included.
package engine

import "time"

// Limits are how long a [Conn] waits for a peer that has to do something.
type Limits struct {
	Open  time.Duration // for the answer to the opening handshake
	Close time.Duration // for the answer to a Close frame
	Drop  time.Duration // for a server to end the TCP connection after both Close frames
}

// DefaultLimits are those of Autobahn's suite, times patience.
func DefaultLimits(patience float64) Limits {
	second := time.Duration(patience * float64(time.Second))
	return Limits{Open: 5 * second, Close: second, Drop: second}
}

// How much of a peer's output is kept. Beyond it the peer is in breach, so that
// one that floods costs a case and not the run.
const (
	maxFrame  = 64 << 20  // payload of a frame, and of a message
	maxQueue  = 64 << 20  // bytes received and not looked at; reading waits beyond
	maxEvents = 1 << 17   // frames in a case
	maxBytes  = 256 << 20 // bytes of payload in a case
	maxHead   = 64 << 10  // head of a request or response
)
