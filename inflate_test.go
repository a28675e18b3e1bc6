package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
	"hawser/websocket/handshake"
)

// TestInflate has the examples of RFC 7692 section 7.2.3, and others: frames
// that a server sends, and what they mean.
func TestInflate(t *testing.T) {
	t.Parallel()
	const hello = "f2 48 cd c9 c9 07 00"
	tests := []struct {
		name   string
		frames string
		want   []string
		agreed handshake.Deflate
		err    frame.Code // of the breach, 0 if there is none
	}{
		{"7.2.3.1_one_block", "c1 07" + hello, []string{"Hello"}, noTakeover, 0},
		{"7.2.3.1_fragmented", "41 03 f2 48 cd 80 04 c9 c9 07 00", []string{"Hello"}, noTakeover, 0},
		{"7.2.3.1_fragmented_around_a_ping", "41 03 f2 48 cd 89 00 80 04 c9 c9 07 00", []string{"Hello"}, noTakeover, 0},
		{"7.2.3.1_every_byte", "41 01 f2 00 01 48 00 00 00 01 cd 00 01 c9 00 01 c9 00 01 07 80 01 00", []string{"Hello"}, noTakeover, 0},
		{"7.2.3.2_takeover", "c1 07" + hello + "c1 05 f2 00 11 00 00", []string{"Hello", "Hello"}, handshake.Deflate{}, 0},
		{"7.2.3.3_stored", "c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00", []string{"Hello"}, noTakeover, 0},
		{"7.2.3.4_final_block", "c1 08 f3 48 cd c9 c9 07 00 00", []string{"Hello"}, noTakeover, 0},
		{"7.2.3.5_two_blocks", "c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00", []string{"Hello"}, noTakeover, 0},
		{"7.2.3.6_empty", "c1 01 00", []string{""}, noTakeover, 0},
		{"Z3_final_blocks", "c1 0f f3 48 cd c9 c9 07 00" + "f3 48 cd c9 c9 07 00" + "00", []string{"HelloHello"}, noTakeover, 0},
		{"Z3_nothing_left_off", "c1 0b" + hello + "00 00 ff ff", []string{"Hello"}, noTakeover, 0},
		{"Z3_empty_then_more", "c2 01 00 c1 07" + hello, []string{"", "Hello"}, handshake.Deflate{}, 0},
		{"Z7_empty_payload", "c1 00", []string{""}, noTakeover, 0},
		{"Z7_empty_fragments", "41 00 00 00 80 00", []string{""}, noTakeover, 0},
		{"6.2_uncompressed", "81 05 48 65 6c 6c 6f c1 07" + hello, []string{"Hello", "Hello"}, noTakeover, 0},
		{"Z4_uncompressed_between", "c1 07" + hello + "81 03 61 62 63" + "c1 05 f2 00 11 00 00", []string{"Hello", "abc", "Hello"}, handshake.Deflate{}, 0},

		{"Z7_continuation", "41 03 f2 48 cd c0 04 c9 c9 07 00", nil, noTakeover, frame.CodeProtocolError},
		{"Z7_continuation_of_uncompressed", "01 03 61 62 63 c0 07" + hello, nil, noTakeover, frame.CodeProtocolError},
		{"Z7_ping", "c9 00", nil, noTakeover, frame.CodeProtocolError},
		{"Z7_close", "c8 02 03 e8", nil, noTakeover, frame.CodeProtocolError},
		{"F6_rsv2", "e1 07" + hello, nil, noTakeover, frame.CodeProtocolError},
		{"Z2_block_type_3", "c1 02 06 00", nil, noTakeover, frame.CodeInvalidPayload},
		{"Z2_stored_length", "c1 0b 00 05 00 fa fe 48 65 6c 6c 6f 00", nil, noTakeover, frame.CodeInvalidPayload},
		{"Z2_before_the_start", "c1 05 f2 00 11 00 00", nil, noTakeover, frame.CodeInvalidPayload},
		{"Z2_cut_short", "c1 03 f2 48 cd", nil, noTakeover, frame.CodeInvalidPayload},
		{"Z5_no_takeover", "c1 07" + hello + "c1 05 f2 00 11 00 00", []string{"Hello"}, noTakeover, frame.CodeInvalidPayload},
		{"8.1_not_UTF-8", "c1 03 fa 07 00", nil, noTakeover, frame.CodeInvalidPayload},
		{"U5_noncharacters", "c1 0c 00 06 00 f9 ff ef bf be ef bf bf 00", []string{"\uFFFE\uFFFF"}, noTakeover, 0},
		{"U5_surrogate", "c1 09 00 03 00 fc ff ed a0 80 00", nil, noTakeover, frame.CodeInvalidPayload},
		{"U5_cut_at_the_end", "c1 08 00 02 00 fd ff e2 82 00", nil, noTakeover, frame.CodeInvalidPayload},
	}
	for _, test := range tests {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", test.name, stream), func(t *testing.T) {
				t.Parallel()
				c, p := withDeflatePeer(t, frame.Client, test.agreed, websocket.Config{})
				go func() {
					// In one write: after a breach the connection may be closed before a second.
					p.write(append(unhex(t, test.frames), p.bytes(frame.Header{Fin: true, Opcode: frame.Close}, "\x03\xe8")...))
					for { // until the answer
						if h, _, err := p.next(); err != nil || h.Opcode == frame.Close {
							p.Close()
							return
						}
					}
				}()
				var got []string
				var err error
				for {
					var b []byte
					if stream {
						var r io.Reader
						if _, r, err = c.Reader(ctx); err == nil {
							b, err = io.ReadAll(r)
						}
					} else {
						_, b, err = c.Read(ctx)
					}
					if err != nil {
						break
					}
					got = append(got, string(b))
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error("-want +got\n" + diff)
				}
				if code(err) != test.err {
					t.Errorf("%v; want a breach with %v", err, test.err)
				}
				if e := closeError(t, err); test.err == 0 && e.Code != frame.CodeNormal {
					t.Error(err)
				}
			})
		}
	}
}

