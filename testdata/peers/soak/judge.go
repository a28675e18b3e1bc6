package main

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// judge counts what went well and keeps what did not.
type judge struct {
	out                                      io.Writer
	messages, dials, cleanEnds, cut, evicted atomic.Int64

	mu       sync.Mutex
	breaches int
}

func newJudge(out io.Writer) *judge { return &judge{out: out} }

// check notes a breach unless ok. Only the first are printed: the rest of many
// is more of the same.
func (j *judge) check(ok bool, format string, args ...any) bool {
	if ok {
		return true
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.breaches++; j.breaches <= 20 {
		fmt.Fprintf(j.out, "BREACH: "+format+"\n", args...)
	}
	return false
}

func (j *judge) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return fmt.Sprintf("%d echoes, %d dials, %d clean ends, %d rule breakers cut off, %d left by the server, %d breaches",
		j.messages.Load(), j.dials.Load(), j.cleanEnds.Load(), j.cut.Load(), j.evicted.Load(), j.breaches)
}

func (j *judge) verdict() bool {
	fmt.Fprintln(j.out, j)
	j.check(j.messages.Load() > 0, "no echo at all")
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.breaches > 0 {
		fmt.Fprintln(j.out, "FAILED")
		return false
	}
	fmt.Fprintln(j.out, "all well")
	return true
}
