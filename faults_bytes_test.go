package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
	"hawser/websocket/handshake"
)

// TestFaultAtEveryByte has one conversation over and over, with each event at
// each byte that one side sends or receives.
func TestFaultAtEveryByte(t *testing.T) {
	t.Parallel()
	stride := 1
	if raceEnabled {
		stride = 7
	}
	k := &websocket.Compression{MinSize: 20}
	agreed := agree(t, k, k)
	for ev := reset; ev <= silentShort; ev++ {
		for _, role := range []frame.Role{frame.Client, frame.Server} {
			for _, out := range []bool{false, true} {
				if !out && ev > blackHole {
					continue
				}
				t.Run(fmt.Sprintf("%v/%v/out=%v", ev, role, out), func(t *testing.T) {
					t.Parallel()
					for at := 0; ; at += stride {
						f := faults{in: ev, inAt: at}
						if out {
							f = faults{out: ev, outAt: at}
						}
						happened := false
						synctest.Test(t, func(t *testing.T) { happened = shortTalk(t, role, f, k, agreed) })
						if t.Failed() {
							t.Fatalf("at byte %d", at)
						}
						if !happened {
							if at < 80 {
								t.Errorf("the conversation has only %d bytes", at)
							}
							break
						}
					}
				})
			}
		}
	}
}

// said is what both sides of a short talk say.
var said = []string{"Hello", "", "a longer one, a longer one, a longer one", "in three parts", "posted", "last €"}

// shortTalk is a conversation of a few short messages of all kinds, where the
// given role has the faults. It reports whether one of them happened.
func shortTalk(t *testing.T, role frame.Role, f faults, k *websocket.Compression, agreed *handshake.Deflate) bool {
	var tr [2]*faulty
	tr[role], tr[1-role] = faultyPair(1, f, faults{})
	var conns [2]*websocket.Conn
	var got [2][]string
	var accepted [2]int
	ended := make(chan bool)
	heard := make(chan bool) // by the client, all that there is to hear
	for i, tr := range tr {
		c := websocket.NewConn(tr, websocket.Setup{Role: frame.Role(i), Deflate: agreed}, websocket.Config{Compression: k})
		conns[i] = c
		go func() {
			if accepted[i] = say(t, c); i == int(frame.Client) && accepted[i] == len(said) {
				<-heard
				typed(t, "CloseWrite", c.CloseWrite(frame.CodeNormal, "bye"))
			}
			ended <- true
		}()
		go func() {
			for {
				_, p, err := c.Read(ctx)
				if err != nil {
					closeError(t, err)
					break
				}
				if got[i] = append(got[i], string(p)); i == int(frame.Client) && len(got[i]) == len(said) {
					close(heard)
				}
			}
			if i == int(frame.Client) && len(got[i]) < len(said) {
				close(heard)
			}
			ended <- true
		}()
	}
	start := time.Now()
	for range 4 {
		<-ended
	}
	<-conns[0].Done()
	<-conns[1].Done()
	if d := time.Since(start); d > 2*time.Minute {
		t.Errorf("it took %v to end", d)
	}
	time.Sleep(time.Minute)
	clean := conns[0].Err().(*websocket.CloseError).Err == nil && conns[1].Err().(*websocket.CloseError).Err == nil
	for i := range conns {
		if !isPrefix(got[i], said) || clean && len(got[i]) < accepted[1-i] {
			t.Errorf("%v got %q; the ends are %v and %v", frame.Role(i), got[i], conns[0].Err(), conns[1].Err())
		}
		if o := observe(t, frame.Role(i), agreed, tr[i].written()); !isPrefix(o.messages, said) {
			t.Errorf("%v sent %q", frame.Role(i), o.messages)
		}
	}
	happened := tr[role].happened()
	if (!happened || f.harmless()) && !clean {
		t.Errorf("nothing has happened, and the ends are %v and %v", conns[0].Err(), conns[1].Err())
	}
	return happened
}

