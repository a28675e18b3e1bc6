package mailbox

import (
	"context"
	"testing"
)

// TestFull: what doesn't fit is told of in its place, behind all that did and before
// all that comes once there is room.
func TestFull(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	m := New[int]()
	const size = Limit / 4
	for i := range 10 {
		m.Put(i, size)
	}
	m.Put(10, 0) // would fit, but not in order
	for i := range 3 {
		if v, lost, ok := m.Next(ctx); v != i || lost || !ok {
			t.Fatal(v, lost, ok)
		}
	}
	m.Put(11, 0)
	if _, lost, ok := m.Next(ctx); !lost || !ok {
		t.Fatal("nothing tells of what was dropped")
	}
	m.Put(12, 2*Limit) // alone, anything fits
	if v, lost, ok := m.Next(ctx); v != 12 || lost || !ok {
		t.Fatal(v, lost, ok)
	}
	go cancel()
	if _, _, ok := m.Next(ctx); ok {
		t.Fatal("there is something in an empty mailbox")
	}
}
