package websocket

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/frame"
)

// TestQueueLooksOnNil: most connections have none.
func TestQueueLooksOnNil(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		q    *queue
		want [4]bool
	}{
		{nil, [4]bool{}},
		{new(queue), [4]bool{}},
		{&queue{waiters: make([]*waiter, 1)}, [4]bool{0: true}},
		{&queue{posted: make([]*wire, 1)}, [4]bool{1: true}},
		{&queue{pong: new(pong)}, [4]bool{2: true}},
		{&queue{traced: make([]frame.Header, 1)}, [4]bool{3: true}},
	} {
		got := [4]bool{test.q.hasWaiters(), test.q.hasPosted(), test.q.hasPong(), test.q.hasTraced()}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestQueueOfWaiters: they are granted in order, but for those that have left, and all that
// are left are woken without a grant at the end.
func TestQueueOfWaiters(t *testing.T) {
	t.Parallel()
	var q queue
	var ws []*waiter
	for range 5 {
		ws = append(ws, q.wait())
	}
	q.leave(ws[1])
	q.grant()
	q.grant()
	q.wake()
	var ready, granted []bool
	for _, w := range ws {
		select {
		case <-w.ready:
			ready = append(ready, true)
		default:
			ready = append(ready, false)
		}
		granted = append(granted, w.granted)
	}
	if diff := cmp.Diff([]bool{true, false, true, true, true}, ready); diff != "" {
		t.Error("ready", diff)
	}
	if diff := cmp.Diff([]bool{true, false, true, false, false}, granted); diff != "" {
		t.Error("granted", diff)
	}
	if q.hasWaiters() {
		t.Error("somebody still waits")
	}
}

// TestQueueOfPosted: what it holds is counted, in and out.
func TestQueueOfPosted(t *testing.T) {
	t.Parallel()
	var q queue
	first, second := newWire(frame.Header{}, make([]byte, 10)), newWire(frame.Header{}, make([]byte, 200))
	q.post(&first)
	q.post(&second)
	if want := first.held() + second.held(); q.bytes != want {
		t.Errorf("%d bytes, want %d", q.bytes, want)
	}
	q.next()
	if q.posted[0] != &second || q.bytes != second.held() {
		t.Errorf("%d bytes are left", q.bytes)
	}
	q.next()
	if q.hasPosted() || q.posted != nil || q.bytes != 0 {
		t.Errorf("%d bytes are left of nothing", q.bytes)
	}
	q.post(&first)
	q.begun = []byte("x")
	if q.drop(); q.hasPosted() || q.begun != nil || q.bytes != 0 {
		t.Error("something is left of what was dropped")
	}
}

// TestQueueOfPings: a pong is for the ping that it answers and all before that.
func TestQueueOfPings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pong string
		want []bool
		left int
	}{
		{"unasked", []bool{false, false, false}, 3},
		{"a", []bool{true, false, false}, 2},
		{"b", []bool{true, true, false}, 1},
		{"c", []bool{true, true, true}, 0},
	} {
		var q queue
		var pings []*pendingPing
		for _, payload := range []string{"a", "b", "c"} {
			pings = append(pings, &pendingPing{payload: payload, pong: make(chan struct{})})
		}
		q.pings = append(q.pings, pings...)
		q.answered(test.pong)
		var ok []bool
		for _, p := range pings {
			ok = append(ok, p.ok)
		}
		if diff := cmp.Diff(test.want, ok); diff != "" || len(q.pings) != test.left {
			t.Errorf("%s: %d left; %s", test.pong, len(q.pings), diff)
		}
		q.forget(pings[2])
		q.failPings()
		for i, p := range pings[:2] {
			<-p.pong
			if p.over == test.want[i] {
				t.Errorf("%s: ping %d is over: %v", test.pong, i, p.over)
			}
		}
		if pings[2].over {
			t.Errorf("%s: one that nobody waits for any more is told", test.pong)
		}
	}
}

// TestQueueRemembersTheLatestPing: only that one has to be answered.
func TestQueueRemembersTheLatestPing(t *testing.T) {
	t.Parallel()
	var q queue
	q.answerLater([]byte("the first"))
	q.answerLater([]byte("second"))
	if got := string(q.pong.payload[:q.pong.size]); got != "second" {
		t.Errorf("%q", got)
	}
}

// TestPendingFrames: whole frames, and frames of which only a part of the payload is
// copied, are masked by clients and not by servers.
func TestPendingFrames(t *testing.T) {
	t.Parallel()
	for _, role := range []frame.Role{frame.Server, frame.Client} {
		n := pending{role: role}
		if n.size() != 0 || n.take() != nil {
			t.Error("something is pending at the beginning")
		}
		h := frame.Header{Fin: true, Opcode: frame.Text, Length: 5}
		if err := n.append(&h, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		copied := 3
		if role == frame.Client {
			copied = 5
		}
		h = frame.Header{Opcode: frame.Binary, Length: 5}
		if err := n.appendHead(&h, []byte("world"), copied); err != nil {
			t.Fatal(err)
		}
		size, b := n.size(), n.take()
		if size != len(b.p) || n.size() != 0 {
			t.Errorf("%d bytes pending, %d taken, %d left", size, len(b.p), n.size())
		}
		rest := b.p
		for _, want := range []string{"hello", "world"[:copied]} {
			h, head, err := frame.ParseHeader(rest)
			if err != nil || h.Masked != (role == frame.Client) {
				t.Fatal(role, h, err)
			}
			payload := rest[head : head+len(want)]
			if h.Masked {
				frame.Mask(payload, h.Key, 0)
			}
			if string(payload) != want || h.Length != 5 {
				t.Errorf("%v: %q of %d bytes", role, payload, h.Length)
			}
			rest = rest[head+len(want):]
		}
		if len(rest) > 0 {
			t.Errorf("%v: %d bytes more", role, len(rest))
		}
	}
}
