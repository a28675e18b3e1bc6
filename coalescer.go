// Sending, whether an answer may wait for the next ones, so that they go out together. A
// coalescer has no lock of its own and only decides; hold.go acts on it.

package websocket

import (
	"sync/atomic"
	"time"

	"hawser/websocket/frame"
)

// While the next message, or the beginning of it, is in the read buffer already,
// what's written waits for what will be written in answer to that one: so a peer
// that sends several messages at once gets their answers in one system call. They
// go out when the last one is answered, when the reader would have to wait, when
// they are many, and in any case after a short while, for handlers that take their
// time. Those that turn out to be quick have that looked at less often, as timers
// cost. A peer that sends one message at a time never waits.
const (
	holdMax      = chunkMax // bytes
	holdDelay    = time.Millisecond
	holdDelayMax = 16 // times that
)

// A coalescer is a part of output, whose mutex guards all of it but more and held.
type coalescer struct {
	more  atomic.Bool // the next message has begun to arrive; written by the reader
	held  atomic.Bool // frames are pending that nobody is writing, on purpose
	timer *time.Timer // writes them in any case; nil until it's needed
	room  int32       // up to how many pending bytes a message may just join them
	took  uint8       // how many batches have been held so far, and wraps around
	since uint8       // what took was when the timer was armed
	armed bool        // the timer is going to fire
	delay uint8       // of the timer, in units of holdDelay
}

// setMore takes note of whether the next message has begun to arrive. It needs no lock,
// and is for whoever has the reading role.
func (k *coalescer) setMore(more bool) {
	if k.more.Load() != more {
		k.more.Store(more)
	}
}

// joins reports whether a message of n bytes that may begin just goes behind what's held
// back, which is so many bytes, and nothing else is to be done.
func (k *coalescer) joins(pending, n int) bool {
	return pending+frame.MaxHeaderSize+n <= int(k.room) && k.more.Load()
}

// taken is called when what is pending is taken to be written.
func (k *coalescer) taken() {
	k.room = 0
	if k.held.Load() {
		k.held.Store(false)
		k.took++
	}
}

// arms reports whether the timer has to be set, and takes note that it is. It's left set
// if all goes out sooner, which is cheaper than to stop it.
func (k *coalescer) arms() bool {
	if k.armed {
		return false
	}
	k.armed, k.since = true, k.took
	return true
}

// fired is called when the timer has fired. If what was held when it was set has gone out
// without it, it's set less often.
func (k *coalescer) fired() {
	k.armed = false
	if k.took != k.since {
		k.delay = min(2*k.delay, holdDelayMax)
	} else {
		k.delay = 1
	}
}

// stop lets go of the timer, at the end of the connection.
func (k *coalescer) stop() {
	if k.timer != nil {
		k.timer.Stop()
	}
}
