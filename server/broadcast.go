// Messages to many connections, and what becomes of a peer that is too slow for them.
// It uses connections as any user does.

package server

import (
	"hawser/websocket"
	"hawser/websocket/frame"
)

// SlowPolicy is what becomes of a connection when a message that is posted to it
// doesn't fit into its queue ([websocket.Config.MaxQueue]) any more. That a message
// waits until it fits is the way of [websocket.Conn.Send], not of posting.
type SlowPolicy uint8

// The policies for slow peers.
const (
	CloseSlow     SlowPolicy = iota // close with code 1008, policy violation
	CloseSlow1013                   // close with code 1013, try again later
	DropNewest                      // leave out the message, for messages that the next one replaces
)

// Post is c.Post(m), with the server's policy for what doesn't fit into the queue:
// the error is [websocket.ErrQueueFull] then, and if the policy is to close, c is
// being closed.
func (s *Server) Post(c *websocket.Conn, m *websocket.Prepared) error {
	err := c.Post(m)
	if err != websocket.ErrQueueFull {
		return err
	}
	s.mu.Lock()
	s.count.dropped++
	s.mu.Unlock()
	s.Slow.apply(c)
	return err
}

// apply does to c, whose queue is full, what the policy says. If that's to close, c
// takes nothing more from here on: there is no message behind one that was left out.
func (p SlowPolicy) apply(c *websocket.Conn) {
	code := frame.CodePolicyViolation
	switch p {
	case DropNewest:
		return
	case CloseSlow1013:
		code = frame.CodeTryAgainLater
	}
	c.CloseWrite(code, "too slow")
	go c.Close(code, "too slow")
}

// Broadcast posts m to all connections and returns without waiting for any. A client
// that has the answer to its handshake is among them. A connection whose peer is so
// slow that its queue is full is dealt with as [Server.Slow] says.
func (s *Server) Broadcast(m *websocket.Prepared) {
	for c := range s.Conns() {
		s.Post(c, m)
	}
}
