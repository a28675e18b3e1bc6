package websocket

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"
	"unicode/utf8"

	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
	"hawser/websocket/handshake"
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
	const server, deflated, takeover, streamed = 1, 2, 4, 8 // bits of how
	f.Add(client(masked(frame.Text, true, "hello"), masked(frame.Close, true, "\x03\xe8")), uint8(3), uint8(server))
	f.Add(client(masked(frame.Text, false, "h\xc3"), masked(frame.Ping, true, "?"), masked(0, true, "\xa9")), uint8(1), uint8(server|streamed))
	f.Add(client(masked(frame.Binary, true, string(make([]byte, 5000)))), uint8(200), uint8(server))
	f.Add([]byte("\x81\x05hello\x88\x02\x03\xe8"), uint8(0), uint8(0))
	f.Add([]byte("\x01\x01\xff"), uint8(0), uint8(0))
	f.Add([]byte("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), uint8(0), uint8(0))
	f.Add([]byte("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"), uint8(2), uint8(deflated|takeover))
	f.Add([]byte("\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00\xc2\x05\xf2\x00\x11\x00\x00"), uint8(0), uint8(deflated|streamed))
	f.Fuzz(func(t *testing.T, in []byte, step, how uint8) {
		setup := Setup{Role: frame.Client}
		if how&server != 0 {
			setup.Role = frame.Server
		}
		if how&deflated != 0 {
			setup.Deflate = &handshake.Deflate{ServerNoTakeover: how&takeover == 0, ClientNoTakeover: how&takeover == 0}
		}
		tr := &fuzzTransport{in: in, step: int(step) + 1}
		c := NewConn(tr, setup, Config{MaxMessage: 1 << 16, MaxFragments: 64, PingInterval: -1, WriteTimeout: -1})
		var sent []Message
		for {
			var m Message
			var err error
			if how&streamed != 0 {
				var r io.Reader
				if m.Type, r, err = c.Reader(context.Background()); err == nil {
					m.Data, err = io.ReadAll(r)
				}
			} else {
				m.Type, m.Data, err = c.Read(context.Background())
			}
			if err != nil {
				break
			}
			if len(m.Data) > 1<<16 {
				t.Errorf("message of %d bytes", len(m.Data))
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
		check(t, tr.out, setup, sent)
	})
}

// check parses what the Conn has written: the echoes in their order, pongs, and
// nothing behind a Close frame.
func check(t *testing.T, out []byte, setup Setup, want []Message) {
	rules := frame.Rules{Role: 1 - setup.Role}
	var d *deflate.Decoder
	if setup.Deflate != nil {
		rules.Rsv = frame.Rsv1
		d = deflate.NewDecoder(deflate.Config{WindowBits: DefaultWindowBits, Takeover: !setup.Deflate.ServerNoTakeover})
	}
	rd := frame.NewReader(bytes.NewReader(out), rules, 0)
	closed := false
	var message Message
	compressed := false
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
			if h.Opcode != frame.Continuation {
				message = Message{Type: MessageType(h.Opcode)}
				compressed = h.Rsv != 0
			}
			message.Data = append(message.Data, p...)
			if !h.Fin {
				continue
			}
			if compressed {
				if message.Data, err = d.Append(nil, message.Data, 1<<16); err != nil {
					t.Fatal(err)
				}
			}
			if len(want) == 0 || message.Type != want[0].Type || !bytes.Equal(message.Data, want[0].Data) {
				t.Fatalf("unexpected %v of %d bytes", message.Type, len(message.Data))
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