// TestInflateTruncated is line Z2: a message cut short at every byte is a breach,
// unless what is left happens to be one.
func TestInflateTruncated(t *testing.T) {
	t.Parallel()
	whole := deflate.NewEncoder(deflate.Config{}).Append(nil, []byte(strings.Repeat(text(600), 2)))
	for n := range whole {
		c, p := withDeflatePeer(t, frame.Server, noTakeover, websocket.Config{CloseTimeout: 1})
		go p.send(frame.Header{Fin: true, Rsv: frame.Rsv1, Opcode: frame.Binary}, string(whole[:n]))
		if _, _, err := c.Read(ctx); n > 0 && n < len(whole)-1 && code(err) != frame.CodeInvalidPayload {
			t.Errorf("%d of %d bytes: %v", n, len(whole), err)
		}
		c.CloseNow()
	}
}

// TestUncompressedRsv1 is line F6: without the extension, RSV1 means nothing.
func TestUncompressedRsv1(t *testing.T) {
	t.Parallel()
	c, p := withPeer(t, frame.Server, false, websocket.Config{Compression: &websocket.Compression{}, CloseTimeout: 1})
	go p.send(frame.Header{Fin: true, Rsv: frame.Rsv1, Opcode: frame.Text}, "\x00")
	if _, _, err := c.Read(ctx); code(err) != frame.CodeProtocolError {
		t.Error(err)
	}
	if c.Compressed() != nil {
		t.Error("compression without an agreement")
	}
}

