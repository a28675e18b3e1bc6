package transport

import "hawser/websocket/frame"

// beginRead is called once for each read, before it begins.
func (s *Stream) beginRead() {
	s.hooks.BeforeRead()
	s.prepareWatch()
}

// beginWait is called each time before a read waits. It returns an error if the context
// of the read has ended.
func (s *Stream) beginWait() error {
	s.hooks.BeforeWait()
	return s.startWatch()
}

// plainSource reads from a transport that can't tell when it's ready.
type plainSource struct{ s *Stream }

// ReadLate implements [frame.LateReader].
func (x plainSource) ReadLate(l frame.Lender) (n int, err error) {
	x.s.beginRead()
	if err = x.s.beginWait(); err == nil {
		n, err = x.s.Conn.Read(l.Take())
	}
	x.s.hooks.AfterRead(n)
	return n, err
}

// readWaiter is a transport that can wait for bytes without a buffer.
type readWaiter interface{ WaitRead() error }

// waitingSource reads from such a transport.
type waitingSource struct {
	s *Stream
	w readWaiter
}

// ReadLate implements [frame.LateReader].
func (x waitingSource) ReadLate(l frame.Lender) (n int, err error) {
	x.s.beginRead()
	err = x.s.beginWait()
	if err == nil && l.Give() {
		err = x.w.WaitRead()
	}
	if err == nil {
		n, err = x.s.Conn.Read(l.Take())
	}
	x.s.hooks.AfterRead(n)
	return n, err
}
