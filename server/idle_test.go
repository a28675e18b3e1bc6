package server_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/server"
)

// TestIdleConnections: connections that have had a page and wait for another request
// keep nobody out. The one that has waited longest gives way.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server.Server{Handler: echo, MaxHandshakes: 3}
		leave := make(chan bool)
		mux := http.NewServeMux()
		mux.Handle("/", s)
		mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "page") })
		mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) { <-leave })
		url, d := inMemory(t, mux, func(hs *http.Server) { hs.ConnState = s.ConnState })
		ask := func(nc net.Conn, path string) { io.WriteString(nc, "GET "+path+" HTTP/1.1\r\nHost: HOST\r\n\r\n") }
		answer := func(nc net.Conn) {
			t.Helper()
			resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
			if err != nil || resp.StatusCode != 200 {
				t.Fatal(resp, err)
			}
			io.Copy(io.Discard, resp.Body)
			synctest.Wait()
		}
		get := func(nc net.Conn, path string) {
			t.Helper()
			ask(nc, path)
			answer(nc)
		}
		connect := func() net.Conn {
			t.Helper()
			nc, err := d.DialContext(ctx, "", "")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { nc.Close() })
			return nc
		}
		isOver := func(nc net.Conn) bool {
			synctest.Wait()
			nc.SetReadDeadline(time.Now())
			_, err := nc.Read(make([]byte, 1))
			nc.SetReadDeadline(time.Time{})
			return !isTimeout(err)
		}

		var pages []net.Conn
		for range 3 {
			pages = append(pages, connect())
			get(pages[len(pages)-1], "/page")
		}
		get(pages[0], "/page") // now the second has waited longest
		c, _, err := d.Dial(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		roundTrip(t, c, "hello")
		if got, want := []bool{isOver(pages[0]), isOver(pages[1]), isOver(pages[2])}, []bool{false, true, false}; cmp.Diff(want, got) != "" {
			t.Errorf("over: %v, want %v", got, want)
		}
		for range 10 { // c doesn't count any more: there's room for one, and those that go make more
			nc := connect()
			get(nc, "/page")
			nc.Close()
			synctest.Wait()
		}
		if isOver(pages[0]) || isOver(pages[2]) {
			t.Error("a connection gave way for one that had a place")
		}

		// Those with a request under way, or none yet, don't give way.
		ask(pages[0], "/slow")
		ask(pages[2], "/slow")
		synctest.Wait()
		head := connect()
		if isOver(head) {
			t.Error("there was a place")
		}
		if late := connect(); !isOver(late) {
			t.Error("there was no place")
		}
		if isOver(head) || isOver(pages[0]) || isOver(pages[2]) {
			t.Error("a connection gave way that isn't idle")
		}
		close(leave)
		answer(pages[0])
		answer(pages[2])
		if late := connect(); isOver(late) {
			t.Error("an idle one didn't give way")
		}
		if diff := cmp.Diff(map[string]uint64{"handshakes": 1}, s.Stats().Refused); diff != "" {
			t.Error(diff)
		}
	})
}

// TestPlacesOfRefusedBodies: as many connections as there are places, each with a body
// that never comes, keep others out for the second that they have, not for ever.
func TestPlacesOfRefusedBodies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server.Server{Handler: echo, MaxHandshakes: 3}
		url, d := inMemory(t, s, func(hs *http.Server) { hs.ConnState = s.ConnState })
		for range 3 {
			nc, err := d.DialContext(ctx, "", "")
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			io.WriteString(nc, "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n\r\n")
			if resp, err := http.ReadResponse(bufio.NewReader(nc), nil); err != nil || resp.StatusCode != 405 {
				t.Fatal(resp, err)
			}
		}
		if c, _, err := d.Dial(ctx, url); err == nil {
			c.CloseNow()
			t.Error("there was a fourth place")
		}
		time.Sleep(2 * time.Second)
		c, _, err := d.Dial(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		roundTrip(t, c, "hello")
		c.CloseNow()
	})
}

// fakeConn is a net.Conn that knows where it comes from and whether it was closed.
type fakeConn struct {
	net.Conn
	addr   string
	closed chan bool
}

func newFakeConn(addr string) *fakeConn { return &fakeConn{addr: addr, closed: make(chan bool, 10)} }

func (c *fakeConn) RemoteAddr() net.Addr {
	addr, _ := net.ResolveTCPAddr("tcp", c.addr+":1")
	return addr
}

func (c *fakeConn) Close() error { c.closed <- true; return nil }

// TestIdleConnectionsOfAnAddress: the limit for one address is kept by closing idle
// connections of that address, not of others.
func TestIdleConnectionsOfAnAddress(t *testing.T) {
	t.Parallel()
	s := &server.Server{MaxConnsPerAddr: 2}
	idle := func(addr string) *fakeConn {
		c := newFakeConn(addr)
		for _, state := range []http.ConnState{http.StateNew, http.StateActive, http.StateIdle} {
			s.ConnState(c, state)
		}
		return c
	}
	other, first, second := idle("192.0.2.9"), idle("192.0.2.1"), idle("192.0.2.1")
	s.ConnState(newFakeConn("192.0.2.1"), http.StateNew)
	<-first.closed
	s.ConnState(first, http.StateActive) // a request came as it was closed
	s.ConnState(first, http.StateIdle)
	s.ConnState(newFakeConn("192.0.2.1"), http.StateNew)
	<-second.closed
	refused := newFakeConn("192.0.2.1")
	s.ConnState(refused, http.StateNew)
	<-refused.closed
	for _, c := range []*fakeConn{first, second, refused} { // as net/http tells when they are over
		s.ConnState(c, http.StateClosed)
	}
	again := newFakeConn("192.0.2.1")
	s.ConnState(again, http.StateNew) // two are left, and are not idle
	<-again.closed
	if len(other.closed)+len(first.closed)+len(second.closed) > 0 {
		t.Error("closed once too often")
	}
	if diff := cmp.Diff(map[string]uint64{"address": 2}, s.Stats().Refused); diff != "" {
		t.Error(diff)
	}
}

// sliceConn is a connection that == can't compare: it has no place among the idle ones,
// and does no harm.
type sliceConn struct {
	*fakeConn
	_ []byte
}

func TestIdleConnectionsThatDoNotCompare(t *testing.T) {
	t.Parallel()
	s := &server.Server{MaxHandshakes: 2}
	odd, plain := sliceConn{fakeConn: newFakeConn("192.0.2.1")}, newFakeConn("192.0.2.1")
	for _, state := range []http.ConnState{http.StateNew, http.StateActive, http.StateIdle} {
		s.ConnState(plain, state)
		s.ConnState(odd, state)
	}
	s.ConnState(newFakeConn("192.0.2.1"), http.StateNew)
	<-plain.closed
	s.ConnState(odd, http.StateActive)
	s.ConnState(odd, http.StateClosed)
	s.ConnState(newFakeConn("192.0.2.1"), http.StateNew)
	if len(odd.closed) > 0 || s.Stats().Refused != nil {
		t.Error(len(odd.closed), s.Stats().Refused)
	}
}
