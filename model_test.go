package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// A model is two Conns with many goroutines on each, and what must be true of
// them in whatever order things happen.
type model struct {
	t      *testing.T
	seed   uint64
	agreed *handshake.Deflate
	conns  [2]*websocket.Conn // by role
	early  bool               // it's closed while messages are being written
	cut    atomic.Bool        // a context has ended a write

	mu   sync.Mutex
	sent [2]map[string]bool // messages of each role that were accepted
	got  [2][]string        // what each role has received
}

// writers is how many goroutines of each side write.
const writers = 6

// act does what the goroutine of the given number does on the side of role.
func (m *model) act(role frame.Role, id int) {
	c := m.conns[role]
	r := rand.New(rand.NewPCG(m.seed, uint64(100*int(role)+id)))
	for i := range 4 + r.IntN(12) {
		data := fmt.Sprintf("%v %d %d %s", role, id, i, text(r.IntN([]int{20, 200, 5000, 70_000}[r.IntN(4)])))
		own, cancel := m.context(r)
		var err error
		typ := websocket.Text
		if r.IntN(5) == 0 {
			typ |= websocket.Uncompressed
		}
		message, posted := true, false
		switch r.IntN(12) {
		default:
			err = c.Write(own, typ, []byte(data))
		case 0, 1:
			err = m.stream(c, own, cancel, r, typ, data)
		case 2, 3:
			err = c.Send(own, websocket.NewPrepared(typ, []byte(data)))
		case 4, 5:
			posted = true
			if err = c.Post(websocket.NewPrepared(typ, []byte(data))); err == websocket.ErrQueueFull {
				err, message = nil, false
			}
		case 6:
			message = false
			_, err = c.Ping(own, nil)
		case 7:
			// Another reader, that never gets to see a message.
			message = false
			cancel()
			_, _, err = c.Read(own)
			if err == websocket.ErrConcurrentRead || errors.Is(err, context.Canceled) && c.Err() == nil {
				err = nil
			}
		}
		cancel()
		typed(m.t, "write", err)
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			m.cut.Store(true)
		}
		// What was posted doesn't go out when a Close has to cut short a Writer.
		if message && err == nil && !(posted && m.early) {
			m.mu.Lock()
			m.sent[role][data] = true
			m.mu.Unlock()
		}
	}
}

// context returns one that is mostly without end.
func (m *model) context(r *rand.Rand) (context.Context, context.CancelFunc) {
	if r.IntN(40) == 0 {
		return context.WithTimeout(ctx, time.Duration(r.IntN(2000))*time.Microsecond)
	}
	return context.WithCancel(ctx)
}

func (m *model) stream(c *websocket.Conn, own context.Context, cancel func(), r *rand.Rand, typ websocket.MessageType, data string) error {
	w, err := c.Writer(own, typ)
	if err != nil {
		return err
	}
	for rest := data; rest != ""; {
		n := min(len(rest), 1+r.IntN(20_000))
		if r.IntN(200) == 0 {
			cancel()
		}
		if _, err := io.WriteString(w, rest[:n]); err != nil {
			typed(m.t, "Writer.Write", err)
			break
		}
		rest = rest[n:]
	}
	return w.Close()
}

// read reads all that comes to role, in all ways there are.
func (m *model) read(role frame.Role) {
	c := m.conns[role]
	r := rand.New(rand.NewPCG(m.seed, uint64(100*int(role)+99)))
	for {
		own, cancel := m.context(r)
		var p []byte
		var err error
		if r.IntN(3) == 0 {
			var rd io.Reader
			// With a context that ends, the rest of a message would be lost.
			if _, rd, err = c.Reader(ctx); err == nil {
				p, err = m.readParts(rd)
			}
		} else {
			_, p, err = c.Read(own)
		}
		cancel()
		switch {
		case err == nil:
			m.got[role] = append(m.got[role], string(p))
		case errors.Is(err, websocket.ErrConcurrentRead):
		default:
			typed(m.t, "read", err)
			if e := (*websocket.CloseError)(nil); errors.As(err, &e) {
				return
			}
		}
	}
}

// readParts reads a message to its end, or to that of the connection.
func (m *model) readParts(rd io.Reader) (p []byte, err error) {
	b := make([]byte, 5000)
	for {
		n, err := rd.Read(b)
		p = append(p, b[:n]...)
		switch {
		case err == io.EOF:
			return p, nil
		case errors.Is(err, websocket.ErrConcurrentRead):
		case err != nil:
			return nil, err
		}
	}
}

// run lets everything happen at once. When the writers are through, or before,
// role closes in the given way.
func (m *model) run(role frame.Role, how string, early bool) {
	m.early = early
	var all, acting sync.WaitGroup
	for side := range m.conns {
		m.sent[side] = make(map[string]bool)
		all.Go(func() { m.read(frame.Role(side)) })
		for id := range writers {
			acting.Go(func() { m.act(frame.Role(side), id) })
		}
	}
	if !early {
		acting.Wait()
	}
	c := m.conns[role]
	switch how {
	case "Close":
		for range 3 {
			all.Go(func() { typed(m.t, how, c.Close(4000, "bye")) })
		}
	case "CloseWrite":
		for range 3 {
			all.Go(func() { typed(m.t, how, c.CloseWrite(4000, "bye")) })
		}
	case "CloseBoth":
		all.Go(func() { typed(m.t, how, c.Close(4000, "bye")) })
		all.Go(func() { typed(m.t, how, m.conns[1-role].Close(4001, "bye")) })
	case "CloseNow":
		all.Go(func() { c.CloseNow() })
	}
	acting.Wait()
	all.Wait()
	<-m.conns[0].Done()
	<-m.conns[1].Done()
}

