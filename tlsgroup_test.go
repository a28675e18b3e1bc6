package websocket_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
	"hawser/websocket/internal/belowtls"
)

// cork is the connection below a client's TLS that keeps what is written until it's
// told to send it, so that several records arrive together.
type cork struct {
	net.Conn
	kept []byte
	on   bool
}

func (c *cork) Write(p []byte) (int, error) {
	if !c.on {
		return c.Conn.Write(p)
	}
	c.kept = append(c.kept, p...)
	return len(p), nil
}

// send sends n bytes of what is kept.
func (c *cork) send(t testing.TB, n int) {
	t.Helper()
	if _, err := c.Conn.Write(c.kept[:n]); err != nil {
		t.Fatal(err)
	}
	c.kept = c.kept[n:]
}

// echoOverTLS returns the client's end of a TLS connection to an echo, below which
// it's corked. What is below the server's TLS is ours or net's.
func echoOverTLS(t testing.TB, ours bool) (*tls.Conn, *cork) {
	t.Helper()
	a, b := netPair(t)
	if ours {
		b = belowtls.New(b)
	}
	tb := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{certificate()}})
	k := &cork{Conn: a}
	ta := tls.Client(k, &tls.Config{InsecureSkipVerify: true})
	go ta.Handshake()
	if err := tb.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := ta.Handshake(); err != nil {
		t.Fatal(err)
	}
	s := websocket.NewConn(tb, websocket.Setup{Role: frame.Server}, websocket.Config{})
	t.Cleanup(func() { s.CloseNow() })
	goEcho(s)
	k.on = true
	return ta, k
}

func record(t testing.TB, w io.Writer, p []byte) {
	t.Helper()
	if _, err := w.Write(p); err != nil {
		t.Fatal(err)
	}
}

// TestTLSAnswersTogether: a peer that sends many records at once gets its answers in
// fewer, and in order.
func TestTLSAnswersTogether(t *testing.T) {
	t.Parallel()
	for _, ours := range []bool{false, true} {
		for _, size := range []int{100, 1000} {
			t.Run(fmt.Sprintf("ours %v, %d bytes", ours, size), func(t *testing.T) {
				t.Parallel()
				most := 16 / 3
				if size == 1000 && !ours { // TLS itself reads two or three of these at once
					most = 15
				}
				if n := fewestRecords(t, ours, size); n > most {
					t.Errorf("16 answers came in %d records", n)
				}
			})
		}
	}
}

// fewestRecords returns in how many records the answers to 16 messages come, at best.
func fewestRecords(t *testing.T, ours bool, size int) int {
	c, k := echoOverTLS(t, ours)
	const messages = 16
	fewest := messages
	for range 20 { // an echo that takes its time between two messages may send more
		var want []byte
		for i := range messages {
			p := bytes.Repeat([]byte{byte(i)}, size)
			record(t, c, frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Key: [4]byte{1, 2, 3, 4}}, p))
			want = frame.Append(want, frame.Header{Fin: true, Opcode: frame.Binary}, p)
		}
		k.send(t, len(k.kept))
		got, buf, records := []byte(nil), make([]byte, 16<<10), 0
		for ; len(got) < len(want); records++ {
			n, err := c.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, buf[:n]...)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("got %x instead of %x", got, want)
		}
		fewest = min(fewest, records)
	}
	return fewest
}

// TestTLSHoldsNothingBack: a message is answered though only a part of what follows it
// has arrived, be it a part of a record or a record with a part of a frame. The peer
// waits for the answer before it sends more.
func TestTLSHoldsNothingBack(t *testing.T) {
	t.Parallel()
	for _, ours := range []bool{false, true} {
		t.Run(fmt.Sprintf("ours %v", ours), func(t *testing.T) {
			t.Parallel()
			testHoldsNothingBack(t, ours)
		})
	}
}

