package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
	"hawser/websocket/handshake"
)

// agree negotiates as client and server do.
func agree(t testing.TB, client, server *websocket.Compression) *handshake.Deflate {
	t.Helper()
	offer := handshake.OfferDeflate(client.Deflate(frame.Client))
	answer, agreed, ok := handshake.AcceptDeflate(offer, server.Deflate(frame.Server))
	if same, err := handshake.CheckDeflate(offer, answer); !ok || err != nil || same != agreed {
		t.Fatalf("%+v and %+v: %v", agreed, same, err)
	}
	return &agreed
}

// deflatePair returns the two ends of a connection with compression over TCP.
func deflatePair(t testing.TB, client, server websocket.Compression) (c, s *websocket.Conn) {
	t.Helper()
	a, b := netPair(t)
	agreed := agree(t, &client, &server)
	cfg := func(k *websocket.Compression) websocket.Config {
		return websocket.Config{MaxMessage: 32 << 20, Compression: k}
	}
	c = websocket.NewConn(a, websocket.Setup{Role: frame.Client, Deflate: agreed}, cfg(&client))
	s = websocket.NewConn(b, websocket.Setup{Role: frame.Server, Deflate: agreed}, cfg(&server))
	t.Cleanup(func() { c.CloseNow(); s.CloseNow() })
	return c, s
}

// withDeflatePeer is withPeer with compression agreed on.
func withDeflatePeer(t testing.TB, role frame.Role, agreed handshake.Deflate, cfg websocket.Config) (*websocket.Conn, *peer) {
	t.Helper()
	a, b := netPair(t)
	c := websocket.NewConn(a, websocket.Setup{Role: role, Deflate: &agreed}, cfg)
	t.Cleanup(func() { c.CloseNow() })
	p := &peer{Conn: b, t: t, role: role}
	p.rd = frame.NewReader(b, frame.Rules{Role: 1 - role, Rsv: frame.Rsv1}, 0)
	return c, p
}

var noTakeover = handshake.Deflate{ServerNoTakeover: true, ClientNoTakeover: true}

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
					p.write(unhex(t, test.frames))
					p.send(frame.Header{Fin: true, Opcode: frame.Close}, "\x03\xe8")
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

// conversation sends messages of all kinds and sizes from one side to the other
// in every way there is, and compares what comes.
func conversation(t *testing.T, from, to *websocket.Conn, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	content := func(n int) []byte {
		b := []byte(text(n))
		for i := range b {
			if r.IntN(4) == 0 {
				b[i] = 'A' + byte(r.IntN(26))
			}
		}
		return b
	}
	type message struct {
		websocket.MessageType
		data []byte
	}
	sent := make(chan message, 1000)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		defer close(sent)
		for i, n := range []int{0, 1, 10, 31, 32, 100, 125, 126, 1000, 4096, 16384, 16385, 70_000, 5, 200, 300_000, 64, 64} {
			for how := range 4 {
				typ := websocket.Text + websocket.MessageType(i&1)
				data := content(n)
				sent <- message{typ, data}
				if r.IntN(4) == 0 {
					typ |= websocket.Uncompressed
				}
				err := error(nil)
				switch how {
				case 0:
					err = from.Write(ctx, typ, data)
				case 1:
					err = from.Send(ctx, websocket.NewPrepared(typ, data))
				case 2:
					err = from.Post(websocket.NewPrepared(typ, data))
				case 3:
					var w io.WriteCloser
					if w, err = from.Writer(ctx, typ); err != nil {
						break
					}
					for p := data; len(p) > 0 && err == nil; {
						k := min(len(p), 1+r.IntN(40_000))
						_, err = w.Write(p[:k])
						p = p[k:]
					}
					err = errors.Join(err, w.Close())
				}
				if err != nil {
					t.Errorf("%d bytes, way %d: %v", n, how, err)
				}
			}
		}
	})
	n := 0
	for want := range sent {
		var typ websocket.MessageType
		var got []byte
		var err error
		if n++; n%3 == 0 {
			var rd io.Reader
			if typ, rd, err = to.Reader(ctx); err == nil {
				got, err = io.ReadAll(rd)
			}
		} else {
			typ, got, err = to.Read(ctx)
		}
		if err != nil || typ != want.MessageType || !bytes.Equal(got, want.data) {
			t.Fatalf("message %d: %v of %d bytes; want %v of %d bytes (%v)", n, typ, len(got), want.MessageType, len(want.data), err)
		}
	}
}

// TestCompression has conversations with every kind of window and context.
func TestCompression(t *testing.T) {
	t.Parallel()
	for bits := deflate.MinWindowBits; bits <= deflate.MaxWindowBits; bits++ {
		for _, variant := range []int{bits & 7, (bits + 3) & 7} {
			k := websocket.Compression{
				Level:   deflate.Level(variant & 1),
				Compact: variant&2 != 0,
				Send:    websocket.Window{Bits: bits, NoTakeover: variant&4 != 0},
				Receive: websocket.Window{Bits: 23 - bits, NoTakeover: variant == 4},
			}
			t.Run(fmt.Sprintf("%+v", k), func(t *testing.T) {
				t.Parallel()
				c, s := deflatePair(t, k, websocket.Compression{})
				conversation(t, c, s, uint64(bits*8+variant))
				conversation(t, s, c, uint64(bits*8+variant))
				if z := c.Compressed(); z.SentWire >= z.Sent || z.ReceivedWire >= z.Received || z.Sent == 0 {
					t.Errorf("nothing was saved: %+v", z)
				}
				cz, sz := c.Compressed(), s.Compressed()
				if cz.Sent != sz.Received || cz.SentWire != sz.ReceivedWire || cz.Received != sz.Sent || cz.ReceivedWire != sz.SentWire {
					t.Errorf("client %+v, server %+v", cz, sz)
				}
			})
		}
	}
}