// TestBomb is line Z1: a message that inflates to more than is allowed ends the
// connection with 1009, in memory of the order of the limit.
func TestBomb(t *testing.T) {
	bomb := deflate.NewEncoder(deflate.Config{}).Append(nil, make([]byte, 64<<20))
	fragments := func(p *peer, b []byte, size int) {
		op := frame.Binary
		rsv := frame.Rsv1
		for len(b) > 0 {
			n := min(size, len(b))
			_, err := p.Write(p.bytes(frame.Header{Fin: n == len(b), Rsv: rsv, Opcode: op}, string(b[:n])))
			if err != nil {
				return
			}
			b, op, rsv = b[n:], frame.Continuation, 0
		}
	}
	for _, size := range []int{1 << 30, 1000, 10} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprint(size, stream), func(t *testing.T) {
				c, p := withDeflatePeer(t, frame.Server, noTakeover, websocket.Config{CloseTimeout: 1})
				go fragments(p, bomb, size)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				var err error
				n := int64(0)
				if stream {
					var r io.Reader
					if _, r, err = c.Reader(ctx); err == nil {
						n, err = io.Copy(io.Discard, r)
					}
				} else {
					_, _, err = c.Read(ctx)
				}
				runtime.ReadMemStats(&after)
				if code(err) != frame.CodeTooBig || n > websocket.DefaultMaxMessage {
					t.Errorf("%d bytes, %v", n, err)
				}
				if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 && !raceEnabled {
					t.Errorf("%d bytes for a limit of 1 MiB", used)
				}
			})
		}
	}
	// The limit is one of the wire too.
	c, p := withDeflatePeer(t, frame.Server, noTakeover, websocket.Config{MaxMessage: 1000, CloseTimeout: 1})
	go fragments(p, bytes.Repeat([]byte("\x00\x00\x00\xff\xff"), 20_000), 1000)
	if _, _, err := c.Read(ctx); code(err) != frame.CodeTooBig {
		t.Error(err)
	}
}

// TestInflatedTextFailsFast: a byte that isn't UTF-8 ends the connection before
// the message is complete.
func TestInflatedTextFailsFast(t *testing.T) {
	t.Parallel()
	c, p := withDeflatePeer(t, frame.Server, noTakeover, websocket.Config{})
	e := deflate.NewEncoder(deflate.Config{})
	part := e.AppendPart(nil, []byte("κόσμε\xf4\x90"+text(100)), false)
	go p.send(frame.Header{Rsv: frame.Rsv1, Opcode: frame.Text}, string(part))
	ended := make(chan error)
	go func() {
		_, _, err := c.Read(ctx)
		ended <- err
	}()
	p.expectClose(frame.CodeInvalidPayload)
	p.Close()
	if err := <-ended; code(err) != frame.CodeInvalidPayload {
		t.Error(err)
	}
}

// TestReadCutInCompressed: a context that ends in a compressed message leaves all
// in its place, for Read and for Reader.
func TestReadCutInCompressed(t *testing.T) {
	t.Parallel()
	message := []byte(text(100_000))
	for _, then := range []string{"Read", "Reader", "skip"} {
		t.Run(then, func(t *testing.T) {
			t.Parallel()
			c, p := withDeflatePeer(t, frame.Server, handshake.Deflate{}, websocket.Config{})
			e := deflate.NewEncoder(deflate.Config{Takeover: true})
			half := e.AppendPart(nil, message[:50_000], false)
			p.send(frame.Header{Rsv: frame.Rsv1, Opcode: frame.Binary}, string(half))
			p.send(frame.Header{Fin: true, Opcode: frame.Ping}, "here")
			cut, cancel := context.WithCancel(ctx)
			defer cancel()
			answered := make(chan bool)
			go func() {
				defer close(answered)
				p.expect(frame.Pong, "here")
				cancel()
			}()
			if then == "skip" {
				_, r, err := c.Reader(ctx)
				if err != nil {
					t.Fatal(err)
				}
				io.ReadFull(r, make([]byte, 1000))
			} else if _, _, err := c.Read(cut); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			rest := e.AppendPart(nil, message[50_000:], true)
			next := e.Append(nil, message)
			go func() {
				p.send(frame.Header{Fin: true, Opcode: frame.Continuation}, string(rest))
				p.send(frame.Header{Fin: true, Rsv: frame.Rsv1, Opcode: frame.Binary}, string(next))
			}()
			var got []byte
			var err error
			switch then {
			case "Read":
				_, got, err = c.Read(ctx)
			case "Reader":
				var r io.Reader
				if _, r, err = c.Reader(ctx); err == nil {
					got, err = io.ReadAll(r)
				}
			case "skip":
				got = message
			}
			if err != nil || !bytes.Equal(got, message) {
				t.Fatal(len(got), err)
			}
			if _, got, err = c.Read(ctx); err != nil || !bytes.Equal(got, message) {
				t.Fatal(len(got), err)
			}
			<-answered
		})
	}
}
