package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestReadAppend: messages that are kept stay what they were.
func TestReadAppend(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		sizes := []int{0, 5, 100, 5000, 200_000, 3}
		go func() {
			for range 2 {
				for _, n := range sizes {
					c.Write(ctx, websocket.Text, []byte(text(n)))
				}
			}
			c.Close(1000, "")
		}()
		var kept [][]byte
		for range sizes {
			typ, p, err := s.ReadAppend(ctx, nil)
			if typ != websocket.Text || err != nil || p == nil {
				t.Fatal(typ, p, err)
			}
			kept = append(kept, p)
		}
		var all []byte
		for range sizes {
			var err error
			if _, all, err = s.ReadAppend(ctx, all); err != nil {
				t.Fatal(err)
			}
		}
		var want strings.Builder
		for i, n := range sizes {
			if string(kept[i]) != text(n) {
				t.Errorf("the message of %d bytes has changed", n)
			}
			want.WriteString(text(n))
		}
		if string(all) != want.String() {
			t.Errorf("%d bytes are not the messages", len(all))
		}
		typ, p, err := s.ReadAppend(ctx, all)
		if typ != 0 || len(p) != len(all) {
			t.Error("with an error, dst is not what it was")
		}
		closeError(t, err)
	})
}

func TestReadAppendAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools forget")
	}
	c, s := tcpPair(t, websocket.Config{}, websocket.Config{})
	goEcho(s)
	msg, buf := []byte(text(1000)), []byte(nil)
	n := testing.AllocsPerRun(1000, func() {
		c.Write(ctx, websocket.Text, msg)
		var err error
		if _, buf, err = c.ReadAppend(ctx, buf[:0]); err != nil || len(buf) != len(msg) {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per message", n)
	}
}

// TestClone: a clone of what Messages yields stays, and is never nil.
func TestClone(t *testing.T) {
	t.Parallel()
	c, s := websocket.Pipe(websocket.Config{}, websocket.Config{})
	go func() {
		for i := range 100 {
			c.Write(ctx, websocket.Binary, []byte(strings.Repeat("x", i)))
		}
		c.Close(1000, "")
	}()
	var kept []websocket.Message
	for m, err := range s.Messages(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, m.Clone())
	}
	for i, m := range kept {
		if m.Type != websocket.Binary || m.Data == nil || string(m.Data) != strings.Repeat("x", i) {
			t.Errorf("message %d: %v %q", i, m.Type, m.Data)
		}
	}
}

// TestUsedAfterNextRead: under the race detector or with the tag poison, a slice that
// was kept tells so as soon as the next read begins, in whatever way it came.
func TestUsedAfterNextRead(t *testing.T) {
	t.Parallel()
	if !websocket.Poisoned {
		t.Skip("only with -race or -tags poison")
	}
	for _, size := range []int{10, 300_000} {
		c, s := websocket.Pipe(large, large)
		go func() {
			c.Write(ctx, websocket.Text, []byte(strings.Repeat("x", size)))
			c.Write(ctx, websocket.Text, nil)
		}()
		_, kept, err := s.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Read(ctx); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(kept), "MESSAGE US") {
			t.Errorf("it says %.20q", kept)
		}
		c.CloseNow()
		s.CloseNow()
	}
}

// TestSetMaxMessage: the limit holds from the next message on, however the message
// comes, and not for the one that is under way.
func TestSetMaxMessage(t *testing.T) {
	t.Parallel()
	for _, deflated := range []bool{false, true} {
		t.Run(fmt.Sprintf("deflated=%v", deflated), func(t *testing.T) {
			t.Parallel()
			pair := tcpPair
			if deflated {
				pair = func(t testing.TB, _, _ websocket.Config) (c, s *websocket.Conn) {
					return deflatePair(t, websocket.Compression{}, websocket.Compression{})
				}
			}
			c, s := pair(t, websocket.Config{}, websocket.Config{})
			s.SetMaxMessage(100)
			write := func(n int) { go c.Write(ctx, websocket.Text, bytes.Repeat([]byte("x"), n)) }
			write(100)
			if _, p, err := s.Read(ctx); len(p) != 100 || err != nil {
				t.Fatal(len(p), err)
			}
			s.SetMaxMessage(300_000)
			write(200_000)
			_, r, err := s.Reader(ctx)
			if err != nil {
				t.Fatal(err)
			}
			s.SetMaxMessage(10) // for the next one
			var got bytes.Buffer
			if _, err := got.ReadFrom(r); got.Len() != 200_000 || err != nil {
				t.Fatal(got.Len(), err)
			}
			write(100)
			if _, _, err := s.Read(ctx); code(err) != frame.CodeTooBig || !strings.Contains(err.Error(), "longer than 10 bytes") {
				t.Error(err)
			}
		})
	}
}

