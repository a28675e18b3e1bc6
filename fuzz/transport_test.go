package fuzz

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

var errReset = errors.New("connection reset by peer")

// rough is a net.Conn that moves as many bytes at a time as its plan says, and
// that the network ends after some.
type rough struct {
	net.Conn
	mu    sync.Mutex
	plan  []byte
	next  int
	left  int // bytes until the end; negative for none
	wrote []byte
}

func (r *rough) step(n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.plan) > 0 {
		n = min(n, 1+int(r.plan[r.next%len(r.plan)]))
		r.next++
	}
	if r.left >= 0 {
		n = min(n, r.left)
		r.left -= n
	}
	return n
}

func (r *rough) Read(p []byte) (int, error) {
	n := r.step(len(p))
	if n == 0 {
		r.Close()
		return 0, errReset
	}
	return r.Conn.Read(p[:n])
}

func (r *rough) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		n := r.step(len(p) - written)
		if n == 0 {
			r.Close()
			return written, errReset
		}
		n, err := r.Conn.Write(p[written : written+n])
		r.mu.Lock()
		r.wrote = append(r.wrote, p[written:written+n]...)
		r.mu.Unlock()
		if written += n; err != nil {
			return written, err
		}
	}
	return written, nil
}

// speak says what script says and returns the messages that it tried to send.
func speak(c *websocket.Conn, script []byte) (said []string) {
	ctx := context.Background()
	defer c.CloseWrite(frame.CodeNormal, "")
	for len(script) >= 2 {
		op, n := script[0]%6, int(script[1])*30
		script = script[2:]
		p := bytes.Repeat([]byte{'a' + byte(len(said)%26)}, n)
		var err error
		if op < 4 {
			said = append(said, string(p))
		}
		switch op {
		case 0:
			err = c.Write(ctx, websocket.Text, p)
		case 1:
			err = c.Post(websocket.NewPrepared(websocket.Binary, p))
		case 2:
			err = c.Send(ctx, websocket.NewPrepared(websocket.Text|websocket.Uncompressed, p))
		case 3:
			var w io.WriteCloser
			if w, err = c.Writer(ctx, websocket.Binary); err == nil {
				for part := range slices.Chunk(p, 1+int(op)*1000) {
					w.Write(part)
				}
				err = w.Close()
			}
		case 4:
			own, cancel := context.WithTimeout(ctx, time.Second)
			c.Ping(own, nil)
			cancel()
		case 5:
			time.Sleep(time.Duration(n) * time.Millisecond)
		}
		if err != nil {
			break
		}
	}
	return said
}

// listen returns the messages that arrive until the end.
func listen(t *testing.T, c *websocket.Conn) (heard []string) {
	for {
		_, p, err := c.Read(context.Background())
		if err != nil {
			var e *websocket.CloseError
			if !errors.As(err, &e) {
				t.Errorf("%T %v", err, err)
			}
			return heard
		}
		heard = append(heard, string(p))
	}
}

// legal reports frames that a peer must refuse, and anything after a Close frame.
func legal(t *testing.T, role frame.Role, deflate bool, wire []byte) {
	rules := frame.Rules{Role: 1 - role}
	if deflate {
		rules.Rsv = frame.Rsv1
	}
	rd := frame.NewReader(bytes.NewReader(wire), rules, 0)
	for closed := false; ; {
		h, err := rd.Next()
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			return
		}
		if err != nil || closed {
			t.Errorf("%v sent %+v, %v; after a Close frame: %v", role, h, err, closed)
			return
		}
		closed = h.Opcode == frame.Close
	}
}