// TestWire looks at the frames: RSV1 on the first of a compressed message only,
// and none on what isn't to be compressed, as line Z8 wants for secrets.
func TestWire(t *testing.T) {
	t.Parallel()
	c, p := withDeflatePeer(t, frame.Server, handshake.Deflate{}, websocket.Config{})
	long := text(1000)
	write := func(typ websocket.MessageType, data string) {
		if err := c.Write(ctx, typ, []byte(data)); err != nil {
			t.Error(err)
		}
	}
	go func() {
		write(websocket.Text, long)
		write(websocket.Binary|websocket.Uncompressed, long)
		write(websocket.Text, text(websocket.DefaultMinCompressSize-1))
		c.Send(ctx, websocket.NewPrepared(websocket.Text|websocket.Uncompressed, []byte(long)))
		c.Send(ctx, websocket.NewPrepared(websocket.Binary, []byte(long)))
		go c.Ping(ctx, nil)
	}()
	d := deflate.NewDecoder(deflate.Config{Takeover: true})
	for i, want := range []struct {
		op         frame.Opcode
		compressed bool
		data       string
	}{
		{frame.Text, true, long},
		{frame.Binary, false, long},
		{frame.Text, false, text(websocket.DefaultMinCompressSize - 1)},
		{frame.Text, false, long},
		{frame.Binary, true, long},
	} {
		h, data, err := p.next()
		if err != nil || h.Opcode != want.op || !h.Fin || (h.Rsv == frame.Rsv1) != want.compressed {
			t.Fatalf("frame %d: %+v, %v", i, h, err)
		}
		if want.compressed {
			if len(data) > 100 {
				t.Errorf("frame %d has %d bytes", i, len(data))
			}
			b, err := d.Append(nil, []byte(data), 1<<20)
			if data = string(b); err != nil {
				t.Errorf("frame %d: %v", i, err)
			}
		}
		if data != want.data {
			t.Errorf("frame %d: %.40q", i, data)
		}
	}
	if h, _, err := p.next(); h.Opcode != frame.Ping || h.Rsv != 0 {
		t.Error(h, err)
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

// TestWriterGivenUp: a message that was given up before its first frame went out
// leaves no trace in the context of the next.
func TestWriterGivenUp(t *testing.T) {
	t.Parallel()
	c, s := deflatePair(t, websocket.Compression{}, websocket.Compression{})
	go func() {
		c.Write(ctx, websocket.Text, []byte(text(500)))
		cut, cancel := context.WithCancel(ctx)
		defer cancel()
		w, err := c.Writer(cut, websocket.Text)
		if err != nil {
			t.Error(err)
			return
		}
		cancel()
		_, err = w.Write([]byte(strings.Repeat("what is never sent ", 10_000)))
		if err = errors.Join(err, w.Close()); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		c.Write(ctx, websocket.Text, []byte(strings.Repeat("what is never sent ", 10)))
	}()
	for _, want := range []string{text(500), strings.Repeat("what is never sent ", 10)} {
		if _, got, err := s.Read(ctx); err != nil || string(got) != want {
			t.Fatalf("%.40q, %v", got, err)
		}
	}
}

// TestPreparedCompressedOnce: what many connections with the same parameters
// send is one and the same.
func TestPreparedCompressedOnce(t *testing.T) {
	m := websocket.NewPrepared(websocket.Text, []byte(strings.Repeat(text(50_000), 2)))
	var conns []*websocket.Conn
	for range 8 {
		c, s := deflatePair(t, websocket.Compression{}, websocket.Compression{})
		if err := s.Send(ctx, m); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.Read(ctx); err != nil || len(got) != 100_000 {
			t.Fatal(len(got), err)
		}
		conns = append(conns, s)
	}
	per := testing.AllocsPerRun(10, func() {
		for _, s := range conns {
			if err := s.Post(m); err != nil {
				t.Fatal(err)
			}
		}
	})
	if per > 8*4 {
		t.Errorf("%.1f allocations to post what is ready", per)
	}
}

// TestCompressedAllocations: an echo of a compressed message allocates nothing.
func TestCompressedAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, and empties the pools")
	}
	for _, k := range []websocket.Compression{{}, {Send: websocket.Window{NoTakeover: true}, Receive: websocket.Window{NoTakeover: true}}} {
		c, s := deflatePair(t, k, k)
		go echo(s)
		message := []byte(strings.Repeat(`{"id": 1, "text": "what is this?"}`, 30))
		per := testing.AllocsPerRun(1000, func() {
			if err := c.Write(ctx, websocket.Text, message); err != nil {
				t.Fatal(err)
			}
			if _, got, err := c.Read(ctx); err != nil || len(got) != len(message) {
				t.Fatal(err)
			}
		})
		if per >= 1 {
			t.Errorf("%+v: %.2f allocations for each echo", k, per)
		}
	}
}
