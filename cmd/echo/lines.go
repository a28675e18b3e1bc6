package main

import (
	"bytes"
	"context"
	"io"
	"sync"
)

// maxPending is how many bytes of lines may wait to be written or be on the way.
const maxPending = 1 << 20

// lineWriter passes lines on to a writer that may be slow, stuck or gone, such as a
// pipe into a pager, and never waits for it. Lines that find no room are left out; how
// many is said in their place once the writer takes lines again. A goroutine runs only
// while there is something to write.
type lineWriter struct {
	w      io.Writer
	notice func(n int) []byte // the line that says that n lines are missing

	mu      sync.Mutex
	pending []byte        // whole lines that wait; guarded by mu
	writing int           // bytes that are being written; guarded by mu
	missing int           // lines left out behind those, and not yet told; guarded by mu
	dropped int           // lines left out since the start; guarded by mu
	idle    chan struct{} // closed when nothing is being written; nil then; guarded by mu
}

// Write takes p, which is one or more whole lines, and never fails.
func (l *lineWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	busy := l.idle != nil
	// Once a line is missing so are those behind it, until that can be told.
	if l.writing+len(l.pending)+len(p) > maxPending || busy && l.missing > 0 {
		l.missing += countLines(p)
		l.dropped += countLines(p)
		return len(p), nil
	}
	l.pending = append(l.pending, p...)
	if !busy {
		l.idle = make(chan struct{})
		go l.pass()
	}
	return len(p), nil
}

// pass writes what is pending until nothing is. What can't be written is left out, and
// told with the next line that can.
func (l *lineWriter) pass() {
	var err error
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.pending) > 0 || l.missing > 0 && err == nil {
		told, lines := l.missing, l.pending
		if told > 0 {
			lines = append(lines, l.notice(told)...)
		}
		l.pending, l.writing, l.missing = nil, len(lines), 0
		l.mu.Unlock()
		var n int
		n, err = l.w.Write(lines)
		l.mu.Lock()
		if rest := countLines(lines[n:]); err != nil && rest > 0 {
			if told > 0 {
				rest-- // the notice
			}
			l.dropped += rest
			l.missing += rest + told
		}
	}
	close(l.idle)
	l.writing, l.idle = 0, nil
}

// flush waits until all lines are written, or ctx is done.
func (l *lineWriter) flush(ctx context.Context) {
	l.mu.Lock()
	idle := l.idle
	l.mu.Unlock()
	if idle == nil {
		return
	}
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// lost returns how many lines were left out since the start.
func (l *lineWriter) lost() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

func countLines(p []byte) int { return bytes.Count(p, []byte("\n")) }