// FuzzFaults: two endpoints over a network that moves any number of bytes at a
// time and may end at any. What arrives is the beginning of what was sent, and
// both come to an end.
func FuzzFaults(f *testing.F) {
	f.Add([]byte("\x00\x05\x01\x20\x03\xff\x04\x00"), []byte("\x02\x01\x00\x10"), []byte("\x00"), []byte{}, uint16(0), uint8(0))
	f.Add([]byte("\x03\xff\x00\xff"), []byte("\x01\xff\x01\xff"), []byte("\x00\x07\xff"), []byte("\x02"), uint16(900), uint8(1))
	f.Add([]byte("\x05\x20\x02\x01"), []byte("\x04\x00\x05\xff"), []byte{}, []byte("\xff"), uint16(30), uint8(2))
	f.Fuzz(func(t *testing.T, a, b, planA, planB []byte, end uint16, how uint8) {
		a, b = a[:min(len(a), 40)], b[:min(len(b), 40)]
		synctest.Test(t, func(t *testing.T) {
			var cfg websocket.Config
			var agreed *handshake.Deflate
			if how&1 != 0 {
				cfg.Compression = &websocket.Compression{MinSize: -1, Send: websocket.Window{NoTakeover: how&2 != 0}}
				offer := handshake.OfferDeflate(cfg.Compression.Deflate(frame.Client))
				_, d, _ := handshake.AcceptDeflate(offer, cfg.Compression.Deflate(frame.Server))
				agreed = &d
			}
			na, nb := net.Pipe()
			ra, rb := &rough{Conn: na, plan: planA, left: -1}, &rough{Conn: nb, plan: planB, left: -1}
			if end > 0 {
				ra.left = int(end)
			}
			c := websocket.NewConn(ra, websocket.Setup{Role: frame.Client, Deflate: agreed}, cfg)
			s := websocket.NewConn(rb, websocket.Setup{Role: frame.Server, Deflate: agreed}, cfg)
			var said, heard [2][]string
			var wg sync.WaitGroup
			wg.Go(func() { said[0] = speak(c, a) })
			wg.Go(func() { said[1] = speak(s, b) })
			wg.Go(func() { heard[0] = listen(t, s) })
			wg.Go(func() { heard[1] = listen(t, c) })
			wg.Wait()
			<-c.Done()
			<-s.Done()
			for i := range said {
				if len(heard[i]) > len(said[i]) || !slices.Equal(heard[i], said[i][:len(heard[i])]) {
					t.Errorf("%d messages arrived, which are not the first of %d", len(heard[i]), len(said[i]))
				}
			}
			legal(t, frame.Client, agreed != nil, ra.wrote)
			legal(t, frame.Server, agreed != nil, rb.wrote)
			time.Sleep(time.Minute) // until all timers have fired
		})
	})
}

// FuzzClient: a client says what the script says to a server that answers with
// any bytes. What it sends is legal, and it comes to an end.
func FuzzClient(f *testing.F) {
	f.Add([]byte("\x00\x05\x01\x20\x03\xff"), []byte("\x81\x05hello\x89\x01?\x88\x02\x03\xe8"), []byte("\x00"), uint8(0))
	f.Add([]byte("\x04\x00\x02\xff"), []byte("\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x01\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), []byte{}, uint8(1))
	f.Add([]byte("\x03\xff"), []byte("\x01\x02\xe2\x82\x80\x01\x00"), []byte("\x01"), uint8(2))
	f.Fuzz(func(t *testing.T, script, in, plan []byte, how uint8) {
		script = script[:min(len(script), 40)]
		synctest.Test(t, func(t *testing.T) {
			var agreed *handshake.Deflate
			if how&1 != 0 {
				agreed = &handshake.Deflate{ServerNoTakeover: how&2 != 0, ClientNoTakeover: how&4 != 0}
			}
			a, b := net.Pipe()
			r := &rough{Conn: a, plan: plan, left: -1}
			c := websocket.NewConn(r, websocket.Setup{Role: frame.Client, Deflate: agreed}, websocket.Config{MaxMessage: 1 << 16})
			var wg sync.WaitGroup
			wg.Go(func() { speak(c, script) })
			wg.Go(func() { listen(t, c) })
			wg.Go(func() {
				b.Write(in)
				if how&8 != 0 { // else it's silent, and the client's own timeouts end it
					b.Close()
				}
			})
			wg.Go(func() { io.Copy(io.Discard, b) })
			<-c.Done()
			wg.Wait()
			b.Close()
			legal(t, frame.Client, agreed != nil, r.wrote)
			time.Sleep(time.Minute)
		})
	})
}
