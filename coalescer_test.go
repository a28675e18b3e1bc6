package websocket

import (
	"testing"

	"hawser/websocket/frame"
)

// TestCoalescerTimer: the timer is set once, as often again as it was of use, and half as
// often each time that all had gone out without it, down to a sixteenth.
func TestCoalescerTimer(t *testing.T) {
	t.Parallel()
	k := coalescer{delay: 1}
	for i, want := range []uint8{2, 4, 8, 16, 16} {
		if !k.arms() {
			t.Fatal("it isn't set")
		}
		if k.arms() {
			t.Fatal("it's set twice")
		}
		k.held.Store(true)
		k.taken()
		if k.held.Load() {
			t.Fatal("what was taken is still held")
		}
		if k.fired(); k.delay != want {
			t.Errorf("after %d times in vain the delay is %d, want %d", i+1, k.delay, want)
		}
	}
	k.arms()
	k.held.Store(true)
	if k.fired(); k.delay != 1 {
		t.Errorf("after one that was of use the delay is %d", k.delay)
	}
}

// TestCoalescerJoins: a message just joins what is held up to the last byte of room, as
// long as the next one has arrived.
func TestCoalescerJoins(t *testing.T) {
	t.Parallel()
	const pending = 100
	for _, test := range []struct {
		room, n int
		more    bool
		want    bool
	}{
		{0, 0, true, false},
		{1000, 1000 - pending - frame.MaxHeaderSize, true, true},
		{1000, 1000 - pending - frame.MaxHeaderSize + 1, true, false},
		{1000, 0, false, false},
	} {
		k := coalescer{room: int32(test.room)}
		k.setMore(test.more)
		if got := k.joins(pending, test.n); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
		k.taken()
		if k.joins(0, 0) {
			t.Error("a message joins what was taken")
		}
	}
}
