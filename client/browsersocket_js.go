package client

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall/js"
	"time"

	"hawser/websocket/frame"
)

const (
	// A browser tells of each message at once, however many wait already. When more
	// than maxWaiting bytes do, the connection ends.
	maxWaiting = 16 << 20
	// A browser takes any number of messages to send. While more than maxBuffered
	// bytes wait there, a Write does, and looks again each pollBuffered.
	maxBuffered  = 1 << 20
	pollBuffered = 5 * time.Millisecond
)

// The states that a WebSocket of the browser's has.
const (
	stateConnecting = iota
	stateOpen
)

// browserSocket is a WebSocket of the browser's as the stream of frames that a
// client sees (websocket.Transport). Messages that arrive become frames to read;
// frames that are written become messages. Pings are answered here, as the browser
// lets nobody send them.
type browserSocket struct {
	ws     js.Value
	listen js.Func       // s.event; released with the last event
	opened chan struct{} // closed when the WebSocket is open, or can't be

	// One goroutine writes at a time, as everywhere below a Conn.
	out     outgoing
	written *frame.Reader // of out
	header  frame.Header  // of the frame under way
	inFrame bool          // there is one
	opcode  frame.Opcode  // of the message under way
	message []byte        // of it, so far

	readDeadline, writeDeadline deadline

	mu      sync.Mutex    // for what follows
	in      [][]byte      // frames to read, the first maybe only in part
	size    int           // of those
	err     error         // what comes after them, nil while more may come
	arrived chan struct{} // closed and replaced when in or err changes
	closing bool          // the WebSocket was told to close
}

func newBrowserSocket(ws js.Value) *browserSocket {
	s := &browserSocket{ws: ws, opened: make(chan struct{}), arrived: make(chan struct{})}
	s.written = frame.NewReader(&s.out, frame.Rules{Role: frame.Server}, 0)
	s.readDeadline.init()
	s.writeDeadline.init()
	s.listen = js.FuncOf(s.event)
	ws.Set("binaryType", "arraybuffer")
	for _, name := range []string{"open", "message", "close"} {
		ws.Call("addEventListener", name, s.listen)
	}
	return s
}

func (s *browserSocket) isOpen() bool { return s.ws.Get("readyState").Int() == stateOpen }

// event is called by the browser. It must not wait.
func (s *browserSocket) event(_ js.Value, args []js.Value) any {
	switch e := args[0]; e.Get("type").String() {
	case "open":
		close(s.opened)
	case "message":
		s.received(e.Get("data"))
	case "close": // the last one
		s.ended(frame.Code(e.Get("code").Int()), e.Get("reason").String())
		s.listen.Release()
		select {
		case <-s.opened:
		default:
			close(s.opened)
		}
	}
	return nil
}

// received makes a frame of a message.
func (s *browserSocket) received(data js.Value) {
	if data.Type() == js.TypeString {
		s.push(newFrame(frame.Text, []byte(data.String())))
		return
	}
	bytes := js.Global().Get("Uint8Array").New(data)
	payload := make([]byte, bytes.Length())
	js.CopyBytesToGo(payload, bytes)
	s.push(newFrame(frame.Binary, payload))
}

func newFrame(op frame.Opcode, payload []byte) []byte {
	h := frame.Header{Fin: true, Opcode: op}
	return h.AppendFrame(make([]byte, 0, frame.MaxHeaderSize+len(payload)), payload)
}

// push lets f be read.
func (s *browserSocket) push(f []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	if s.size > 0 && s.size+len(f) > maxWaiting {
		s.err = fmt.Errorf("messages arrive faster than they are read: %d bytes wait in memory", s.size)
		s.closeLocked()
	} else {
		s.in = append(s.in, f)
		s.size += len(f)
	}
	s.changedLocked()
}

// ended is called when the browser has closed the connection, with what the peer's
// Close frame held. A code of 1006 is no Close frame.
func (s *browserSocket) ended(code frame.Code, reason string) {
	if code != frame.CodeAbnormal {
		if payload, err := frame.AppendClose(nil, code, reason); err == nil {
			s.push(newFrame(frame.Close, payload))
		}
	}
	s.end(io.EOF)
}

// end makes err what is read after all that has arrived.
func (s *browserSocket) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	if s.err == nil {
		s.err = err
		s.changedLocked()
	}
}

// changedLocked wakes who waits for something to read. It's called with s.mu held.
func (s *browserSocket) changedLocked() {
	close(s.arrived)
	s.arrived = make(chan struct{})
}

// Read reads of the frames that messages became.
func (s *browserSocket) Read(p []byte) (int, error) {
	for {
		if s.readDeadline.passed() {
			return 0, os.ErrDeadlineExceeded
		}
		s.mu.Lock()
		n := 0
		for n < len(p) && len(s.in) > 0 {
			k := copy(p[n:], s.in[0])
			n += k
			if s.in[0] = s.in[0][k:]; len(s.in[0]) == 0 {
				s.in[0] = nil
				s.in = s.in[1:]
			}
		}
		s.size -= n
		err, arrived := s.err, s.arrived
		s.mu.Unlock()
		switch {
		case n > 0 || len(p) == 0:
			return n, nil
		case err != nil:
			return 0, err
		}
		select {
		case <-arrived:
		case <-s.readDeadline.done():
		}
	}
}

