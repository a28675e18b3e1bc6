//go:build unix

package deploy

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestRollingRestart restarts both servers, one after the other, under load. No
// client is refused, each comes back by itself, and every message that a connection
// accepted is echoed, in order and once, or else that connection ends with a typed
// error that says so.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *proxy, servers [2]*echo) {
		const clients = 20
		var all []*user
		var wg sync.WaitGroup
		stop := make(chan struct{})
		end := sync.OnceFunc(func() { close(stop); wg.Wait() })
		defer end()
		for i := range clients {
			u := &user{p: p, name: i, progress: make(chan struct{}, 1), codes: make(map[frame.Code]int)}
			all = append(all, u)
			wg.Go(func() { u.run(t, stop) })
		}
		moreEchoes(t, all)
		for _, s := range servers {
			s.stop(t)
			moreEchoes(t, all) // by the other one
			s.start(t)
			waitInUse(t, p, s)
			moreEchoes(t, all)
		}
		end()
		var accepted, echoed, lost, connections int64
		codes := make(map[frame.Code]int)
		for _, u := range all {
			accepted += u.accepted.Load()
			echoed += u.echoed.Load()
			lost += u.lost
			connections += u.connections
			for code, n := range u.codes {
				codes[code] += n
			}
		}
		t.Logf("%d messages accepted: %d echoed, %d reported as lost; %d connections of %d clients, ended with %v", accepted, echoed, lost, connections, clients, codes)
		if accepted != echoed+lost {
			t.Errorf("%d messages are missing", accepted-echoed-lost)
		}
		if codes[frame.CodeGoingAway] < clients || codes[frame.CodeGoingAway]+codes[frame.CodeNormal] != int(connections) {
			t.Error("not all were sent away in peace")
		}
	}, "-drain", "5s")
}

// user sends messages and checks their echoes, over one connection after the other.
type user struct {
	p                *proxy
	name             int
	accepted, echoed atomic.Int64
	progress         chan struct{} // has one when echoed has grown
	lost             int64
	connections      int64
	codes            map[frame.Code]int // that connections ended with
}

func (u *user) run(t *testing.T, stop <-chan struct{}) {
	for {
		c, _, err := u.p.dialer().Dial(ctx, u.p.url("/echo"))
		if err != nil {
			t.Errorf("client %d: connection %d: %v", u.name, u.connections, err)
			return
		}
		u.connections++
		stopped := u.talk(t, c, stop)
		c.CloseNow()
		if stopped {
			return
		}
	}
}

// talk returns true if it was stopped, not the connection.
func (u *user) talk(t *testing.T, c *websocket.Conn, stop <-chan struct{}) (stopped bool) {
	pending := make(chan string, 16) // bounds what can be lost at once
	refused := int64(0)              // messages that are pending but weren't accepted
	go func() {
		defer close(pending)
		for i := 0; ; i++ {
			msg := fmt.Sprintf("client %d, connection %d, message %d", u.name, u.connections, i)
			select {
			case <-stop:
				return
			case pending <- msg:
			}
			if c.Write(ctx, websocket.Text, []byte(msg)) != nil {
				refused = 1
				return
			}
			u.accepted.Add(1)
		}
	}()
	for want := range pending {
		_, p, err := c.Read(ctx)
		if err != nil {
			u.lost++
			for range pending { // until the writer has seen it too
				u.lost++
			}
			u.lost -= refused
			u.ended(t, err) // which is what reports them
			return false
		}
		if string(p) != want {
			t.Errorf("%q is echoed as %q", want, p)
			return true
		}
		u.echoed.Add(1)
		select {
		case u.progress <- struct{}{}:
		default:
		}
	}
	if err := c.Close(frame.CodeNormal, ""); err != nil {
		t.Errorf("client %d: %v", u.name, err)
	}
	u.ended(t, c.Err())
	return true
}

func (u *user) ended(t *testing.T, err error) {
	var e *websocket.CloseError
	if !errors.As(err, &e) || e.Err != nil {
		t.Errorf("client %d: %v", u.name, err)
		return
	}
	u.codes[e.Code]++
}

// moreEchoes waits until each client got some more echoes.
func moreEchoes(t *testing.T, all []*user) {
	t.Helper()
	wants := make([]int64, len(all))
	for i, u := range all {
		wants[i] = u.echoed.Load() + 100
	}
	deadline := time.After(30 * time.Second)
	for i, u := range all {
		for u.echoed.Load() < wants[i] {
			select {
			case <-u.progress:
			case <-deadline:
				t.Fatalf("client %d has %d echoes, not %d", u.name, u.echoed.Load(), wants[i])
			}
		}
	}
}

// waitInUse waits until the proxy sends clients to s, as whoever restarts one server
// after the other has to.
func waitInUse(t *testing.T, p *proxy, s *echo) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		c, _, err := p.dialer().Dial(ctx, p.url("/echo"))
		if err != nil {
			t.Fatal(err)
		}
		c.Close(1000, "")
		resp, err := http.Get(s.debug + "/debug/vars")
		if err != nil {
			t.Fatal(err)
		}
		var vars struct{ Connections struct{ Opened int } }
		err = json.NewDecoder(resp.Body).Decode(&vars)
		resp.Body.Close()
		switch {
		case err != nil:
			t.Fatal(err)
		case vars.Connections.Opened > 0:
			return
		case time.Now().After(deadline):
			t.Fatal("the proxy doesn't use a server that is up again")
		}
	}
}

// TestForwarded: what the proxy says of the client is believed, and what the client
// says of itself isn't.
func TestForwarded(t *testing.T) {
	t.Parallel()
	// The client has another address than the proxy, or it would be taken for one.
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	if l, err := net.Listen("tcp", "127.0.0.2:0"); err != nil {
		t.Skip(err)
	} else {
		l.Close()
	}
	each(t, func(t *testing.T, p *proxy, servers [2]*echo) {
		d := p.dialer()
		d.DialContext = from.DialContext
		accepted := 0
		for i := range 6 {
			d.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i))
			c, resp, err := d.Dial(ctx, p.url("/echo"))
			switch {
			case err == nil:
				defer c.CloseNow()
				accepted++
			case resp == nil || resp.StatusCode != http.StatusTooManyRequests:
				t.Errorf("dial %d: %v, %v", i, resp, err)
			}
		}
		if accepted == 0 || accepted > len(servers) {
			t.Errorf("%d connections from one address, of which each server allows one", accepted)
		}
		d.DialContext = nil
		if c, _, err := d.Dial(ctx, p.url("/echo")); err != nil {
			t.Errorf("another address: %v", err)
		} else {
			c.CloseNow()
		}
		d.Header.Set("Origin", "https://evil.example")
		if _, resp, err := d.Dial(ctx, p.url("/echo")); err == nil || resp.StatusCode != http.StatusForbidden {
			t.Error(resp, err)
		}
	}, "-trusted-proxies", "127.0.0.1", "-max-conns-per-addr", "1")
}
