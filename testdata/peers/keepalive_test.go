package main

import (
	"bufio"
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gorilla "github.com/gorilla/websocket"
	"hawser/websocket"
	dialer "hawser/websocket/client"
	"hawser/websocket/server"
)

// onTheWay is how many bytes a slow link holds in each direction, as the buffers of
// sockets and routers do.
const onTheWay = 32 << 10

// slowLink returns the two ends of a link in memory that lets rate bytes through in a
// second, in each direction.
func slowLink(t *testing.T, rate int) (a, b net.Conn) {
	a, innerA := net.Pipe()
	b, innerB := net.Pipe()
	carry := func(from, to net.Conn) {
		const piece = 1 << 10
		parts := make(chan []byte, onTheWay/piece)
		go func() {
			defer close(parts)
			for {
				p := make([]byte, piece)
				n, err := from.Read(p)
				if err != nil {
					return
				}
				parts <- p[:n]
			}
		}()
		defer to.Close()
		var err error
		for p := range parts {
			if err == nil { // else the rest is dropped
				time.Sleep(time.Duration(len(p)) * time.Second / time.Duration(rate))
				_, err = to.Write(p)
			}
		}
	}
	var carrying sync.WaitGroup
	carrying.Go(func() { carry(innerA, innerB) })
	carrying.Go(func() { carry(innerB, innerA) })
	t.Cleanup(func() {
		a.Close()
		b.Close()
		carrying.Wait()
	})
	return a, b
}

// taken is the response to a request that came on a net.Conn, to be hijacked.
type taken struct {
	*httptest.ResponseRecorder
	conn net.Conn
	rw   *bufio.ReadWriter
}

func (w taken) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.conn, w.rw, nil }

// serveOne gives the request that comes on conn to handler.
func serveOne(t *testing.T, conn net.Conn, handler http.HandlerFunc) {
	rw := bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn))
	r, err := http.ReadRequest(rw.Reader)
	if err != nil {
		t.Error(err)
		return
	}
	handler(taken{httptest.NewRecorder(), conn, rw}, r)
}

// gorillaChat is the keepalive that gorilla documents, as its chat example has it: the
// read deadline is put off by each pong, and pings go out by a ticker. It returns the
// message that it receives, and how many pongs put the deadline off.
func gorillaChat(c *gorilla.Conn, pongWait time.Duration) (message []byte, pongs int, err error) {
	const writeWait = 10 * time.Second
	stop := make(chan bool)
	defer close(stop)
	go func() {
		ticker := time.NewTicker(pongWait * 9 / 10)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				c.SetWriteDeadline(time.Now().Add(writeWait))
				if c.WriteMessage(gorilla.PingMessage, nil) != nil {
					return
				}
			case <-stop:
				return
			}
		}
	}()
	c.SetReadDeadline(time.Now().Add(pongWait))
	c.SetPongHandler(func(string) error {
		pongs++
		return c.SetReadDeadline(time.Now().Add(pongWait))
	})
	_, message, err = c.ReadMessage()
	return message, pongs, err
}

// gorillaPinged is how a client of gorilla's watches a server that sends pings: each of
// them puts the read deadline off, and is answered.
func gorillaPinged(c *gorilla.Conn, wait time.Duration) (message []byte, pings int, err error) {
	answer := c.PingHandler()
	c.SetReadDeadline(time.Now().Add(wait))
	c.SetPingHandler(func(data string) error {
		pings++
		c.SetReadDeadline(time.Now().Add(wait))
		return answer(data)
	})
	_, message, err = c.ReadMessage()
	return message, pings, err
}

// TestGorillaKeepaliveOutlastsLongMessage: the keepalives of gorilla's users keep a
// connection on which a message takes much longer than they wait, as pongs and pings
// get through in the midst of it.
func TestGorillaKeepaliveOutlastsLongMessage(t *testing.T) {
	type keepalive func(*gorilla.Conn, time.Duration) ([]byte, int, error)
	message := make([]byte, 8<<20)
	for i := range message {
		message[i] = byte(rand.Uint32())
	}
	write := func(t *testing.T, c *websocket.Conn) {
		go c.Read(context.Background())
		if err := c.Write(context.Background(), websocket.Binary, message); err != nil {
			t.Error("our side:", err)
		}
	}
	receive := func(t *testing.T, c *gorilla.Conn, watch keepalive, wait time.Duration, least int) {
		got, signs, err := watch(c, wait)
		if err != nil {
			t.Errorf("gorilla's side gave up after %d signs of life: %v", signs, err)
		} else if !bytes.Equal(got, message) || signs < least {
			t.Errorf("gorilla's side got %d bytes, and %d signs of life meanwhile", len(got), signs)
		}
		c.Close()
	}
	uploads := func(t *testing.T, rate int, watch keepalive, wait time.Duration, least int) {
		near, far := slowLink(t, rate)
		done := make(chan bool)
		go func() {
			defer close(done)
			serveOne(t, far, func(w http.ResponseWriter, r *http.Request) {
				var upgrader gorilla.Upgrader
				c, err := upgrader.Upgrade(w, r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				receive(t, c, watch, wait, least)
			})
		}()
		d := dialer.Dialer{DialContext: func(context.Context, string, string) (net.Conn, error) { return near, nil }}
		c, _, err := d.Dial(context.Background(), "ws://server.test/")
		if err != nil {
			t.Fatal(err)
		}
		write(t, c)
		<-done
		c.CloseNow()
	}
	sends := func(t *testing.T, rate int, watch keepalive, wait time.Duration, least int) {
		near, far := slowLink(t, rate)
		done := make(chan bool)
		go func() {
			defer close(done)
			serveOne(t, far, func(w http.ResponseWriter, r *http.Request) {
				c, err := new(server.Server).Upgrade(w, r)
				if err != nil {
					t.Error(err)
					return
				}
				write(t, c)
				<-c.Done()
			})
		}()
		d := gorilla.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) { return near, nil }}
		c, _, err := d.DialContext(context.Background(), "ws://server.test/", nil)
		if err != nil {
			t.Fatal(err)
		}
		receive(t, c, watch, wait, least)
		<-done
	}
	tests := []struct {
		name  string
		run   func(t *testing.T, rate int, watch keepalive, wait time.Duration, least int)
		rate  int // bytes in a second
		watch keepalive
		wait  time.Duration
		least int // signs of life that the message takes time for
	}{
		{"our client uploads, pings each 4.5 s", uploads, 512 << 10, gorillaChat, 5 * time.Second, 3},
		{"our client uploads, pings each 54 s", uploads, 64 << 10, gorillaChat, 60 * time.Second, 2},
		{"our server sends, pings each 4.5 s", sends, 512 << 10, gorillaChat, 5 * time.Second, 3},
		{"our server sends, pings each 54 s", sends, 64 << 10, gorillaChat, 60 * time.Second, 2},
		{"our server sends and pings", sends, 64 << 10, gorillaPinged, 60 * time.Second, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { tt.run(t, tt.rate, tt.watch, tt.wait, tt.least) })
		})
	}
}
