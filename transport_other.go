//go:build !unix

// The transport, where the system has nothing better than reads and writes that wait.

package websocket

import "hawser/websocket/frame"

// A socket needs what only Unix has: reading and writing without waiting.
type socket struct{}

func (*socket) ok() bool { return false }

type socketSource Conn

func (c *Conn) initSocket() bool { return false }

func isSocket(Transport) bool { return false }

func discardSocket(Transport, int) bool { return false }

func (*socketSource) ReadLate(frame.Lender) (int, error) { panic("unreachable") }

func (*Conn) tryWrite(_, _ []byte) (int, error) { return 0, nil }
