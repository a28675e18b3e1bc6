// The transport, TLS: how to wait with little memory, and then to read all that has
// arrived. Nothing here knows of messages.

package websocket

import (
	"crypto/tls"
	"net"
	"time"

	"hawser/websocket/frame"
	"hawser/websocket/internal/belowtls"
)

// A tlsSource is a TLS connection. It waits for the peer with one byte instead of a
// buffer, and then takes what else is there: a tls.Conn returns one record for each
// read, though several may have arrived. To get at the others it's read again without
// waiting: where the connection below is ours by asking that one, else with a deadline
// in the past, which is only looked at when TLS needs more from the socket, and so gets
// no more than what TLS has read from there already.
//
// Peers that send one message at a time have nothing behind it, and looking costs. So
// it's done only while the last reads found something, and now and then.
type tlsSource struct {
	c      *Conn
	tc     *tls.Conn
	below  *belowtls.Conn // nil if TLS is on another connection
	drains bool           // a read that must not wait leaves TLS as it is
	full   bool           // the last read filled its buffer, so there's probably more
	alone  uint8          // reads in a row that found nothing behind their record
	one    [1]byte        // what is waited with
}

// maxRecord is how much one record has at most (RFC 8446 section 5.1). Behind one that
// has so much comes the rest of its message, which is waited for anyway.
const maxRecord = 16 << 10

const (
	aloneMax  = 2  // after so many reads that found one record each, look less often:
	lookEvery = 16 // at each so manyth
)

// newTLSSource returns nil if the transport of c isn't TLS.
func newTLSSource(c *Conn) frame.LateReader {
	tc, ok := c.t.(*tls.Conn)
	if !ok || !tc.ConnectionState().HandshakeComplete {
		return nil
	}
	s := &tlsSource{c: c, tc: tc, drains: keepsDeadlines(tc), full: true} // the handshake may have left something
	s.below, _ = tc.NetConn().(*belowtls.Conn)
	return s
}

// keepsDeadlines reports whether the error of t after a deadline is one that TLS
// forgets, as those of package net are.
func keepsDeadlines(t any) bool {
	switch t := t.(type) {
	case *net.TCPConn, *net.UnixConn, *belowtls.Conn:
		return true
	case *tls.Conn:
		return keepsDeadlines(t.NetConn())
	}
	return false
}

// ReadLate implements [frame.LateReader].
func (s *tlsSource) ReadLate(l frame.Lender) (int, error) {
	s.c.beforeRead()
	empty := l.Give()
	if empty && s.full && s.drains {
		p := l.Take()
		if n := s.drain(p, 0); n > 0 {
			s.full = n == len(p)
			return n, nil
		}
		l.Give()
	}
	if err := s.c.beforeWait(); err != nil {
		return 0, err
	}
	n, p, err := s.wait(empty, l)
	s.c.afterWait(n)
	if err == nil && n < len(p) && n < maxRecord && s.looks() {
		found := s.drain(p, n) - n
		s.found(found > 0)
		n += found
	}
	s.full = n == len(p)
	return n, err
}

// wait reads a record into the lender's buffer, which it takes when the record is
// there, unless it's not empty anyway.
func (s *tlsSource) wait(empty bool, l frame.Lender) (n int, p []byte, err error) {
	if empty {
		if n, err = s.tc.Read(s.one[:]); n == 0 {
			return 0, nil, err
		}
		p = l.Take()
		p[0] = s.one[0]
		if err != nil {
			return n, p, nil // it comes again
		}
	} else {
		p = l.Take()
	}
	if empty && s.c.rd.Left() > 0 {
		// The byte may be the last one of a message.
		if s.drains {
			n = s.drain(p, n)
		}
		return n, p, nil
	}
	// A header begins, and none has one byte only: if the record has no more, waiting for
	// the next one is right.
	k, err := s.tc.Read(p[n:])
	if n += k; n > 0 {
		err = nil
	}
	return n, p, err
}

// looks reports whether to look for more behind a record.
func (s *tlsSource) looks() bool {
	if !s.drains {
		return false
	}
	if s.alone >= aloneMax && s.alone < aloneMax+lookEvery {
		s.alone++
		return false
	}
	return true
}

// found takes note of whether there was more behind a record.
func (s *tlsSource) found(more bool) {
	switch {
	case more:
		s.alone = 0
	case s.alone > aloneMax:
		s.alone = aloneMax
	default:
		s.alone++
	}
}

// drain reads into p, behind n bytes, what TLS has without waiting, and returns how
// many bytes there are then. An error comes again with the next read.
func (s *tlsSource) drain(p []byte, n int) int {
	if s.below != nil {
		s.below.NoWait(true)
		defer s.below.NoWait(false)
	} else {
		w := &s.c.in.watch
		w.pause(s.c, aLongTimeAgo)
		defer w.pause(s.c, time.Time{})
	}
	for n < len(p) {
		k, err := s.tc.Read(p[n:])
		n += k
		if err != nil {
			break
		}
	}
	return n
}