// TestManyFlushes: a message within the limit is not refused because its sender
// flushed behind each byte, nor one with the most generous of blocks.
func TestManyFlushes(t *testing.T) {
	t.Parallel()
	const size = 20_000
	message := text(size)
	var body []byte
	for i := range size { // a stored block of one byte, and an empty one
		body = append(body, 0, 1, 0, 0xfe, 0xff, message[i], 0, 0, 0, 0xff, 0xff)
	}
	body = append(body, 0)
	for _, stream := range []bool{false, true} {
		c, p := withDeflatePeer(t, frame.Server, noTakeover, websocket.Config{MaxMessage: size})
		go p.send(frame.Header{Fin: true, Rsv: frame.Rsv1, Opcode: frame.Text}, string(body))
		var got []byte
		var err error
		if stream {
			_, r, readErr := c.Reader(ctx)
			if err = readErr; err == nil {
				var b bytes.Buffer
				_, err = b.ReadFrom(r)
				got = b.Bytes()
			}
		} else {
			_, got, err = c.Read(ctx)
		}
		if string(got) != message || err != nil {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}

// TestPingPayload: the payload that Ping makes up can be printed, and is another each
// time.
func TestPingPayload(t *testing.T) {
	t.Parallel()
	c, p := withPeer(t, frame.Client, false, websocket.Config{})
	own, cancel := context.WithCancel(ctx)
	defer cancel()
	seen := map[string]bool{}
	for range 20 {
		go c.Ping(own, nil)
		h, payload, err := p.next()
		if h.Opcode != frame.Ping || err != nil {
			t.Fatal(h, err)
		}
		printable := strings.IndexFunc(payload, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) }) < 0
		if payload == "" || !printable || seen[payload] {
			t.Errorf("payload %q", payload)
		}
		seen[payload] = true
	}
}

// TestQueueCountsWhatItHolds: MaxQueue bounds the bytes that stay in memory because
// messages wait: plain ones, those that get small by compression, and tiny ones.
func TestQueueCountsWhatItHolds(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector needs memory of its own")
	}
	const max = 1 << 20
	tests := map[string]func(i int) []byte{
		"plain":          func(i int) []byte { return noise(50_000 + i) },
		"compressible":   func(i int) []byte { return bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 512<<10) },
		"tiny":           func(i int) []byte { return []byte{byte(i)} },
		"small and text": func(i int) []byte { return []byte(text(100 + i%100)) },
	}
	for name, content := range tests {
		t.Run(name, func(t *testing.T) {
			a, _ := websocket.NewPipe()
			c := websocket.NewConn(a, websocket.Setup{Deflate: &noTakeover}, websocket.Config{MaxQueue: max, Compression: &websocket.Compression{}})
			defer c.CloseNow()
			// What is being written already doesn't wait.
			for range 4 {
				c.Post(websocket.NewPrepared(websocket.Binary|websocket.Uncompressed, noise(100_000)))
			}
			before := heap()
			n := 0
			for ; ; n++ {
				if err := c.Post(websocket.NewPrepared(websocket.Binary, content(n))); errors.Is(err, websocket.ErrQueueFull) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				if n > 100_000 {
					t.Fatal("it takes everything")
				}
			}
			if held := heap() - before; held > max+256<<10 {
				t.Errorf("%d messages hold %d bytes", n, held)
			}
			if n < 3 {
				t.Errorf("only %d messages fit", n)
			}
		})
	}
}
