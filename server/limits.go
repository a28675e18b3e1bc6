package server

import (
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// The limits that zero fields of a [Server] stand for.
const (
	DefaultMaxConns         = 1 << 16
	DefaultMaxHandshakes    = 1 << 10
	DefaultHandshakeTimeout = 10 * time.Second
)

// load is what the limits are compared with. Server.mu guards it, and is held when its
// methods are called.
type load struct {
	conns      int                // admitted and not over
	perAddr    map[netip.Addr]int // of those, if there is a limit
	handshakes int                // calls of Upgrade
	heads      int                // TCP connections that have not been upgraded
	perHead    map[netip.Addr]int // of those, if there is a limit for an address
	idle       idleConns          // of those, with no request under way
}

// A slot is the place of one connection among those that are allowed.
type slot struct {
	addr  netip.Addr // counted, or the zero Addr
	since time.Time
	timer *time.Timer // ends its life, if that is limited
	late  bool        // it came when a Shutdown had begun
}

// admit returns a place for the connection that r asks for, which has to be given
// back with release.
func (s *Server) admit(r *http.Request) (*slot, error) {
	p := &slot{since: time.Now()}
	if s.MaxConnsPerAddr > 0 {
		p.addr = client(s.ClientAddr(r))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &s.load
	switch {
	case s.closing:
		return nil, errClosing
	case exceeds(l.conns+1, s.MaxConns, DefaultMaxConns):
		return nil, overload(reasonConns, http.StatusServiceUnavailable, "there are too many connections")
	case p.addr.IsValid() && l.perAddr[p.addr] >= s.MaxConnsPerAddr:
		return nil, errAddr()
	}
	l.conns++
	add(&l.perAddr, p.addr, 1)
	return p, nil
}

func (s *Server) release(p *slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.releaseLocked(p)
}

func (s *Server) releaseLocked(p *slot) {
	s.load.conns--
	add(&s.load.perAddr, p.addr, -1)
	if p.timer != nil {
		p.timer.Stop()
	}
}

// beginHandshake has to be followed by endHandshake, even if it returns an error.
func (s *Server) beginHandshake() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load.handshakes++
	if exceeds(s.load.handshakes, s.MaxHandshakes, DefaultMaxHandshakes) {
		return errHandshakes()
	}
	return nil
}

func (s *Server) endHandshake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load.handshakes--
}

// ConnState bounds what clients can take up before they have asked for anything.
// Set it as the [http.Server.ConnState] of the server in front: at most
// [Server.MaxHandshakes] of its connections may be ones that were not upgraded, or
// not yet, and at most [Server.MaxConnsPerAddr] those from one address. One more takes
// the place of the one that has been idle longest, waiting for another request, which
// is closed; if none is idle, the new one is closed at once. How long each may last is
// set by [http.Server.ReadTimeout], or ReadHeaderTimeout where clients may upload for
// longer, [http.Server.WriteTimeout] and [http.Server.IdleTimeout].
func (s *Server) ConnState(nc net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.newHead(nc)
	case http.StateIdle:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.load.idle.add(nc, s.headAddr(nc))
	case http.StateActive:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.load.idle.remove(nc, false)
	case http.StateHijacked, http.StateClosed:
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.load.idle.remove(nc, true) {
			s.load.addHead(s.headAddr(nc), -1)
		}
	}
}

// newHead finds a place for a TCP connection, or closes it.
func (s *Server) newHead(nc net.Conn) {
	addr := s.headAddr(nc)
	s.mu.Lock()
	reason := s.takeHeadLocked(addr)
	s.mu.Unlock()
	if reason != "" {
		nc.Close()
	}
}

// takeHeadLocked counts a TCP connection that is not upgraded, and returns the reason to
// close it, "" if it has a place. Server.mu is held.
func (s *Server) takeHeadLocked(addr netip.Addr) (reason string) {
	l := &s.load
	l.addHead(addr, 1)
	switch {
	case addr.IsValid() && l.perHead[addr] > s.MaxConnsPerAddr && !l.makeRoom(addr):
		reason = reasonAddr
	case exceeds(l.heads, s.MaxHandshakes, DefaultMaxHandshakes) && !l.makeRoom(netip.Addr{}):
		reason = reasonHandshakes
	}
	if reason != "" {
		s.count.refuse(reason)
	}
	return reason
}

// headAddr is what a TCP connection is counted under, the zero Addr if there is no
// limit for its address.
func (s *Server) headAddr(nc net.Conn) netip.Addr {
	if s.MaxConnsPerAddr <= 0 {
		return netip.Addr{}
	}
	addr := parseAddr(remoteAddr(nc))
	if s.trusts(addr) {
		return netip.Addr{} // it's not the client's
	}
	return client(addr)
}

func (l *load) addHead(addr netip.Addr, n int) {
	l.heads += n
	add(&l.perHead, addr, n)
}

// makeRoom closes an idle connection, with the given address if that isn't zero, and
// reports whether there was one. It waits for nothing: with TLS there's an alert to send.
func (l *load) makeRoom(addr netip.Addr) bool {
	c, ok := l.idle.takeOldest(addr)
	if ok {
		l.addHead(c.addr, -1)
		go c.nc.Close()
	}
	return ok
}

// startLife begins the time that c has.
func (s *Server) startLife(c *websocket.Conn, p *slot) {
	if s.MaxLifetime <= 0 {
		return
	}
	life := s.MaxLifetime - rand.N(s.MaxLifetime/4+1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Err() == nil { // else nobody stops it
		p.timer = time.AfterFunc(life, func() { c.Close(frame.CodeGoingAway, "") })
	}
}

func exceeds(n, limit, byDefault int) bool {
	if limit == 0 {
		limit = byDefault
	}
	return limit > 0 && n > limit
}

// add adds n to the count of addr. Those that are 0 take no memory.
func add(counts *map[netip.Addr]int, addr netip.Addr, n int) {
	if !addr.IsValid() {
		return
	}
	if *counts == nil {
		*counts = make(map[netip.Addr]int)
	}
	if (*counts)[addr] += n; (*counts)[addr] == 0 {
		delete(*counts, addr)
	}
}

// overload is a refusal for a while. The time to wait is left to chance, so that
// those who are refused together don't come back together.
func overload(reason string, status int, text string) error {
	wait := strconv.Itoa(1 + rand.IntN(10))
	return refused{reason, &handshake.Refusal{Status: status, Header: http.Header{"Retry-After": {wait}}, Reason: text}}
}

func errHandshakes() error {
	return overload(reasonHandshakes, http.StatusServiceUnavailable, "there are too many handshakes under way")
}

func errAddr() error {
	return overload(reasonAddr, http.StatusTooManyRequests, "there are too many connections from your address")
}
