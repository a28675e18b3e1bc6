package transport

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
	s      *Stream
	tc     *tls.Conn
	below  *belowtls.Conn // nil if TLS is on another connection
	drains bool           // a read that must not wait leaves TLS as it is
	full   bool           // the last read filled its buffer, so there's probably more
	alone  uint8          // reads in a row that found nothing behind their record
	one    [1]byte        // what is waited with
}

// MaxRecord is how many bytes one record of TLS has at most (RFC 8446 section 5.1). Behind one that
// has so much comes the rest of its message, which is waited for anyway.
const MaxRecord = 16 << 10

const (
	aloneMax  = 2  // after so many reads that found one record each, look less often:
	lookEvery = 16 // at each so manyth
)

func newTLSSource(s *Stream, tc *tls.Conn) *tlsSource {
	x := &tlsSource{s: s, tc: tc, drains: keepsDeadlines(tc), full: true} // the handshake may have left something
	x.below, _ = tc.NetConn().(*belowtls.Conn)
	return x
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
func (x *tlsSource) ReadLate(l frame.Lender) (int, error) {
	x.s.beginRead()
	n, err := x.read(l)
	x.s.hooks.AfterRead(n)
	return n, err
}

func (x *tlsSource) read(l frame.Lender) (int, error) {
	empty := l.Give()
	if empty && x.full && x.drains {
		p := l.Take()
		if n := x.drain(p, 0); n > 0 {
			x.full = n == len(p)
			return n, nil
		}
		l.Give()
	}
	if err := x.s.beginWait(); err != nil {
		return 0, err
	}
	n, p, err := x.wait(empty, l)
	if err == nil && n < len(p) && n < MaxRecord && x.looks() {
		found := x.drain(p, n) - n
		x.found(found > 0)
		n += found
	}
	x.full = n == len(p)
	return n, err
}

// wait reads a record into the lender's buffer, which it takes when the record is
// there, unless it's not empty anyway.
func (x *tlsSource) wait(empty bool, l frame.Lender) (n int, p []byte, err error) {
	if empty {
		if n, err = x.tc.Read(x.one[:]); n == 0 {
			return 0, nil, err
		}
		p = l.Take()
		p[0] = x.one[0]
		if err != nil {
			return n, p, nil // it comes again
		}
	} else {
		p = l.Take()
	}
	if empty && x.s.hooks.Left() > 0 {
		// The byte may be the last one of a message.
		if x.drains {
			n = x.drain(p, n)
		}
		return n, p, nil
	}
	// A header begins, and none has one byte only: if the record has no more, waiting for
	// the next one is right.
	k, err := x.tc.Read(p[n:])
	if n += k; n > 0 {
		err = nil
	}
	return n, p, err
}

// looks reports whether to look for more behind a record.
func (x *tlsSource) looks() bool {
	if !x.drains {
		return false
	}
	if x.alone >= aloneMax && x.alone < aloneMax+lookEvery {
		x.alone++
		return false
	}
	return true
}

// found takes note of whether there was more behind a record.
func (x *tlsSource) found(more bool) {
	switch {
	case more:
		x.alone = 0
	case x.alone > aloneMax:
		x.alone = aloneMax
	default:
		x.alone++
	}
}

// drain reads into p, behind n bytes, what TLS has without waiting, and returns how
// many bytes there are then. An error comes again with the next read.
func (x *tlsSource) drain(p []byte, n int) int {
	if x.below != nil {
		x.below.NoWait(true)
		defer x.below.NoWait(false)
	} else {
		x.s.pauseWatch(aLongTimeAgo)
		defer x.s.pauseWatch(time.Time{})
	}
	for n < len(p) {
		k, err := x.tc.Read(p[n:])
		n += k
		if err != nil {
			break
		}
	}
	return n
}
