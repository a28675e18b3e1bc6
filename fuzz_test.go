package websocket

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"
	"unicode/utf8"

	"hawser/websocket/frame"
)

// FuzzConn feeds a Conn with arbitrary bytes, in pieces of arbitrary sizes, and
// looks at what it makes of them and what it answers. It's the only fuzz target
// of this package, so that `go test -fuzz ./frame`, for which ./frame is a
// pattern and not a package, has exactly one to run; it goes through package
// frame all the same.
func FuzzConn(f *testing.F) {
	client := func(frames ...[]byte) []byte { return bytes.Join(frames, nil) }
	masked := func(op frame.Opcode, fin bool, s string) []byte {
		return frame.Append(nil, frame.Header{Fin: fin, Opcode: op, Masked: true, Key: [4]byte{1, 2, 3, 4}}, []byte(s))
	}
	f.Add(client(masked(frame.Text, true, "hello"), masked(frame.Close, true, "\x03\xe8")), uint8(3), true)
	f.Add(client(masked(frame.Text, false, "h\xc3"), masked(frame.Ping, true, "?"), masked(0, true, "\xa9")), uint8(1), true)
	f.Add(client(masked(frame.Binary, true, string(make([]byte, 5000)))), uint8(200), true)
	f.Add([]byte("\x81\x05hello\x88\x02\x03\xe8"), uint8(0), false)
	f.Add([]byte("\x01\x01\xff"), uint8(0), false)
	f.Add([]byte("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), uint8(0), false)
	f.Fuzz(func(t *testing.T, in []byte, step uint8, server bool) {
		role := frame.Client
		if server {
			role = frame.Server
		}
		tr := &fuzzTransport{in: in, step: int(step) + 1}
		c := NewConn(tr, Setup{Role: role}, Config{MaxMessage: 1 << 16, MaxFragments: 64, PingInterval: -1, WriteTimeout: -1})
		var sent []Message
		for m, err := range c.Messages(context.Background()) {
			if err != nil {
				break
			}
			if m.Type == Text && !utf8.Valid(m.Data) {
				t.Errorf("text % x is not UTF-8", m.Data)
			}
			m.Data = bytes.Clone(m.Data)
			sent = append(sent, m)
			if err := c.Write(context.Background(), m.Type, m.Data); err != nil {
				t.Fatal(err) // as nothing has ended yet
			}
		}
		<-c.Done()
		check(t, tr.out, role, sent)
	})
}

// check parses what the Conn has written: the echoes in their order, pongs, and
// nothing behind a Close frame.
func check(t *testing.T, out []byte, role frame.Role, want []Message) {
	rd := frame.NewReader(bytes.NewReader(out), frame.Rules{Role: 1 - role}, 0)
	closed := false
	for {
		h, err := rd.Next()
		if err == io.EOF {
			break
		}
		if err != nil || closed {
			t.Fatalf("%+v, %v, after a close frame: %v", h, err, closed)
		}
		p, err := rd.Payload()
		if err != nil {
			t.Fatal(err)
		}
		switch h.Opcode {
		case frame.Close:
			closed = true
			if _, _, err := frame.ParseClose(p); err != nil {
				t.Error(err)
			}
		case frame.Pong:
		default:
			if len(want) == 0 || MessageType(h.Opcode) != want[0].Type || !bytes.Equal(p, want[0].Data) {
				t.Fatalf("unexpected %v of %d bytes", h.Opcode, len(p))
			}
			want = want[1:]
		}
	}
	if len(want) > 0 {
		t.Errorf("%d echoes are missing", len(want))
	}
}

// fuzzTransport is a stream that has it all.
type fuzzTransport struct {
	in   []byte
	step int
	out  []byte
}

func (f *fuzzTransport) Read(p []byte) (int, error) {
	if len(f.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), f.step)], f.in)
	f.in = f.in[n:]
	return n, nil
}

func (f *fuzzTransport) Write(p []byte) (int, error) {
	f.out = append(f.out, p...)
	return len(p), nil
}

func (f *fuzzTransport) Close() error                     { return nil }
func (f *fuzzTransport) SetReadDeadline(time.Time) error  { return nil }
func (f *fuzzTransport) SetWriteDeadline(time.Time) error { return nil }
