// Sending, the way to the transport: it takes what output has accepted and writes it,
// at once, in a goroutine, or while the caller waits. Whoever has set output.flushing
// is the only one who writes. It makes no frames, but for those of queued messages when
// their turn comes.

package websocket

import (
	"context"
	"errors"
	"os"
	"time"
)

// maxRounds is how often one caller writes what others have accepted meanwhile,
// before it leaves that to a goroutine.
const maxRounds = 16

// A batch is what is being written: frames of our own, and behind them the rest of
// the last one's payload, by reference.
type batch struct {
	own *chunk // may be nil
	ref []byte
}

func (b batch) frames() []byte {
	if b.own == nil {
		return nil
	}
	return b.own.p
}

func (b batch) size() int { return len(b.frames()) + len(b.ref) }

// takeLocked moves what is to be written next out of o, and reports whether there is
// anything.
func (o *output) takeLocked() (b batch, ok bool) {
	o.queuePongLocked()
	for o.queue.hasPosted() && !o.busy && b.ref == nil && o.pend.size() < chunkMax {
		b.ref = o.takePostedLocked()
	}
	if b.own = o.takePendLocked(); b.own != nil {
		o.pend.last = int32(len(b.own.p))
	}
	return b, b.own != nil
}

// holdOthers keeps everybody from writing until sendAnswer. What is accepted meanwhile goes
// out behind the answer.
func (o *output) holdOthers() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flushing = true
}

// sendAnswer sends the answer to an opening handshake, which goes out before all frames,
// after holdOthers.
func (o *output) sendAnswer(p []byte) error {
	if err := o.send(context.Background(), batch{ref: p}); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.unlock()
	o.endFlushLocked(batch{}, nil)
	o.flushAsyncLocked()
	return nil
}

// flushLocked writes what is pending, unless somebody is already doing that. It gives up
// o.mu while it writes.
func (o *output) flushLocked(ctx context.Context) error {
	o.tellTraceLocked()
	if o.flushing || o.broken {
		return nil
	}
	b, ok := o.takeLocked()
	if !ok {
		return nil
	}
	o.flushing = true
	o.mu.Unlock()
	err := o.send(ctx, b)
	o.mu.Lock()
	o.endFlushLocked(b, err)
	if err != nil {
		return o.writeErrorLocked(ctx, err)
	}
	o.flushAsyncLocked() // what others have accepted meanwhile is not to hold up this caller
	return nil
}

// tellTraceLocked tells the owner of the frames that were accepted. It gives up o.mu
// meanwhile.
func (o *output) tellTraceLocked() {
	if o.queue.hasTraced() {
		defer o.mu.Lock()
		o.unlock()
	}
}

// flushAsyncLocked is flushLocked for those who must not wait for the peer: the reader
// and timers. What the peer doesn't take at once is left to a goroutine, which ends
// when nothing is pending. It gives up o.mu while it writes.
func (o *output) flushAsyncLocked() {
	o.tellTraceLocked()
	for round := 0; !o.flushing && !o.broken; round++ {
		b, ok := o.takeLocked()
		if !ok {
			return
		}
		o.flushing = true
		if !o.stream.Tries() || round == maxRounds {
			go o.flushRest(b, 0)
			return
		}
		o.mu.Unlock()
		n, err := o.stream.TryWrite(b.frames(), b.ref)
		o.mu.Lock()
		if err == nil && n < b.size() {
			go o.flushRest(b, n)
			return
		}
		o.endFlushLocked(b, err)
	}
}

// flushSoonLocked leaves it all to a goroutine, for who has many connections to write
// to. Until it runs, more can become pending, which goes out together.
func (o *output) flushSoonLocked() {
	if !o.flushing && !o.broken {
		o.flushing = true
		go o.flushRest(batch{}, 0)
	}
}

// flushRest writes what is left of b after n bytes, and all that is pending. It's the
// goroutine of whoever has set o.flushing, and is called without o.mu.
func (o *output) flushRest(b batch, n int) {
	for {
		var err error
		switch {
		case n == b.size():
		case n == 0:
			err = o.send(context.Background(), b)
		default:
			err = o.sendRest(context.Background(), b, n)
		}
		o.mu.Lock()
		o.endFlushLocked(b, err)
		ok := false
		if !o.broken {
			b, ok = o.takeLocked()
		}
		o.flushing = ok
		o.unlock()
		if !ok {
			return
		}
		n = 0
	}
}

// grace is how long flushNow waits for a transport that can't tell whether a write
// has to wait.
const grace = 10 * time.Millisecond

// flushNow sends what can be sent without waiting, and reports whether that is all,
// or nothing can be sent any more.
func (o *output) flushNow() bool {
	o.mu.Lock()
	defer o.unlock()
	o.flushAsyncLocked()
	if o.flushing && !o.stream.Tries() {
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		for o.flushing && !o.broken && o.waitChangeLocked(ctx) == nil {
		}
	}
	return o.broken || o.emptyLocked()
}

// flushAll waits until all that was accepted has been sent, or nothing can be sent
// any more. Messages of Post may have to wait until another one ends.
func (o *output) flushAll() {
	o.mu.Lock()
	defer o.unlock()
	for !o.broken && !o.emptyLocked() {
		if o.flushing || o.pend.b == nil && !o.queue.hasPong() && o.busy {
			o.waitChangeLocked(context.Background())
		} else {
			o.flushLocked(context.Background())
		}
	}
}

// endFlushLocked ends a flush after b was written, or not because of err, and lets
// others go on.
func (o *output) endFlushLocked(b batch, err error) {
	b.own.put()
	o.flushing = false
	if err != nil {
		o.breakLocked(err)
	}
	o.signalLocked()
	o.grantLocked()
}

// send writes all of b to the transport, in one piece on plain sockets. An error means
// that it's unknown how much has gone out.
func (o *output) send(ctx context.Context, b batch) error {
	n, err := o.stream.TryWrite(b.frames(), b.ref)
	if err != nil || n == b.size() {
		return err
	}
	return o.sendRest(ctx, b, n)
}

// sendRest writes what is left of b after n bytes, and waits for the peer.
func (o *output) sendRest(ctx context.Context, b batch, n int) error {
	ctx = o.owner.beside(ctx)
	err := o.stream.Write(ctx, b.frames(), b.ref, n, o.cfg.WriteTimeout)
	if err != nil && ctx.Err() == nil && errors.Is(err, os.ErrDeadlineExceeded) {
		return ErrWriteTimeout
	}
	return err
}
