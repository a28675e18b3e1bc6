package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func newLines(w io.Writer) *lineWriter {
	return &lineWriter{w: w, notice: func(n int) []byte { return fmt.Appendf(nil, "%d missing\n", n) }}
}

// stuckWriter waits for a turn before each call. A turn may be an error.
type stuckWriter struct {
	turn chan error
	got  strings.Builder
}

func (w *stuckWriter) Write(p []byte) (int, error) {
	if err := <-w.turn; err != nil {
		return 0, err
	}
	return w.got.Write(p)
}

// TestLinesForAReaderThatIsStuck: nobody waits, what is held is bounded, and the lines
// that are missing are counted and told in their place.
func TestLinesForAReaderThatIsStuck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &stuckWriter{turn: make(chan error)}
		l := newLines(w)
		line := strings.Repeat("x", 1<<10-1) + "\n"
		io.WriteString(l, line)
		synctest.Wait() // the first write is under way, and not done
		const n = 3 * maxPending >> 10
		for range n {
			io.WriteString(l, line)
		}
		io.WriteString(l, "short\n") // has room, but would stand before what is missing
		if held := l.writing + len(l.pending); held > maxPending {
			t.Errorf("holds %d bytes", held)
		}
		lost := l.lost()
		if want := n - (maxPending>>10 - 1) + 1; lost != want {
			t.Errorf("lost %d lines; want %d", lost, want)
		}
		own, cancel := context.WithCancel(t.Context())
		cancel()
		l.flush(own) // gives up
		close(w.turn)
		l.flush(t.Context())
		io.WriteString(l, "after\n")
		l.flush(t.Context())
		want := strings.Repeat(line, maxPending>>10) + fmt.Sprintf("%d missing\nafter\n", lost)
		if got := w.got.String(); got != want {
			t.Errorf("wrote %d bytes that end in %.50q; want %d that end in %.50q", len(got), got[max(0, len(got)-50):], len(want), want[len(want)-50:])
		}
		if l.lost() != lost {
			t.Errorf("then lost %d lines", l.lost()-lost)
		}
	})
}

// TestLinesForAWriterThatFails: what could not be written is told when it can be.
func TestLinesForAWriterThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &stuckWriter{turn: make(chan error, 1)}
		l := newLines(w)
		full := errors.New("no space left on device")
		for i, err := range []error{nil, full, full, nil, nil} {
			w.turn <- err
			fmt.Fprintln(l, i)
			l.flush(t.Context())
		}
		if d := cmp.Diff("0\n3\n2 missing\n4\n", w.got.String()); d != "" {
			t.Error(d)
		}
		if l.lost() != 2 {
			t.Errorf("lost %d lines", l.lost())
		}
	})
}

// TestLinesInOrder: one that reads gets all.
func TestLinesInOrder(t *testing.T) {
	t.Parallel()
	var got, want strings.Builder
	l := newLines(&got)
	for i := range 10_000 {
		fmt.Fprintln(io.MultiWriter(l, &want), i)
	}
	l.flush(t.Context())
	if got.String() != want.String() || l.lost() != 0 {
		t.Errorf("%d bytes of %d, %d lines lost", got.Len(), want.Len(), l.lost())
	}
}
