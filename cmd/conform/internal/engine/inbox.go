package engine

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"hawser/websocket/frame"
)

// arrival is a frame that has arrived, or the end of the connection.
type arrival struct {
	header  frame.Header
	payload []byte // unmasked
	err     error  // why there is no frame and won't be any
	at      time.Time
}

// inbox reads from a connection in a goroutine of its own, so that neither side
// ever waits for the other to read, and hands out frame by frame.
type inbox struct {
	nc  net.Conn
	log *Log

	mu     sync.Mutex
	queue  []arrival     // guarded by mu, as is all down to wake
	bytes  int           // of the payloads in queue
	closed bool          // nobody looks at the queue any more
	space  *sync.Cond    // there is room in the queue, or closed
	wake   chan struct{} // holds one element if the queue has grown

	done chan struct{} // closed when the goroutine has ended
}

// newInbox begins to read, first what was read before.
func newInbox(nc net.Conn, before []byte, log *Log) *inbox {
	in := &inbox{nc: nc, log: log, wake: make(chan struct{}, 1), done: make(chan struct{})}
	in.space = sync.NewCond(&in.mu)
	go in.read(before)
	return in
}

// take returns the next arrival. It returns false if there's none by then.
func (in *inbox) take(by time.Time) (arrival, bool) {
	var expired <-chan time.Time
	for {
		in.mu.Lock()
		if len(in.queue) > 0 {
			a := in.queue[0]
			if a.err == nil { // the end stays
				in.queue = in.queue[1:]
				in.bytes -= len(a.payload)
				in.space.Signal()
			}
			in.mu.Unlock()
			return a, true
		}
		in.mu.Unlock()
		if expired == nil {
			wait := time.Until(by)
			if wait <= 0 {
				return arrival{}, false
			}
			t := time.NewTimer(wait)
			defer t.Stop()
			expired = t.C
		}
		select {
		case <-in.wake:
		case <-expired:
			return arrival{}, false
		}
	}
}

// close ends the goroutine. The connection must have been closed.
func (in *inbox) close() {
	in.mu.Lock()
	in.closed = true
	in.space.Signal()
	in.mu.Unlock()
	<-in.done
}

func (in *inbox) put(a arrival) (open bool) {
	a.at = time.Now()
	in.mu.Lock()
	defer in.mu.Unlock()
	for in.bytes > maxQueue && !in.closed {
		in.space.Wait()
	}
	in.queue = append(in.queue, a)
	in.bytes += len(a.payload)
	select {
	case in.wake <- struct{}{}:
	default:
	}
	return !in.closed
}

func (in *inbox) read(buf []byte) {
	defer close(in.done)
	chunk := make([]byte, 64<<10)
	for {
		used, err := in.parse(buf)
		if err != nil {
			in.put(arrival{err: err})
			return
		}
		if used > 0 { // what is left is less than a frame
			buf = append(buf[:0], buf[used:]...)
		}
		n, err := in.nc.Read(chunk)
		if n > 0 {
			in.log.rxOctets(chunk[:n])
			buf = append(buf, chunk[:n]...)
		} else if err != nil {
			if errors.Is(err, io.EOF) && len(buf) > 0 {
				err = fmt.Errorf("%w inside of a frame", io.ErrUnexpectedEOF)
			}
			in.put(arrival{err: err})
			return
		}
	}
}

var errInboxClosed = errors.New("closed")

// parse puts the frames that buf begins with into the queue and returns how many
// bytes they are.
func (in *inbox) parse(buf []byte) (used int, err error) {
	for {
		rest := buf[used:]
		h, n, err := frame.ParseHeader(rest)
		if err != nil {
			return used, &Breach{err.Error()}
		}
		if n > 0 && h.Length > maxFrame {
			return used, &Breach{fmt.Sprintf("a frame of %d bytes, more than was ever sent", h.Length)}
		}
		if n == 0 || len(rest)-n < int(h.Length) {
			return used, nil
		}
		payload := append([]byte(nil), rest[n:n+int(h.Length)]...)
		used += n + len(payload)
		if h.Masked {
			frame.Mask(payload, h.Key, 0)
		}
		in.log.rxFrame(&h, n+len(payload), payload)
		if !in.put(arrival{header: h, payload: payload}) {
			return used, errInboxClosed
		}
	}
}

// Breach is something that the peer must not do.
type Breach struct{ What string }

// Error says what it was.
func (b *Breach) Error() string { return b.What }