// Write sends the messages whose frames end in p, and keeps the beginning of the
// next.
func (s *browserSocket) Write(p []byte) (int, error) {
	s.out.p = p
	for {
		err := s.writeFrame()
		if err == errAllWritten {
			return len(p), nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// writeFrame goes on with the frame under way, or with the next.
func (s *browserSocket) writeFrame() (err error) {
	if !s.inFrame {
		if s.header, err = s.written.Next(); err != nil {
			return err
		}
		s.inFrame = true
	}
	payload, err := s.written.Payload()
	if err != nil && err != io.EOF {
		return err
	}
	s.inFrame = false
	switch s.header.Opcode {
	case frame.Ping:
		s.push(newFrame(frame.Pong, payload))
		return nil
	case frame.Pong:
		return nil
	case frame.Close:
		code, reason, err := frame.ParseClose(payload)
		if err == nil {
			s.sendClose(code, reason)
		}
		return err
	case frame.Text, frame.Binary:
		s.opcode = s.header.Opcode
	}
	if !s.header.Fin {
		s.message = append(s.message, payload...)
		return nil
	}
	if len(s.message) > 0 {
		payload = append(s.message, payload...)
		s.message = nil
	}
	return s.sendMessage(payload)
}

func (s *browserSocket) sendMessage(payload []byte) error {
	for s.ws.Get("bufferedAmount").Int() > maxBuffered && s.isOpen() {
		poll := time.NewTimer(pollBuffered)
		select {
		case <-poll.C:
		case <-s.writeDeadline.done():
			poll.Stop()
			return os.ErrDeadlineExceeded
		}
	}
	if s.writeDeadline.passed() {
		return os.ErrDeadlineExceeded
	}
	if !s.isOpen() {
		return net.ErrClosed
	}
	if s.opcode == frame.Text {
		s.ws.Call("send", string(payload))
		return nil
	}
	bytes := js.Global().Get("Uint8Array").New(len(payload))
	js.CopyBytesToJS(bytes, payload)
	s.ws.Call("send", bytes)
	return nil
}

// CheckClose returns an error for a code that a browser lets no program send.
func (s *browserSocket) CheckClose(code frame.Code) error {
	if canSend(code) || code == frame.CodeNone {
		return nil
	}
	return fmt.Errorf("websocket: close code %d: a browser sends only 1000 and 3000 to 4999", code)
}

func canSend(code frame.Code) bool {
	return code == frame.CodeNormal || code >= 3000 && code <= 4999
}

// sendClose closes the WebSocket with code and reason, unless the peer did. The
// codes that end a connection because of what the peer sent can't be sent from a
// browser; then there is none.
func (s *browserSocket) sendClose(code frame.Code, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
	case canSend(code):
		s.closing = true
		s.ws.Call("close", int(code), reason)
	default:
		s.closeLocked()
	}
}

// closeLocked closes the WebSocket without a code, if that was not done. It's called with
// s.mu held.
func (s *browserSocket) closeLocked() {
	if !s.closing {
		s.closing = true
		s.ws.Call("close")
	}
}

// Close gives the WebSocket up. A browser has no way to close the connection below
// it at once: it does a closing handshake by itself.
func (s *browserSocket) Close() error {
	s.mu.Lock()
	s.closeLocked()
	s.in, s.size = nil, 0
	s.mu.Unlock()
	s.end(net.ErrClosed)
	return nil
}

// SetReadDeadline is that of a [net.Conn].
func (s *browserSocket) SetReadDeadline(t time.Time) error {
	s.readDeadline.set(t)
	return nil
}

// SetWriteDeadline is that of a [net.Conn].
func (s *browserSocket) SetWriteDeadline(t time.Time) error {
	s.writeDeadline.set(t)
	return nil
}

var errAllWritten = errors.New("all that was written has been read")

// outgoing is what was given to Write, to be read as frames.
type outgoing struct{ p []byte }

func (o *outgoing) Read(p []byte) (int, error) {
	if len(o.p) == 0 {
		return 0, errAllWritten
	}
	n := copy(p, o.p)
	o.p = o.p[n:]
	return n, nil
}

// deadline ends the waiting of a call when its time comes.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	ch    chan struct{} // closed when the deadline has passed
}

func (d *deadline) init() { d.ch = make(chan struct{}) }

// set makes t the deadline, for calls that wait already too. The zero time is none.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.ch // the timer is about to close it, or has
	}
	d.timer = nil
	select {
	case <-d.ch:
		d.ch = make(chan struct{})
	default:
	}
	switch left := time.Until(t); {
	case t.IsZero():
	case left > 0:
		ch := d.ch
		d.timer = time.AfterFunc(left, func() { close(ch) })
	default:
		close(d.ch)
	}
}

func (d *deadline) done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ch
}

func (d *deadline) passed() bool {
	select {
	case <-d.done():
		return true
	default:
		return false
	}
}
