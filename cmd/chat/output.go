package main

import (
	"io"
	"sync"
)

// maxPending is how many bytes wait for a slow reader of standard output before
// the connection has to wait too.
const maxPending = 256 << 10

// output writes the messages received. While one write is under way the next
// messages are put together, so that many short ones need few writes.
type output struct {
	w       io.Writer
	end     byte // of each message
	fail    func(error)
	mu      sync.Mutex
	idle    sync.Cond // something was written, or given up
	pending []byte
	spare   []byte
	writing bool
	broken  bool
}

func newOutput(w io.Writer, end byte, fail func(error)) *output {
	o := &output{w: w, end: end, fail: fail}
	o.idle.L = &o.mu
	return o
}

// message writes p and its end, and waits if too much is pending.
func (o *output) message(p []byte, spawn func(func())) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.pending) >= maxPending && !o.broken {
		o.idle.Wait()
	}
	if o.broken {
		return
	}
	o.pending = append(append(o.pending, p...), o.end)
	if !o.writing {
		o.writing = true
		spawn(o.write)
	}
}

// write writes until nothing is pending.
func (o *output) write() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.pending) > 0 && !o.broken {
		p := o.pending
		o.pending, o.spare = o.spare[:0], nil
		o.mu.Unlock()
		_, err := o.w.Write(p)
		o.mu.Lock()
		if cap(p) <= 2*maxPending { // nothing very long is kept
			o.spare = p
		}
		if err != nil && !o.broken {
			o.broken = true
			o.fail(err)
		}
		o.idle.Broadcast()
	}
	o.writing = false
	o.idle.Broadcast()
}

// flush waits until all is written.
func (o *output) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.writing && !o.broken {
		o.idle.Wait()
	}
}

// abandon lets nobody wait for a reader that takes nothing.
func (o *output) abandon() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.broken = true
	o.idle.Broadcast()
}