func testHoldsNothingBack(t *testing.T, ours bool) {
	one := frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Key: [4]byte{1, 2, 3, 4}}, make([]byte, 100))
	answer := frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Binary}, make([]byte, 100))
	expect := func(t *testing.T, c *tls.Conn, n int) {
		t.Helper()
		got := make([]byte, n*len(answer))
		if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, bytes.Repeat(answer, n)) {
			t.Fatalf("%x, %v", got, err)
		}
	}
	c, k := echoOverTLS(t, ours)
	for cut := 1; cut < 130; cut++ {
		// Parts of a record, behind two whole ones.
		record(t, c, one)
		record(t, c, one)
		whole := len(k.kept)
		record(t, c, one)
		k.send(t, min(whole+cut, len(k.kept)-1))
		expect(t, c, 2)
		k.send(t, len(k.kept))
		expect(t, c, 1)
		// A record with a part of a frame, behind one with a message.
		at := min(cut, len(one)-1)
		record(t, c, one)
		record(t, c, one[:at])
		k.send(t, len(k.kept))
		expect(t, c, 1)
		record(t, c, one[at:])
		k.send(t, len(k.kept))
		expect(t, c, 1)
		// Both in one record.
		record(t, c, append(bytes.Clone(one), one[:at]...))
		k.send(t, len(k.kept))
		expect(t, c, 1)
		record(t, c, one[at:])
		k.send(t, len(k.kept))
		expect(t, c, 1)
	}
}

func framed(op frame.Opcode, fin bool, p string) []byte {
	h := frame.Header{Fin: fin, Opcode: op}
	return h.AppendFrame(nil, []byte(p))
}

// TestTLSRecordsOfOneByte sends messages in records of one byte each. The last one is
// the message's last byte: nothing comes after it that could be waited for.
func TestTLSRecordsOfOneByte(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 100)
	hello := []byte{0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00} // RFC 7692 section 7.2.3.1
	halves := append(framed(frame.Text, false, "in "), framed(frame.Continuation, true, "two")...)
	for name, below := range map[string]func(net.Conn) net.Conn{
		"net's":   func(nc net.Conn) net.Conn { return nc },
		"ours":    belowtls.New,
		"another": func(nc net.Conn) net.Conn { return wrapped{nc} },
	} {
		for _, tt := range []struct {
			name     string
			bytes    []byte
			want     string
			deflated bool
		}{
			{"short", framed(frame.Text, true, "hello"), "hello", false},
			{"empty", framed(frame.Text, true, ""), "", false},
			{"long", framed(frame.Text, true, long), long, false},
			{"in fragments", halves, "in two", false},
			{"compressed", hello, "Hello", true},
		} {
			for _, streamed := range []bool{false, true} {
				t.Run(fmt.Sprint(name, "/", tt.name, "/", streamed), func(t *testing.T) {
					t.Parallel()
					a, b := netPair(t)
					tb := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{certificate()}})
					ta := tls.Client(below(a), &tls.Config{InsecureSkipVerify: true})
					go tb.Handshake()
					if err := ta.Handshake(); err != nil {
						t.Fatal(err)
					}
					setup := websocket.Setup{Role: frame.Client}
					if tt.deflated {
						setup.Deflate = &handshake.Deflate{ServerWindowBits: 15, ClientWindowBits: 15}
					}
					c := websocket.NewConn(ta, setup, websocket.Config{Compression: &websocket.Compression{}})
					defer c.CloseNow()
					go func() {
						for i := range tt.bytes {
							tb.Write(tt.bytes[i : i+1])
						}
					}()
					var got []byte
					var err error
					if streamed {
						var r io.Reader
						if _, r, err = c.Reader(ctx); err == nil {
							got, err = io.ReadAll(r)
						}
					} else {
						_, got, err = c.Read(ctx)
					}
					if err != nil || string(got) != tt.want {
						t.Errorf("%q, %v; want %q", got, err, tt.want)
					}
				})
			}
		}
	}
}
