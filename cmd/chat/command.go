package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"hawser/websocket"
	"hawser/websocket/cmd/internal/text"
	"hawser/websocket/frame"
)

const help = `/ping                   ask for a sign of life and show how long it took
/pong                   give one unasked
/binary hex|@file       send a binary message
/file path              send a file as one message: text if it's UTF-8, else binary
/close [code [reason]]  close the connection
/reconnect              close it and connect again
/status                 show the state of the connection
//text                  send a message that begins with a slash
Ctrl-D, Ctrl-C          close the connection and leave`

// readTerminal deals with the lines that the user types, until the end of input.
// They are read by another goroutine, so that typing goes on while a message is
// waiting to be sent.
func (t *talk) readTerminal() {
	lines := make(chan string, 64)
	t.s.spawn(func() {
		defer close(lines)
		read := t.lineSource()
		for line, err := read(); err == nil; line, err = read() {
			lines <- line
		}
	})
	var kept []websocket.Message // that could not be sent yet
	for {
		changed := t.change()
		kept = t.sendKept(kept)
		select {
		case line, ok := <-lines:
			if !ok {
				if len(kept) > 0 {
					t.s.failure("%s not sent", count(len(kept), "message"))
				}
				t.hangUp(frame.CodeNormal, "")
				return
			}
			m, ok := t.typed(line)
			if !ok || len(kept) == 0 && t.send(m) {
				break
			}
			if t.o.listen != "" {
				t.s.failure("nobody is connected")
				break
			}
			kept = append(kept, m)
			t.s.status("not connected; %s kept until then", count(len(kept), "message"))
		case <-changed:
		}
	}
}

func (t *talk) lineSource() func() (string, error) {
	if t.s.term != nil {
		return t.s.term.ReadLine
	}
	lines := lineReader{r: bufio.NewReader(t.s.in), max: t.o.maxMessage}
	return func() (string, error) {
		line, err := lines.next()
		if err != nil && err != io.EOF {
			t.s.failure("input error: line %d %v", lines.n, err)
		}
		return string(line), err
	}
}