// say says what is to be said, or as much as is possible, and returns how much.
func say(t *testing.T, c *websocket.Conn) int {
	own, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	ways := []func(p []byte) error{
		func(p []byte) error { return c.Write(own, websocket.Text, p) },
		func(p []byte) error { return c.Write(ctx, websocket.Binary, p) },
		func(p []byte) error {
			_, err := c.Ping(own, nil)
			return errors.Join(err, c.Write(own, websocket.Text, p))
		},
		func(p []byte) error {
			w, err := c.Writer(ctx, websocket.Text|websocket.Uncompressed)
			if err != nil {
				return err
			}
			for part := range slices.Chunk(p, 6) {
				_, err = w.Write(part)
			}
			return errors.Join(err, w.Close())
		},
		func(p []byte) error { return c.Post(websocket.NewPrepared(websocket.Text, p)) },
		func(p []byte) error { return c.Send(ctx, websocket.NewPrepared(websocket.Text, p)) },
	}
	for i, way := range ways {
		if err := way([]byte(said[i])); err != nil {
			typed(t, "write", err)
			return i
		}
	}
	return len(ways)
}

// TestBreachesAtEveryByte: a peer that breaks the protocol, on a transport that
// breaks as well. Nothing of what comes after the breach is delivered.
func TestBreachesAtEveryByte(t *testing.T) {
	t.Parallel()
	stride := 1
	if raceEnabled {
		stride = 5
	}
	compressed := string(deflate.NewEncoder(deflate.Config{}).Append(nil, []byte("compressed")))
	z := rsv(txt, frame.Rsv1)
	breaches := map[string][]f{
		"none":         {{txt, "first"}, {z, compressed}, {cls, status(1000, "bye")}},
		"5.2_opcode":   {{txt, "first"}, {ping, "?"}, {z, compressed}, {frame.Header{Fin: true, Opcode: 3}, "x"}, {txt, "later"}},
		"5.4_order":    {{txt, "first"}, {more(z), compressed[:5]}, {ping, "?"}, {fin, compressed[5:]}, {fin, "x"}, {txt, "later"}},
		"8.1_UTF-8":    {{txt, "first"}, {z, compressed}, {more(txt), "\xe2\x82"}, {ping, ""}, {fin, "x"}, {txt, "later"}},
		"Z2_corrupt":   {{txt, "first"}, {z, compressed}, {more(z), "\x06"}, {fin, "\x00"}, {txt, "later"}},
		"K1_one_byte":  {{txt, "first"}, {z, compressed}, {cls, "x"}, {txt, "later"}},
		"F8_fragments": {{txt, "first"}, {z, compressed}, {more(ping), ""}, {txt, "later"}},
	}
	for name, frames := range breaches {
		for ev := nothing; ev <= blackHole; ev++ {
			t.Run(fmt.Sprintf("%s/%v", name, ev), func(t *testing.T) {
				t.Parallel()
				for _, role := range []frame.Role{frame.Client, frame.Server} {
					p := &peer{t: t, role: role}
					var out []byte
					for _, f := range frames {
						out = append(out, p.bytes(f.h, f.payload)...)
					}
					for at := 0; at <= len(out); at += stride {
						f := faults{in: ev, inAt: at, maxRead: 1 + at%11}
						synctest.Test(t, func(t *testing.T) { oneBreach(t, role, f, out, name == "none") })
						if t.Failed() {
							t.Fatalf("%v, byte %d", role, at)
						}
					}
				}
			})
		}
	}
}

func oneBreach(t *testing.T, role frame.Role, f faults, in []byte, legal bool) {
	tr, far := faultyPair(1, f, faults{})
	c := websocket.NewConn(tr, websocket.Setup{Role: role, Deflate: &noTakeover}, websocket.Config{})
	far.Write(in)
	far.CloseWrite()
	gone := make(chan bool)
	go func() {
		io.Copy(io.Discard, far)
		far.Close()
		close(gone)
	}()
	var got []string
	for {
		_, p, err := c.Read(ctx)
		if err != nil {
			e := closeError(t, err)
			if f.in == nothing && (e.Err == nil) != legal {
				t.Error(err)
			}
			break
		}
		got = append(got, string(p))
	}
	<-c.Done()
	<-gone
	if all := []string{"first", "compressed"}; !isPrefix(got, all) || f.in == nothing && len(got) < len(all) {
		t.Errorf("it delivered %q", got)
	}
	o := observe(t, role, nil, tr.written())
	if o.torn || f.in == nothing && !o.closed {
		t.Errorf("the answer is %+v", o)
	}
}
