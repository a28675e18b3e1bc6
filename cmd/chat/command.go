package main

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"hawser/websocket"
	"hawser/websocket/cmd/internal/text"
	"hawser/websocket/frame"
)

const help = `/ping [data]            ask for a sign of life and show how long it took
/pong [data]            give one unasked
/binary hex|@file       send a binary message
/file path              send a file as one message: text if it's UTF-8, else binary
/save path              save the latest message received
/close [code [reason]]  close the connection
/reconnect              close it and connect again
/status                 show the state of the connection
//text                  send a message that begins with a slash
Alt-Enter               begin another line of the same message
Ctrl-D, Ctrl-C          close the connection and leave`

// command obeys a command. It returns the message to send, if that's what it's
// for.
func (t *talk) command(line string) (*websocket.Message, error) {
	name, args, _ := strings.Cut(strings.TrimSpace(line), " ")
	args = strings.TrimSpace(args)
	peers := *t.peers.Load()
	switch name {
	case "ping", "pong":
		if len(args) > frame.MaxControlPayload {
			return nil, fmt.Errorf("the data of /%s has %d bytes; %d are possible", name, len(args), frame.MaxControlPayload)
		}
		fallthrough
	case "close":
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
			t.s.spawn(func() { t.ping(p, args) })
		}
	case "pong":
		for _, p := range peers {
			if err := p.Pong(context.Background(), []byte(args)); err != nil {
				return nil, err
			}
		}
	case "close":
		return nil, t.closeAll(peers, args)
	case "reconnect":
		return nil, t.reconnect(peers)
	case "status":
		t.showStatus(peers)
	case "binary":
		p, err := t.binary(args)
		return &websocket.Message{Type: websocket.Binary, Data: p}, err
	case "file":
		p, err := readFile(args, t.o.maxMessage)
		m := &websocket.Message{Type: websocket.Text, Data: p}
		if !utf8.Valid(p) {
			m.Type = websocket.Binary
		}
		return m, err
	case "save":
		return nil, t.saveLatest(args)
	default:
		return nil, fmt.Errorf("unknown command /%s; /help lists them", name)
	}
	return nil, nil
}

func (t *talk) reconnect(peers []*peer) error {
	if t.o.listen != "" {
		return errors.New("with -listen the others connect")
	}
	if len(peers) == 0 {
		select {
		case t.hurry <- struct{}{}:
		default:
		}
		return nil
	}
	t.redial.Store(true)
	for _, p := range peers {
		t.s.spawn(func() { p.Close(frame.CodeNormal, "") })
	}
	return nil
}

func (t *talk) saveLatest(name string) error {
	p := t.latest.Load()
	switch {
	case name == "":
		return errors.New("/save wants the name of a file")
	case p == nil:
		return errors.New("nothing was received")
	}
	if err := saveFile(name, *p); err != nil {
		return err
	}
	t.s.status("saved %s", count(len(*p), "byte"))
	return nil
}

// maxPing is how long a pong is waited for.
const maxPing = 10 * time.Second

func (t *talk) ping(p *peer, data string) {
	ctx, cancel := context.WithTimeout(t.ctx, maxPing)
	defer cancel()
	var payload []byte // nil is one that no other ping has
	if data != "" {
		payload = []byte(data)
		data = " " + text.Escape(data)
	}
	d, err := p.Ping(ctx, payload)
	switch {
	case err == nil:
		t.roundTrip.Store(int64(d))
		t.s.status("pong%s%s after %v", data, t.from(p), d.Round(time.Microsecond))
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
	reason = strings.TrimSpace(reason)
	if len(reason) > frame.MaxReason {
		return fmt.Errorf("the reason has %d bytes; %d are possible", len(reason), frame.MaxReason)
	}
	if t.o.listen == "" {
		t.leaving.Store(true)
	}
	for _, p := range peers {
		t.s.spawn(func() { p.Close(code, reason) })
	}
	return nil
}

func (t *talk) binary(args string) ([]byte, error) {
	if file, ok := strings.CutPrefix(args, "@"); ok {
		return readFile(file, t.o.maxMessage)
	}
	p, err := hex.DecodeString(strings.Join(strings.Fields(args), ""))
	if err != nil {
		return nil, errors.New("/binary wants pairs of hex digits, or @file")
	}
	return p, nil
}

func (t *talk) showStatus(peers []*peer) {
	if t.o.listen != "" {
		t.s.status("listening on %s", t.o.listen)
	} else {
		t.s.status("%s", text.Escape(hideInURL(t.o.url)))
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