func (t *talk) sendKept(kept []websocket.Message) []websocket.Message {
	n := 0
	for n < len(kept) && t.send(kept[n]) {
		n++
	}
	if n > 0 {
		t.s.status("sent %s that had been kept", count(n, "message"))
	}
	return kept[n:]
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

// typed returns the message that a line makes. Commands are obeyed, and make one
// only if that is what they are for.
func (t *talk) typed(line string) (websocket.Message, bool) {
	if command, ok := strings.CutPrefix(line, "/"); ok && !strings.HasPrefix(command, "/") {
		if t.s.term != nil {
			t.s.show(t.s.paint(faint, text.Escape(line)))
		}
		m, err := t.command(command)
		if err != nil {
			t.s.failure("%s", text.Escape(err.Error()))
		}
		if err != nil || m == nil {
			return websocket.Message{}, false
		}
		t.s.sent(*m)
		return *m, true
	} else if ok {
		line = command
	}
	m, err := t.message([]byte(line))
	if err != nil {
		t.s.failure("input error: the line %v", err)
		return m, false
	}
	t.s.sent(m)
	return m, true
}

// command obeys a command. It returns the message to send, if that's what it's
// for.
func (t *talk) command(line string) (*websocket.Message, error) {
	name, args, _ := strings.Cut(strings.TrimSpace(line), " ")
	args = strings.TrimSpace(args)
	peers := *t.peers.Load()
	switch name {
	case "ping", "pong", "close":
		if len(peers) == 0 {
			return nil, errors.New("not connected")
		}
	}
	switch name {
	case "help":
		for line := range strings.SplitSeq(help, "\n") {
			t.s.status("%s", line)
		}
	case "ping":
		for _, p := range peers {
			t.s.spawn(func() { t.ping(p) })
		}
	case "pong":
		for _, p := range peers {
			if err := p.Pong(context.Background(), nil); err != nil {
				return nil, err
			}
		}
	case "close":
		return nil, t.closeAll(peers, args)
	case "reconnect":
		if t.o.listen != "" {
			return nil, errors.New("with -listen the others connect")
		}
		if len(peers) == 0 {
			select {
			case t.hurry <- struct{}{}:
			default:
			}
			break
		}
		t.redial.Store(true)
		for _, p := range peers {
			t.s.spawn(func() { p.Close(frame.CodeNormal, "") })
		}
	case "status":
		t.showStatus(peers)
	case "binary":
		p, err := t.binary(args)
		return &websocket.Message{Type: websocket.Binary, Data: p}, err
	case "file":
		p, err := t.readFile(args)
		m := &websocket.Message{Type: websocket.Text, Data: p}
		if !utf8.Valid(p) {
			m.Type = websocket.Binary
		}
		return m, err
	default:
		return nil, fmt.Errorf("unknown command /%s; /help lists them", name)
	}
	return nil, nil
}

// maxPing is how long a pong is waited for.
const maxPing = 10 * time.Second

func (t *talk) ping(p *peer) {
	ctx, cancel := context.WithTimeout(t.ctx, maxPing)
	defer cancel()
	d, err := p.Ping(ctx, nil)
	switch {
	case err == nil:
		t.roundTrip.Store(int64(d))
		t.s.status("pong%s after %v", t.from(p), d.Round(time.Microsecond))
	case ctx.Err() == context.DeadlineExceeded:
		t.s.failure("no pong%s in %v", t.from(p), maxPing)
	}
}

func (t *talk) closeAll(peers []*peer, args string) error {
	number, reason, _ := strings.Cut(args, " ")
	code := frame.CodeNormal
	if number != "" {
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || !frame.Code(n).Sendable() {
			return fmt.Errorf("%s is not a close code: 1000 to 4999, but for some", number)
		}
		code = frame.Code(n)
	}
	if t.o.listen == "" {
		t.leaving.Store(true)
	}
	for _, p := range peers {
		t.s.spawn(func() { p.Close(code, strings.TrimSpace(reason)) })
	}
	return nil
}

func (t *talk) binary(args string) ([]byte, error) {
	if file, ok := strings.CutPrefix(args, "@"); ok {
		return t.readFile(file)
	}
	p, err := hex.DecodeString(strings.Join(strings.Fields(args), ""))
	if err != nil {
		return nil, errors.New("/binary wants pairs of hex digits, or @file")
	}
	return p, nil
}

func (t *talk) readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := io.ReadAll(io.LimitReader(f, t.o.maxMessage+1))
	if err == nil && int64(len(p)) > t.o.maxMessage {
		err = fmt.Errorf("%s is longer than %d bytes (-max-message)", name, t.o.maxMessage)
	}
	return p, err
}

func (t *talk) showStatus(peers []*peer) {
	if t.o.listen != "" {
		t.s.status("listening on %s", t.o.listen)
	} else if u, err := url.Parse(t.o.url); err == nil {
		t.s.status("%s", text.Escape(u.Redacted()))
	}
	for _, p := range peers {
		line := fmt.Sprintf("connected to %v for %v", p.RemoteAddr(), time.Since(p.since).Round(time.Second))
		if t.o.listen != "" {
			line = "client" + p.name() + " " + line
		}
		if p.Subprotocol() != "" {
			line += ", subprotocol " + p.Subprotocol()
		}
		if c, ok := p.Transport().(*tls.Conn); ok {
			line += ", " + tls.VersionName(c.ConnectionState().Version)
		}
		t.s.status("%s", line)
	}
	if len(peers) == 0 {
		t.s.status("not connected")
	}
	line := fmt.Sprintf("%s sent, %d received", count(int(t.sent.Load()), "message"), t.received.Load())
	if d := time.Duration(t.roundTrip.Load()); d > 0 {
		line += fmt.Sprintf(", last round trip %v", d.Round(time.Microsecond))
	}
	t.s.status("%s", line)
}
