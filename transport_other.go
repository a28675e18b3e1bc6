//go:build !unix

package websocket

import "hawser/websocket/frame"

// A socket needs what only Unix has: reading and writing without waiting.
type socket struct{}

func (*socket) init(*Conn) bool { return false }
func (*socket) ok() bool        { return false }

func newTLSSource(*Conn) frame.LateReader { return nil }

func (*socket) Read([]byte) (int, error)           { panic("unreachable") }
func (*socket) ReadLate(frame.Lender) (int, error) { panic("unreachable") }
func (*socket) tryWrite(_, _ []byte) (int, error)  { panic("unreachable") }
