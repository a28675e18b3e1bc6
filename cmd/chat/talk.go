package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"hawser/websocket"
	"hawser/websocket/cmd/internal/signals"
	"hawser/websocket/cmd/internal/text"
	"hawser/websocket/frame"
)

// A talk is the whole conversation, on one connection after the other, or with
// -listen on many at the same time.
type talk struct {
	o    *options
	s    *screen
	out  *output         // nil if standard output is a terminal
	ctx  context.Context // its cause says why the program is to end
	stop context.CancelCauseFunc

	peers   atomic.Pointer[[]*peer] // all connections that are open
	leaving atomic.Bool             // the end of the connection is that of the program
	ended   chan struct{}           // closed when there will be no other connection
	saved   *folder                 // for binary messages; nil if they are shown
	redial  atomic.Bool             // the connection is closed only for /reconnect
	hurry   chan struct{}           // by /reconnect, to wait no longer

	mu      sync.Mutex
	changed chan struct{} // closed when peers has changed
	started bool          // the input is being read
	closing bool          // all that are open are being closed
	number  int           // of the last client

	sent, received atomic.Int64           // messages
	showing        atomic.Int64           // messages that are being shown
	latest         atomic.Pointer[[]byte] // message received, if the user can save it
	roundTrip      atomic.Int64           // of the last /ping

	delivering sync.Mutex // held while a line of a pipe waits to be sent
	unsent     bool       // the last one couldn't be
	inputErr   error      // or shouldn't
}

// A peer is a connection.
type peer struct {
	*websocket.Conn
	number int
	since  time.Time
}

// Why the program is to end.
var (
	errLeft    = errors.New("left")
	errEnough  = errors.New("enough messages were received")
	errTimeout = errors.New("timeout")
	errOutput  = errors.New("output error")
)

// errSignal is the signal that came.
type errSignal struct{ os.Signal }

func (e errSignal) Error() string { return e.String() }

// code returns what a shell shows of a program that died of the signal.
func (e errSignal) code() int {
	return exitSignal + signals.Number(e.Signal)
}

func newTalk(o *options, s *screen) *talk {
	t := &talk{o: o, s: s, changed: make(chan struct{}), ended: make(chan struct{}), hurry: make(chan struct{}, 1)}
	t.peers.Store(new([]*peer))
	t.ctx, t.stop = context.WithCancelCause(context.Background())
	if o.save != "" {
		t.saved = &folder{name: o.save}
	}
	if o.timeout > 0 {
		time.AfterFunc(o.timeout, func() { t.stop(errTimeout) })
	}
	if !s.outTerminal {
		t.out = newOutput(s.out, o.end()[0], func(err error) {
			t.s.failure("output error: %v", err)
			t.stop(errOutput)
		})
	}
	return t
}

// config is what all connections have.
func (t *talk) config() websocket.Config {
	c := t.o.config()
	if t.o.verbose {
		c.Trace = t.s.traceControl()
	}
	return c
}

// maxFarewell bounds closing when there is nothing left to wait for.
const maxFarewell = time.Second

// watch closes all connections when the program is to end, and ends it at once if
// a signal comes while it does.
func (t *talk) watch() {
	select {
	case sig := <-t.s.signals:
		t.stop(errSignal{sig})
	case <-t.ctx.Done():
	}
	t.leaving.Store(true)
	t.s.spawn(func() {
		sig := <-t.s.signals
		t.s.restore()
		exit(errSignal{sig}.code())
	})
	t.mu.Lock()
	t.closing = true
	t.mu.Unlock()
	cause := context.Cause(t.ctx)
	_, interrupted := cause.(errSignal)
	code := frame.CodeGoingAway
	if cause == errEnough || cause == errLeft {
		code = frame.CodeNormal
	}
	var wg sync.WaitGroup
	for _, p := range *t.peers.Load() {
		wg.Add(1)
		t.s.spawn(func() {
			defer wg.Done()
			if !interrupted {
				defer time.AfterFunc(maxFarewell, func() { p.CloseNow() }).Stop()
			}
			p.Close(code, "")
		})
	}
	wg.Wait()
	if t.out != nil && (interrupted || cause == errTimeout) {
		time.AfterFunc(maxFarewell, t.out.abandon)
	}
}