// check compares what arrived, and what was on the wire, with what was sent, when
// the end came in the given way.
// kept says that whatever was accepted must have arrived.
func (m *model) check(wire [2][]byte, how string, kept [2]bool) {
	t := m.t
	clean := true
	for _, c := range m.conns {
		clean = clean && closeError(t, c.Err()).Err == nil
	}
	if how != "CloseNow" && !m.cut.Load() && !clean {
		t.Errorf("nothing broke, and the ends are %v, %v", m.conns[0].Err(), m.conns[1].Err())
	}
	for side := range m.conns {
		role := frame.Role(side)
		o := observe(t, role, m.agreed, wire[side])
		if clean && !o.closed {
			t.Errorf("%v sent no Close frame: %v, %v", role, m.conns[0].Err(), m.conns[1].Err())
		}
		// Somebody's messages arrive in the order in which they were sent.
		last := make(map[int]int)
		for _, s := range o.messages {
			var id, i int
			if _, err := fmt.Sscanf(s, role.String()+" %d %d", &id, &i); err != nil {
				t.Fatalf("%v sent %.40q", role, s)
			}
			if i < last[id] {
				t.Errorf("%v sent message %d of %d after %d", role, i, id, last[id])
			}
			last[id] = i + 1
		}
		if !inOrder(m.got[1-side], o.messages) {
			t.Errorf("what arrived from %v is not what was sent", role)
		}
		if clean && kept[side] {
			arrived := make(map[string]bool)
			for _, s := range m.got[1-side] {
				arrived[s] = true
			}
			for s := range m.sent[side] {
				if !arrived[s] {
					t.Errorf("%v had %.20q accepted, and it's lost: %v, %v", role, s, m.conns[0].Err(), m.conns[1].Err())
				}
			}
		}
	}
}

// inOrder reports whether got is all without some.
func inOrder(got, all []string) bool {
	for _, s := range all {
		if len(got) > 0 && got[0] == s {
			got = got[1:]
		}
	}
	return len(got) == 0
}

var closings = []string{"Close", "CloseWrite", "CloseBoth", "CloseNow"}

// TestModel has everything happen in random order: see model. A seed that fails
// can be tried again with HAWSER_SEED=n.
func TestModel(t *testing.T) {
	t.Parallel()
	n := 60
	if raceEnabled {
		n = 20
	}
	for _, seed := range rounds(t, n) {
		r := rand.New(rand.NewPCG(seed, 0))
		k := compressions[r.IntN(len(compressions))]
		var agreed *handshake.Deflate
		if k != nil {
			agreed = agree(t, k, k)
		}
		role, how, early := frame.Role(r.IntN(2)), closings[r.IntN(len(closings))], r.IntN(2) == 0
		// Close may drop what arrives.
		kept := [2]bool{how == "CloseWrite" || how == "Close", how == "CloseWrite" || how == "Close"}
		kept[1-role] = kept[1-role] && how == "CloseWrite"
		cfg := websocket.Config{Compression: k, MaxQueue: 200_000, CloseTimeout: 30 * time.Second}
		delays := faults{delay: time.Duration(r.IntN(3)) * 100 * time.Microsecond, maxRead: r.IntN(2) * 10_000, maxWrite: r.IntN(2) * 10_000}
		name := fmt.Sprintf("seed=%d/%v/%s/early=%v", seed, role, how, early)
		t.Run("pipe/"+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b := faultyPair(seed, delays, delays)
				m := &model{t: t, seed: seed, agreed: agreed}
				m.conns[frame.Client] = websocket.NewConn(a, websocket.Setup{Role: frame.Client, Deflate: agreed}, cfg)
				m.conns[frame.Server] = websocket.NewConn(b, websocket.Setup{Role: frame.Server, Deflate: agreed}, cfg)
				m.run(role, how, early)
				time.Sleep(time.Minute) // for those who are slow to notice
				var wire [2][]byte
				wire[frame.Client], wire[frame.Server] = a.written(), b.written()
				m.check(wire, how, kept)
			})
		})
		t.Run("tcp/"+name, func(t *testing.T) {
			t.Parallel()
			m := &model{t: t, seed: seed, agreed: agreed}
			a, b, wire := tappedPair(t)
			m.conns[frame.Client] = websocket.NewConn(a, websocket.Setup{Role: frame.Client, Deflate: agreed}, cfg)
			m.conns[frame.Server] = websocket.NewConn(b, websocket.Setup{Role: frame.Server, Deflate: agreed}, cfg)
			m.run(role, how, early)
			m.check(wire(), how, kept)
		})
	}
}
