package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// talker is one side of a conversation: a goroutine that writes and one that
// reads, until the end.
type talker struct {
	t    *testing.T
	c    *websocket.Conn
	rnd  *rand.Rand // of the writer
	read *rand.Rand // of the reader
	max  int        // bytes of a message
	last string     // what the writer does when it's through

	attempted []string // messages, in order
	accepted  int      // how many of them were, all before the first that wasn't
	got       []string
	part      string // of a message that didn't arrive whole
}

// typed reports an error that isn't one of those that are promised.
func typed(t testing.TB, what string, err error) {
	t.Helper()
	var e *websocket.CloseError
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case errors.As(err, &e):
		if e == nil || e.Error() == "" {
			t.Errorf("%s: an empty *CloseError", what)
		}
	default:
		t.Errorf("%s: %T %v", what, err, err)
	}
}

// content returns a text of up to k.max bytes, mostly short ones.
func (k *talker) content() string {
	n := k.rnd.IntN(200)
	if k.rnd.IntN(4) == 0 {
		n = k.rnd.IntN(k.max + 1)
	}
	const word = "дом€😀 home sweet home, "
	at := k.rnd.IntN(3) * 2
	return fmt.Sprint(len(k.attempted), " ") + strings.ToValidUTF8(strings.Repeat(word[at:], n/(len(word)-at)+1)[:n], "?")
}

func (k *talker) write() {
	c := k.c
	for steps := k.rnd.IntN(12); steps > 0; steps-- {
		data := k.content()
		typ := websocket.Text + websocket.MessageType(k.rnd.IntN(2))
		if k.rnd.IntN(4) == 0 {
			typ |= websocket.Uncompressed
		}
		if k.rnd.IntN(3) == 0 {
			time.Sleep(time.Duration(k.rnd.IntN(20)) * time.Millisecond)
		}
		k.attempted = append(k.attempted, data)
		var err error
		switch k.rnd.IntN(5) {
		case 0:
			err = c.Write(ctx, typ, []byte(data))
		case 1:
			err = c.Send(ctx, websocket.NewPrepared(typ, []byte(data)))
		case 2:
			err = c.Post(websocket.NewPrepared(typ, []byte(data)))
			if err == websocket.ErrQueueFull {
				k.attempted = k.attempted[:len(k.attempted)-1]
				k.accepted--
				err = nil
			}
		case 3:
			err = k.stream(typ, data)
		case 4:
			// A ping, whose pong comes or not.
			k.attempted = k.attempted[:len(k.attempted)-1]
			k.accepted--
			own, cancel := context.WithTimeout(ctx, time.Duration(1+k.rnd.IntN(50))*time.Millisecond)
			_, err := c.Ping(own, []byte(data[:min(len(data), 100)]))
			cancel()
			typed(k.t, "Ping", err)
		}
		typed(k.t, "write", err)
		if err != nil {
			break
		}
		k.accepted++
	}
	switch k.last {
	case "Close":
		typed(k.t, "Close", c.Close(frame.Code(4000), "bye"))
	case "CloseWrite":
		typed(k.t, "CloseWrite", c.CloseWrite(frame.CodeNormal, ""))
	case "CloseNow":
		c.CloseNow()
	}
}

func (k *talker) stream(typ websocket.MessageType, data string) error {
	w, err := k.c.Writer(ctx, typ)
	if err != nil {
		return err
	}
	for rest := data; rest != ""; {
		n := min(len(rest), 1+k.rnd.IntN(9000))
		if _, err := io.WriteString(w, rest[:n]); err != nil {
			typed(k.t, "Writer.Write", err)
			break // Close tells it again
		}
		rest = rest[n:]
	}
	return w.Close()
}

func (k *talker) readAll() {
	for {
		// Now and then a context ends a read, which goes on after.
		own, cancel := context.WithTimeout(ctx, time.Duration(1+k.read.IntN(100))*time.Millisecond)
		err := k.readOne(own)
		cancel()
		typed(k.t, "read", err)
		var e *websocket.CloseError
		if errors.As(err, &e) {
			return
		}
	}
}

func (k *talker) readOne(own context.Context) error {
	if k.read.IntN(2) == 0 {
		_, p, err := k.c.Read(own)
		if err == nil {
			k.got = append(k.got, string(p))
		}
		return err
	}
	// A reader whose context ends could be used no more, so it gets one that
	// doesn't.
	_, r, err := k.c.Reader(ctx)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if k.read.IntN(2) == 0 {
		_, err = b.ReadFrom(struct{ io.Reader }{r})
	} else {
		_, err = io.Copy(&b, r)
	}
	if err != nil {
		k.part = b.String()
		return err
	}
	k.got = append(k.got, b.String())
	return nil
}