// join announces a connection and adds it to those that are talked to. Who saw
// the announcement can send.
func (t *talk) join(c *websocket.Conn, announce func(*peer)) *peer {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.number++
	p := &peer{c, t.number, time.Now()}
	announce(p)
	if t.o.verbose && t.o.compress != "off" {
		t.s.showAgreed(p.Compressed())
	}
	t.setPeers(append(slices.Clip(*t.peers.Load()), p))
	if t.closing {
		c.CloseNow() // too late
	}
	if !t.started {
		t.started = true
		if !t.s.inTerminal {
			t.s.spawn(t.readPipe)
		}
	}
	return p
}

func (t *talk) leave(p *peer) {
	if t.o.verbose {
		t.s.showSaved(p.Compressed())
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.setPeers(slices.DeleteFunc(slices.Clone(*t.peers.Load()), func(q *peer) bool { return q == p }))
}

func (t *talk) setPeers(peers []*peer) {
	t.peers.Store(&peers)
	close(t.changed)
	t.changed = make(chan struct{})
}

// change returns a channel that is closed at the next change of peers.
func (t *talk) change() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

// receive shows what comes until the connection is over.
func (t *talk) receive(p *peer) {
	for m, err := range p.Messages(context.Background()) {
		if err != nil {
			break
		}
		t.showing.Add(1)
		t.show(m, p)
		t.showing.Add(-1)
	}
	<-p.Done()
}

func (t *talk) show(m websocket.Message, p *peer) {
	n := t.received.Add(1)
	if t.o.count > 0 && n > t.o.count {
		return
	}
	if t.s.inTerminal {
		data := bytes.Clone(m.Data)
		t.latest.Store(&data)
	}
	from := ""
	if len(*t.peers.Load()) > 1 {
		from = strconv.Itoa(p.number)
	}
	switch {
	case m.Type == websocket.Binary && t.saved != nil:
		t.save(m.Data, from)
	case t.out != nil:
		t.out.message(t.s.plain(m), t.s.spawn)
	default:
		t.s.received(m, from)
	}
	if n == t.o.count {
		t.stop(errEnough)
	}
}

// save saves a binary message (-save).
func (t *talk) save(p []byte, from string) {
	name, err := t.saved.save(p)
	if err != nil {
		t.s.failure("output error: %s", text.Escape(err.Error()))
		t.stop(errOutput)
		return
	}
	t.s.tell(cyan, fmt.Sprintf("<%s (%d bytes) saved as %s", from, len(p), text.Escape(name)))
}

// send sends m to everybody, and reports whether there is anybody.
func (t *talk) send(m websocket.Message) bool {
	for {
		peers := t.peers.Load()
		any := false
		for _, p := range *peers {
			if p.Write(context.Background(), m.Type, m.Data) == nil {
				any = true
			}
		}
		if any {
			t.sent.Add(1)
			return true
		}
		t.mu.Lock()
		same := t.peers.Load() == peers
		t.mu.Unlock()
		if same {
			return false
		}
	}
}

// verdict returns the exit code when all is over; code is that of the last
// connection.
func (t *talk) verdict(code int) int {
	close(t.ended)
	if t.out != nil {
		t.out.flush()
	}
	cause := context.Cause(t.ctx)
	if sig, ok := cause.(errSignal); ok {
		return sig.code() // the user wanted to leave, whatever was left to do
	}
	switch cause {
	case errEnough:
		return exitNormal
	case errTimeout:
		t.s.failure("timeout: %v are over", t.o.timeout)
		return exitTimeout
	case errOutput:
		return exitUsage
	}
	t.delivering.Lock()
	defer t.delivering.Unlock()
	switch {
	case t.inputErr != nil:
		t.s.failure("input error: %v", t.inputErr)
		return exitUsage
	case code != exitNormal:
	case t.unsent:
		t.s.failure("input error: the connection was closed before all was sent")
		return exitCutOff
	case t.received.Load() < t.o.count:
		t.s.failure("closed after %d of %d messages", t.received.Load(), t.o.count)
		return exitCutOff
	}
	return code
}
