package transport

import "hawser/websocket/frame"

// CloseWrite ends the sending direction, and reports whether the transport can do that:
// the peer gets to see the end, and what it still sends arrives.
func (s *Stream) CloseWrite() bool {
	w, ok := s.Conn.(interface{ CloseWrite() error })
	ok = ok && w.CloseWrite() == nil
	// TLS only sends its own notice; the connection below is to end as well.
	if below, is := below(s.Conn).(interface{ CloseWrite() error }); is {
		below.CloseWrite()
	}
	return ok
}

// Discard reads to the end of the stream, but at most limit bytes. What it reads means
// nothing any more, so of TLS it's what is below. It waits without a large buffer, as
// a peer may keep many connections at this point.
func (s *Stream) Discard(limit int) {
	var c Conn = below(s.Conn)
	if c == nil || !isSocket(c) {
		c = s.Conn
	}
	if discardSocket(c, limit) {
		return
	}
	p := make([]byte, 512)
	for limit > 0 {
		n, err := c.Read(p)
		if err != nil {
			return
		}
		limit -= n
	}
}

// EndsFirst reports whether the side with the given role ends its stream first when the
// closing handshake is through: on TCP the server, so that the state that remains of a
// connection is there (RFC 6455 section 7.1.1), unless the transport has its own view.
func (s *Stream) EndsFirst(role frame.Role) bool {
	if c, ok := s.Conn.(interface{ EndsFirst() bool }); ok {
		return c.EndsFirst()
	}
	return role == frame.Server
}

// CheckClose returns an error if the transport can't send a Close frame with this code,
// as that of a browser can't.
func (s *Stream) CheckClose(code frame.Code) error {
	if c, ok := s.Conn.(interface{ CheckClose(frame.Code) error }); ok {
		return c.CheckClose(code)
	}
	return nil
}
