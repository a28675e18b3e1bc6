package main

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
)

// TestJournalShortens: of a long message it has the beginning and the size.
func TestJournalShortens(t *testing.T) {
	t.Parallel()
	x := strings.Repeat("x", maxShown)
	for _, tt := range []struct {
		name, in, want string
	}{
		{"short", "hello", "Message: hello\n"},
		{"just fits", x, "Message: " + x + "\n"},
		{"one byte more", x + "y", "Message: " + x + "… (1025 bytes)\n"},
		{"cut before a character", x[1:] + "ж", "Message: " + x[1:] + "… (1025 bytes)\n"},
		{"cut before a long one", x[3:] + "👩👩", "Message: " + x[3:] + "… (1029 bytes)\n"},
		{"control characters", strings.Repeat("\x1b", 16<<20), "Message: " + strings.Repeat(`\x1b`, maxShown) + "… (16777216 bytes)\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			(&journal{w: &got}).message(websocket.Message{Type: websocket.Text, Data: []byte(tt.in)})
			if d := cmp.Diff(tt.want, got.String()); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestJournalMemory: what the journal allocates for a message has a bound that doesn't
// depend on the message. It runs alone, as it looks at what the whole process allocates.
func TestJournalMemory(t *testing.T) {
	m := websocket.Message{Type: websocket.Text, Data: bytes.Repeat([]byte{0x1b}, 16<<20)}
	j := &journal{w: new(bytes.Buffer)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	j.message(m)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 256<<10 {
		t.Errorf("%d bytes allocated for the line of a message of %d bytes", n, len(m.Data))
	}
}