// talk has a conversation between two Conns on a and b, and checks what must be
// true of it however badly the transports behave.
func talk(t *testing.T, seed uint64, agreed *handshake.Deflate, k *websocket.Compression, a, b faults, max int) {
	r := rand.New(rand.NewPCG(seed, 3))
	ta, tb := faultyPair(seed, a, b)
	cfg := websocket.Config{Compression: k, MaxQueue: 100_000}
	side := func(role frame.Role, tr websocket.Transport, lasts ...string) *talker {
		return &talker{
			t: t, max: max, last: lasts[r.IntN(len(lasts))],
			c:    websocket.NewConn(tr, websocket.Setup{Role: role, Deflate: agreed}, cfg),
			rnd:  rand.New(rand.NewPCG(seed, 4+uint64(role))),
			read: rand.New(rand.NewPCG(seed, 6+uint64(role))),
		}
	}
	c := side(frame.Client, ta, "Close", "CloseWrite", "CloseNow")
	s := side(frame.Server, tb, "Close", "CloseWrite", "CloseNow", "nothing", "nothing")
	if r.IntN(2) == 0 {
		c.last, s.last = s.last, c.last
	}
	defer func() {
		if t.Failed() {
			t.Logf("client: %s, %+v", c.last, a)
			t.Logf("server: %s, %+v", s.last, b)
		}
	}()
	start := time.Now()
	var wg sync.WaitGroup
	for _, k := range []*talker{c, s} {
		wg.Go(k.write)
		wg.Go(k.readAll)
	}
	wg.Wait()
	<-c.c.Done()
	<-s.c.Done()
	if d := time.Since(start); d > 10*time.Minute {
		t.Errorf("it took %v to end", d)
	}
	time.Sleep(time.Minute) // for writes that are slow to notice; who is left then, is left for good
	ce, se := closeError(t, c.c.Err()), closeError(t, s.c.Err())
	for _, way := range []struct {
		from, to   *talker
		wire       []byte
		fromE, toE *websocket.CloseError
	}{{c, s, ta.written(), ce, se}, {s, c, tb.written(), se, ce}} {
		role := way.from.c.Role()
		// Of messages that the writer was told of as refused, the last one may
		// have gone out all the same.
		if !isPrefix(way.to.got, way.from.attempted) {
			t.Errorf("from %v: %d messages arrived, not the first of %d", role, len(way.to.got), len(way.from.attempted))
		} else if p := way.to.part; p != "" {
			if n := len(way.to.got); n == len(way.from.attempted) || !strings.HasPrefix(way.from.attempted[n], p) {
				t.Errorf("from %v: a part arrived that isn't one of message %d: %.60q", role, n, p)
			}
		}
		// Close, unlike CloseWrite, may drop what still arrives.
		clean := way.fromE.Err == nil && way.toE.Err == nil
		if clean && way.to.last != "Close" && len(way.to.got) < way.from.accepted {
			t.Errorf("from %v: %d messages arrived of %d, and both sides think that all is well: %v, %v",
				role, len(way.to.got), way.from.accepted, way.fromE, way.toE)
		}
		o := observe(t, role, agreed, way.wire)
		if !isPrefix(o.messages, way.from.attempted) {
			t.Errorf("%v put %d messages on the wire, not the first of %d", role, len(o.messages), len(way.from.attempted))
		}
		if clean && !o.closed {
			t.Errorf("%v sent no Close frame, and both sides think that all is well: %v, %v", role, way.fromE, way.toE)
		}
	}
	if a.harmless() && b.harmless() && a.delay+b.delay == 0 && c.last != "CloseNow" && s.last != "CloseNow" && (ce.Err != nil || se.Err != nil) {
		t.Errorf("on good transports, the ends are %v and %v", ce, se)
	}
}

// randomFaults returns what may be wrong with one end, and the size of messages
// that it can bear.
func randomFaults(r *rand.Rand) (f faults, max int) {
	max = 200_000
	pick := func(of ...int) int { return of[r.IntN(len(of))] }
	f.maxRead = pick(0, 0, 1, 7, 1000)
	f.maxWrite = pick(0, 0, 1, 7, 1000)
	f.emptyReads = r.IntN(4) == 0
	f.delay = time.Duration(pick(0, 0, 1, 20)) * time.Millisecond
	for _, n := range []int{f.maxRead, f.maxWrite} {
		if n > 0 && n < 100 {
			max = 300
		}
	}
	if r.IntN(3) == 0 {
		f.in, f.inAt = event(r.IntN(int(blackHole)+1)), r.IntN(pick(10, 500, max))
	}
	if r.IntN(3) == 0 {
		f.out, f.outAt = event(r.IntN(int(silentShort)+1)), r.IntN(pick(10, 500, max))
	}
	return f, max
}

// compressions are the agreements that conversations are tried with.
var compressions = []*websocket.Compression{
	nil,
	{},
	{Send: websocket.Window{NoTakeover: true}, Receive: websocket.Window{NoTakeover: true}},
	{Send: websocket.Window{Bits: 9}, Receive: websocket.Window{Bits: 15}, Compact: true, MinSize: -1},
}

// TestFaults: whatever transports do, nothing panics or hangs, nothing arrives
// but what was sent, whole and in order, and all goroutines end. A seed that
// fails can be tried again with HAWSER_SEED=n.
func TestFaults(t *testing.T) {
	t.Parallel()
	n := 400
	if raceEnabled {
		n = 100
	}
	for _, seed := range rounds(t, n) {
		r := rand.New(rand.NewPCG(seed, 0))
		a, maxA := randomFaults(r)
		b, maxB := randomFaults(r)
		k := compressions[r.IntN(len(compressions))]
		var agreed *handshake.Deflate
		if k != nil {
			agreed = agree(t, k, k)
		}
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { talk(t, seed, agreed, k, a, b, min(maxA, maxB)) })
		})
	}
}
