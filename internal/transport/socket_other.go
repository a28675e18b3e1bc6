//go:build !unix

package transport

import "hawser/websocket/frame"

// A socket needs what only Unix has: reading and writing without waiting.
type socket struct{}

func (socket) ok() bool { return false }

type socketSource Stream

func (s *Stream) initSocket() {}

func isSocket(Conn) bool { return false }

func discardSocket(Conn, int) bool { return false }

func (*socketSource) ReadLate(frame.Lender) (int, error) { panic("unreachable") }

// TryWrite writes what the peer can take at once, which can't be told here.
func (*Stream) TryWrite(_, _ []byte) (int, error) { return 0, nil }
