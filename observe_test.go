package websocket_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
	"hawser/websocket/handshake"
)

// observed is what one side of a conversation put on the wire.
type observed struct {
	messages []string // whole ones, inflated
	closed   bool     // there was a Close frame
	torn     bool     // the last frame or message lacks its end
}

// observe parses the bytes that an endpoint of the given role has written. They
// must be frames in legal order with at most one Close frame and nothing after
// it; only the last one may be cut short.
func observe(t testing.TB, role frame.Role, agreed *handshake.Deflate, wire []byte) (o observed) {
	t.Helper()
	rules := frame.Rules{Role: 1 - role}
	var d *deflate.Decoder
	if agreed != nil {
		rules.Rsv = frame.Rsv1
		noTakeover, bits := agreed.ServerNoTakeover, agreed.ServerWindowBits
		if role == frame.Client {
			noTakeover, bits = agreed.ClientNoTakeover, agreed.ClientWindowBits
		}
		d = deflate.NewDecoder(deflate.Config{WindowBits: bits, Takeover: !noTakeover})
	}
	rd := frame.NewReader(bytes.NewReader(wire), rules, 0)
	var message []byte
	var text, compressed bool
	inMessage := false
	for {
		h, err := rd.Next()
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			o.torn = err != io.EOF || inMessage
			return o
		}
		if err != nil {
			t.Errorf("%v sent a bad frame after %d messages: %v", role, len(o.messages), err)
			return o
		}
		if o.closed {
			t.Errorf("%v sent a %v frame of %d bytes after its Close frame", role, h.Opcode, h.Length)
			return o
		}
		p, err := rd.Payload()
		if err != nil {
			o.torn = true
			return o
		}
		switch {
		case h.Opcode == frame.Close:
			o.closed = true
			if _, _, err := frame.ParseClose(p); err != nil {
				t.Errorf("%v sent a bad Close frame: %v", role, err)
			}
			continue
		case h.Opcode.IsControl():
			continue
		case h.Opcode != frame.Continuation:
			message = nil
			text, compressed = h.Opcode == frame.Text, h.Rsv != 0
		}
		message = append(message, p...)
		if inMessage = !h.Fin; inMessage {
			continue
		}
		if compressed {
			if message, err = d.Append(nil, message, 64<<20); err != nil {
				t.Errorf("%v sent a message that can't be inflated: %v", role, err)
				return o
			}
		}
		if text && !utf8.Valid(message) {
			t.Errorf("%v sent a text that isn't UTF-8", role)
		}
		o.messages = append(o.messages, string(message))
	}
}

// isPrefix reports whether got is the beginning of all.
func isPrefix(got, all []string) bool {
	if len(got) > len(all) {
		return false
	}
	for i := range got {
		if got[i] != all[i] {
			return false
		}
	}
	return true
}

// tappedPair returns the ends of a TCP connection with somebody in between who
// records what the client and the server send.
func tappedPair(t *testing.T) (client, server net.Conn, wire func() [2][]byte) {
	client, a := netPair(t)
	b, server := netPair(t)
	var recorded [2]strings.Builder
	var wg sync.WaitGroup
	tap := func(from, to net.Conn, record *strings.Builder) {
		if _, err := io.Copy(to, io.TeeReader(from, record)); err != nil {
			to.(*net.TCPConn).SetLinger(0) // as it was a reset, or will be one
			from.(*net.TCPConn).SetLinger(0)
			to.Close()
			from.Close()
			return
		}
		to.(*net.TCPConn).CloseWrite()
	}
	wg.Go(func() { tap(a, b, &recorded[frame.Client]) })
	wg.Go(func() { tap(b, a, &recorded[frame.Server]) })
	return client, server, func() [2][]byte {
		wg.Wait()
		var wire [2][]byte
		for i := range recorded {
			wire[i] = []byte(recorded[i].String())
		}
		return wire
	}
}
