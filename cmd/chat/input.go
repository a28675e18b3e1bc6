package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// readPipe sends the messages of standard input, and closes at its end.
func (t *talk) readPipe() {
	in := t.o.messages(t.s.in)
	for {
		p, err := in.next()
		if err == io.EOF {
			break
		}
		var m websocket.Message
		if err == nil {
			m, err = t.message(p)
		}
		if err != nil {
			t.delivering.Lock()
			t.inputErr = fmt.Errorf("%s %w", in.place(), err)
			t.delivering.Unlock()
			t.hangUp(frame.CodeGoingAway, "")
			return
		}
		if !t.deliver(m) {
			return
		}
	}
	switch {
	case t.o.count > 0: // there is a better reason to end
	case t.o.listen != "" && t.sent.Load() == 0: // a server without an input, as below nohup
	default:
		t.settle()
		t.hangUp(frame.CodeNormal, "")
	}
}

// message is the message that a part of the input makes.
func (t *talk) message(p []byte) (websocket.Message, error) {
	if t.o.binary {
		return websocket.Message{Type: websocket.Binary, Data: p}, nil
	}
	if !utf8.Valid(p) {
		return websocket.Message{}, errors.New("is not UTF-8; -binary sends it as it is")
	}
	return websocket.Message{Type: websocket.Text, Data: p}, nil
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

// messages returns a reader that cuts r the way the flags say.
func (o *options) messages(r io.Reader) *messageReader {
	return &messageReader{
		r: bufio.NewReaderSize(r, 64<<10), max: o.maxMessage,
		end: o.end(), dropCR: !o.binary && !o.null, whole: o.whole,
	}
}

// end is what ends a message, in and out.
func (o *options) end() string {
	if o.null {
		return "\x00"
	}
	return "\n"
}

// A messageReader reads messages of limited length, by default lines.
type messageReader struct {
	r      *bufio.Reader
	max    int64  // bytes of a message
	end    string // of a message, one byte
	dropCR bool   // a carriage return before the end belongs to it
	whole  bool   // all is one message
	n      int    // the number of the message
	long   []byte // the message, if it's longer than the reader's buffer
}

// place names the message that was read last.
func (m *messageReader) place() string {
	switch {
	case m.whole:
		return "it"
	case m.end == "\n":
		return fmt.Sprintf("line %d", m.n)
	}
	return fmt.Sprintf("message %d", m.n)
}

func (m *messageReader) tooLong() error {
	return fmt.Errorf("is longer than %d bytes (-max-message)", m.max)
}

// next returns a message without its end, valid until the next call. At the end of
// the input the error is [io.EOF].
func (m *messageReader) next() ([]byte, error) {
	m.n++
	if m.whole {
		return m.rest()
	}
	if cap(m.long) > 1<<20 {
		m.long = nil
	}
	m.long = m.long[:0]
	p, err := m.r.ReadSlice(m.end[0])
	for err == bufio.ErrBufferFull {
		if int64(len(m.long)+len(p)) > m.max {
			return nil, m.tooLong()
		}
		m.long = append(m.long, p...)
		p, err = m.r.ReadSlice(m.end[0])
	}
	if len(m.long) > 0 {
		m.long = append(m.long, p...)
		p = m.long
	}
	if unreadable(err) {
		err = io.EOF
	}
	if err == io.EOF && len(p) > 0 {
		err = nil
	}
	if q, ok := bytes.CutSuffix(p, []byte(m.end)); ok {
		p = q
		if m.dropCR {
			p = bytes.TrimSuffix(p, []byte("\r"))
		}
	}
	if int64(len(p)) > m.max {
		return nil, m.tooLong()
	}
	return p, err
}

// rest returns all of the input, once.
func (m *messageReader) rest() ([]byte, error) {
	if m.n > 1 {
		return nil, io.EOF
	}
	p, err := io.ReadAll(io.LimitReader(m.r, m.max+1))
	switch {
	case unreadable(err) && len(p) == 0:
		return nil, io.EOF
	case err != nil && !unreadable(err):
		return nil, err
	case int64(len(p)) > m.max:
		return nil, m.tooLong()
	}
	return p, nil
}
