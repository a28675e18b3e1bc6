package websocket_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hawser/websocket"
)

// event is something that happens to one direction of a transport.
type event int

const (
	nothing     event = iota
	reset             // both ends lose the connection, and what is on the way
	failure           // an error for ever; the bytes before it come along with it
	end               // the end of the stream, along with the last bytes of it
	timeout           // an error of a deadline that nobody has set, once
	blackHole         // nothing arrives any more, and nobody is told
	shortWrite        // io.ErrShortWrite, once
	silentShort       // a short write without an error, once: against the rules of io.Writer
)

func (e event) String() string {
	return [...]string{"nothing", "reset", "failure", "end", "timeout", "blackHole", "shortWrite", "silentShort"}[e]
}

// harmless reports whether a conversation must survive e.
func (e event) harmless() bool { return e == nothing || e == silentShort }

// faults says what a transport does that a good network doesn't. All of it is
// allowed, but for silentShort. The zero value is a good network.
type faults struct {
	maxRead, maxWrite int           // bytes that are moved at a time; 0 for no bound
	delay             time.Duration // before each move, at most
	emptyReads        bool          // now and then, a read without bytes and without an error

	in, out     event
	inAt, outAt int // how many bytes pass before the event
}

func (f faults) harmless() bool { return f.in.harmless() && f.out.harmless() }

// faulty is a transport with faults. What it does depends on its seed only.
type faulty struct {
	websocket.Transport
	faults
	other *faulty

	mu          sync.Mutex // not held while anything waits
	rnd         *rand.Rand
	read, wrote int  // bytes
	inOver      bool // the event has happened
	outOver     bool
	wire        []byte // all that was written, whatever became of it

	dead atomic.Bool // after a reset
}

var (
	errFailure = &net.OpError{Op: "fail", Net: "test", Err: errors.New("input/output error")}
	errReset   = &net.OpError{Op: "read", Net: "test", Err: errors.New("connection reset by peer")}
	errPipe    = &net.OpError{Op: "write", Net: "test", Err: errors.New("broken pipe")}
)

// faultyPair returns the ends of a pipe in memory, each with its faults.
func faultyPair(seed uint64, a, b faults) (*faulty, *faulty) {
	ta, tb := websocket.NewPipe()
	fa := &faulty{Transport: ta, faults: a, rnd: rand.New(rand.NewPCG(seed, 1))}
	fb := &faulty{Transport: tb, faults: b, rnd: rand.New(rand.NewPCG(seed, 2))}
	fa.other, fb.other = fb, fa
	return fa, fb
}

// upTo returns a number from 1 to the smaller one of n and bound, if there is one.
func (f *faulty) upTo(n, bound int) int {
	if bound == 0 || n == 0 {
		return n
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return 1 + f.rnd.IntN(min(n, bound))
}

func (f *faulty) pause() {
	if f.delay > 0 {
		f.mu.Lock()
		d := f.rnd.Int64N(int64(f.delay))
		f.mu.Unlock()
		time.Sleep(time.Duration(d))
	}
}

func (f *faulty) reset() {
	f.dead.Store(true)
	f.other.dead.Store(true)
	f.Close()
	f.other.Close()
}

func (f *faulty) Read(p []byte) (int, error) {
	f.pause()
	if f.emptyReads {
		f.mu.Lock()
		empty := f.rnd.IntN(3) == 0
		f.mu.Unlock()
		if empty {
			return 0, nil
		}
	}
	n := f.upTo(len(p), f.maxRead)
	event := f.in
	if f.inOver && event == timeout {
		event = nothing
	}
	if event != nothing {
		left := f.inAt - f.read
		if left == 0 {
			return f.inEvent(event)
		}
		n = min(n, left)
	}
	n, err := f.Transport.Read(p[:n])
	f.mu.Lock() // for happened: others than the reader may look
	f.read += n
	f.mu.Unlock()
	if f.dead.Load() {
		return 0, errReset
	}
	if err == nil && event != nothing && f.read == f.inAt {
		switch event {
		case end:
			err = io.EOF
		case failure:
			err = errFailure
		}
	}
	return n, err
}

func (f *faulty) inEvent(event event) (int, error) {
	f.mu.Lock()
	f.inOver = true
	f.mu.Unlock()
	switch event {
	case reset:
		f.reset()
		return 0, errReset
	case end:
		return 0, io.EOF
	case timeout:
		return 0, os.ErrDeadlineExceeded
	case blackHole:
		b := make([]byte, 4096)
		for {
			if _, err := f.Transport.Read(b); err != nil {
				return 0, err
			}
		}
	}
	return 0, errFailure
}

func (f *faulty) Write(p []byte) (int, error) {
	written := 0
	for {
		f.pause()
		if f.dead.Load() {
			return written, errPipe
		}
		n := f.upTo(len(p)-written, f.maxWrite)
		over := f.outOver && (f.out == timeout || f.out == shortWrite || f.out == silentShort)
		if f.out != nothing && !over {
			left := f.outAt - f.wrote
			if left == 0 && len(p) > written {
				if f.out == silentShort && written == 0 {
					f.outAt++ // some progress there must be
					continue
				}
				if done, err := f.outEvent(); done {
					return written, err
				}
				if f.out == blackHole {
					f.note(p[written:])
					return len(p), nil
				}
				continue
			}
			n = min(n, left)
		}
		n, err := f.Transport.Write(p[written : written+n])
		f.note(p[written : written+n])
		f.wrote += n
		written += n
		if err != nil || written == len(p) {
			return written, err
		}
	}
}

// note records what was written.
func (f *faulty) note(p []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wire = append(f.wire, p...)
}

// written returns all that was written so far.
func (f *faulty) written() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wire
}

// happened reports whether an event has. It's for when nobody reads any more.
func (f *faulty) happened() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.outOver || f.inOver || f.in != nothing && f.read >= f.inAt
}

// outEvent reports whether the write is over.
func (f *faulty) outEvent() (done bool, err error) {
	f.mu.Lock()
	f.outOver = true
	f.mu.Unlock()
	switch f.out {
	case reset:
		f.reset()
		return true, errReset
	case end:
		f.CloseWrite()
		return true, errPipe
	case failure:
		return true, errFailure
	case timeout:
		return true, os.ErrDeadlineExceeded
	case shortWrite:
		return true, io.ErrShortWrite
	case silentShort:
		return true, nil
	}
	return false, nil
}

func (f *faulty) CloseWrite() error {
	return f.Transport.(interface{ CloseWrite() error }).CloseWrite()
}

// rounds returns the seeds to test with: n of them from 1 on, or from
// HAWSER_SEED on, or HAWSER_ROUNDS of them.
func rounds(t testing.TB, n int) []uint64 {
	t.Helper()
	number := func(name string, otherwise uint64) uint64 {
		s := os.Getenv(name)
		if s == "" {
			return otherwise
		}
		v, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(name, err)
		}
		return v
	}
	first := number("HAWSER_SEED", 1)
	if os.Getenv("HAWSER_SEED") != "" {
		n = 1
	}
	seeds := make([]uint64, number("HAWSER_ROUNDS", uint64(n)))
	for i := range seeds {
		seeds[i] = first + uint64(i)
	}
	return seeds
}
