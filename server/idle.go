// Limits, the TCP connections that wait for another request and give way to new ones.
// Server.mu guards them; it closes nothing itself.

package server

import (
	"container/list"
	"net"
	"net/netip"
	"reflect"
)

// idleConns are the TCP connections that have had an answer and wait for another
// request, the one that has waited longest first. They give way to new ones. The
// zero value has none. They are guarded by Server.mu.
type idleConns struct {
	order list.List                  // of *idleConn
	at    map[net.Conn]*list.Element // nil for one that gave way, until it's known to be over
}

// An idleConn is one of them.
type idleConn struct {
	nc   net.Conn
	addr netip.Addr // as limits count it: see client
}

// add adds nc as the one that has waited for the shortest time. A connection of a type that == doesn't compare could not be
// found again, and is left out, so that it never gives way.
func (s *idleConns) add(nc net.Conn, addr netip.Addr) {
	if !reflect.ValueOf(nc).Comparable() {
		return
	}
	if s.at == nil {
		s.at = make(map[net.Conn]*list.Element)
	}
	if _, there := s.at[nc]; !there {
		s.at[nc] = s.order.PushBack(&idleConn{nc, addr})
	}
}

// remove is for a connection that isn't idle any more. It reports whether it gave way
// before; if it's not over, that is remembered.
func (s *idleConns) remove(nc net.Conn, over bool) (gaveWay bool) {
	if len(s.at) == 0 || !reflect.ValueOf(nc).Comparable() {
		return false
	}
	e, there := s.at[nc]
	if e != nil {
		s.order.Remove(e)
	}
	gaveWay = there && e == nil
	if over || !gaveWay {
		delete(s.at, nc)
	}
	return gaveWay
}

// takeOldest has the one give way that has waited longest, of those with the given
// address if that isn't zero.
func (s *idleConns) takeOldest(addr netip.Addr) (c *idleConn, ok bool) {
	for e := s.order.Front(); e != nil; e = e.Next() {
		if c := e.Value.(*idleConn); !addr.IsValid() || c.addr == addr {
			s.order.Remove(e)
			s.at[c.nc] = nil
			return c, true
		}
	}
	return nil, false
}
