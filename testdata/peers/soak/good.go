package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
)

// talker is a connection that checks every echo.
type talker struct {
	c    *websocket.Conn
	id   uint64
	seq  int
	rnd  *rand.Rand
	j    *judge
	want [][]byte // sent and not back yet
	kind []websocket.MessageType
}

// dialTalker connects, again if the machine is too busy to let it.
func dialTalker(ctx context.Context, addr string, rnd *rand.Rand, j *judge) *talker {
	for try := 0; ; try++ {
		c, _, err := (&client.Dialer{}).Dial(ctx, "ws://"+addr+"/echo")
		if err == nil {
			j.dials.Add(1)
			return &talker{c: c, id: rnd.Uint64(), rnd: rnd, j: j}
		}
		if ctx.Err() != nil {
			return nil
		}
		if try > 20 || !refused(err) {
			j.check(false, "dial: %v", err)
			return nil
		}
		if !pause(ctx, 100*time.Millisecond) {
			return nil
		}
	}
}

// burst sends some messages and gets them all back. What is in flight at once
// fits into the sockets' buffers, or is one message, as else both sides could
// wait for each other.
func (t *talker) burst(ctx context.Context) bool {
	n, most := 1+t.rnd.IntN(8), 4<<10
	if t.rnd.IntN(20) == 0 {
		n, most = 1, 300<<10
	}
	for range n {
		p := t.message(t.rnd.IntN(most))
		kind := websocket.Binary
		if t.rnd.IntN(2) == 0 {
			kind = websocket.Text
		}
		if err := t.c.Write(ctx, kind, p); err != nil {
			return t.j.check(false, "writing a message of %d bytes: %v", len(p), err)
		}
		t.want, t.kind = append(t.want, p), append(t.kind, kind)
	}
	for len(t.want) > 0 {
		kind, p, err := t.c.Read(ctx)
		if err != nil {
			return t.j.check(false, "lost: %d messages are not back: %v", len(t.want), err)
		}
		if kind != t.kind[0] || !bytes.Equal(p, t.want[0]) {
			return t.j.check(false, "the echo of message %d is another: %v %.40q instead of %v %.40q", t.seq, kind, p, t.kind[0], t.want[0])
		}
		t.want, t.kind = t.want[1:], t.kind[1:]
		t.j.messages.Add(1)
	}
	return true
}

// message is a text that no other connection and no other message has.
func (t *talker) message(n int) []byte {
	t.seq++
	p := fmt.Appendf(nil, "%x/%d ", t.id, t.seq)
	for k := t.rnd.IntN(1000); len(p) < n; k++ {
		p = fmt.Appendf(p, "%d, тест 文字; ", k)
	}
	return p
}

// end closes cleanly and makes sure that nothing comes that wasn't asked for.
func (t *talker) end() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	defer t.c.CloseNow()
	if err := t.c.CloseWrite(frame.CodeNormal, ""); err != nil {
		t.j.check(false, "closing: %v", err)
		return
	}
	_, p, err := t.c.Read(ctx)
	if t.j.check(err != nil, "duplicated: %.40q came after all echoes", p) &&
		t.j.check(websocket.CloseCode(err) == frame.CodeNormal, "the end was not clean: %v", err) {
		t.j.cleanEnds.Add(1)
	}
}

// good talks now and then, all the time on one connection. It finishes what it
// has begun when its time is over.
func good(ctx context.Context, addr string, rnd *rand.Rand, j *judge) {
	t := dialTalker(ctx, addr, rnd, j)
	if t == nil {
		return
	}
	for {
		finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		ok := t.burst(finish)
		cancel()
		if !ok {
			t.c.CloseNow()
			return
		}
		if t.listen(ctx, time.Duration(100+rnd.IntN(2000))*time.Millisecond) {
			continue
		}
		t.end()
		return
	}
}

// listen waits, reading meanwhile, so that pings are answered. It returns false
// when ctx is done.
func (t *talker) listen(ctx context.Context, d time.Duration) bool {
	rest, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	_, p, err := t.c.Read(rest)
	t.j.check(err != nil, "duplicated: %.40q came when nothing was sent", p)
	if rest.Err() == nil {
		t.j.check(false, "the connection ended: %v", err)
		return false
	}
	return ctx.Err() == nil
}

// reconnecting talks a little and goes, in one of the ways there are.
func reconnecting(ctx context.Context, addr string, rnd *rand.Rand, j *judge) {
	for {
		t := dialTalker(ctx, addr, rnd, j)
		if t == nil {
			return
		}
		finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		for range rnd.IntN(3) {
			if !t.burst(finish) {
				break
			}
		}
		switch rnd.IntN(3) {
		case 0:
			t.end()
		case 1: // in the middle of things
			t.c.Write(finish, websocket.Binary, t.message(1000))
			t.c.CloseNow()
		case 2:
			t.c.CloseNow()
		}
		cancel()
		if !pause(ctx, time.Duration(50+rnd.IntN(500))*time.Millisecond) {
			return
		}
	}
}
