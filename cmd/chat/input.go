package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// readPipe sends each line of standard input as a message, and closes at its end.
func (t *talk) readPipe() {
	lines := lineReader{r: bufio.NewReaderSize(t.s.in, 64<<10), max: t.o.maxMessage}
	for {
		line, err := lines.next()
		if err == io.EOF {
			break
		}
		var m websocket.Message
		if err == nil {
			m, err = t.message(line)
		}
		if err != nil {
			t.delivering.Lock()
			t.inputErr = fmt.Errorf("line %d %w", lines.n, err)
			t.delivering.Unlock()
			t.hangUp(frame.CodeGoingAway, "")
			return
		}
		if !t.deliver(m) {
			return
		}
	}
	if t.o.count == 0 { // else there is a better reason to end
		t.settle()
		t.hangUp(frame.CodeNormal, "")
	}
}

// message is the message that a line makes.
func (t *talk) message(line []byte) (websocket.Message, error) {
	if t.o.binary {
		return websocket.Message{Type: websocket.Binary, Data: line}, nil
	}
	if !utf8.Valid(line) {
		return websocket.Message{}, errors.New("is not UTF-8; -binary sends it as it is")
	}
	return websocket.Message{Type: websocket.Text, Data: line}, nil
}

// deliver sends m, to the next connection if there is none. It returns false if
// there will be none.
func (t *talk) deliver(m websocket.Message) bool {
	t.delivering.Lock()
	defer t.delivering.Unlock()
	t.s.sent(m)
	for told := false; ; told = true {
		changed := t.change()
		if t.send(m) {
			return true
		}
		if !told && t.o.reconnect {
			t.s.status("the line is kept until the connection is back")
		}
		select {
		case <-changed:
		case <-t.ended:
			t.unsent = true
			return false
		}
	}
}

// settle waits, with all sent, for what is still to come back. Some servers
// forget what they have not yet answered once they see a Close frame, so ours
// must not come before the answers. Nothing says which is the last one; so it
// waits for a silence, which is short when as many messages came as were sent.
// While standard output is slow there is no silence.
func (t *talk) settle() {
	const steps = 8
	step := t.o.wait / steps
	if step == 0 {
		return
	}
	tick := time.NewTicker(step)
	defer tick.Stop()
	last := t.received.Load()
	for quiet, n := 0, 0; n < 50*steps; {
		select {
		case <-tick.C:
		case <-t.ended:
			return
		case <-t.ctx.Done():
			return
		}
		received := t.received.Load()
		switch {
		case t.showing.Load() > 0:
			quiet = 0
			continue
		case received != last:
			quiet, last = 0, received
		default:
			quiet++
		}
		n++
		if quiet == steps || quiet >= steps/4 && received >= t.sent.Load() {
			return
		}
	}
}

// hangUp closes all connections and ends the program. What comes until the peers
// close too is still received.
func (t *talk) hangUp(code frame.Code, reason string) {
	t.leaving.Store(true)
	for {
		changed := t.change()
		peers := *t.peers.Load()
		for _, p := range peers {
			p.CloseWrite(code, reason)
		}
		if len(peers) == 0 {
			t.stop(errLeft)
			return
		}
		select {
		case <-changed:
		case <-t.ended:
			return
		}
	}
}

// A lineReader reads lines of limited length.
type lineReader struct {
	r    *bufio.Reader
	max  int64
	n    int    // the number of the line
	long []byte // the line, if it's longer than the reader's buffer
}

// next returns a line without its end, valid until the next call.
func (l *lineReader) next() ([]byte, error) {
	l.n++
	if cap(l.long) > 1<<20 {
		l.long = nil
	}
	l.long = l.long[:0]
	line, err := l.r.ReadSlice('\n')
	for err == bufio.ErrBufferFull {
		if int64(len(l.long)+len(line)) > l.max {
			return nil, fmt.Errorf("is longer than %d bytes", l.max)
		}
		l.long = append(l.long, line...)
		line, err = l.r.ReadSlice('\n')
	}
	if len(l.long) > 0 {
		l.long = append(l.long, line...)
		line = l.long
	}
	if err == io.EOF && len(line) > 0 {
		err = nil
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	if int64(len(line)) > l.max {
		return nil, fmt.Errorf("is longer than %d bytes", l.max)
	}
	return line, err
}
