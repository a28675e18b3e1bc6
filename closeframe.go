// Sending, the Close frame: behind it nothing is sent any more. How the connection ends is
// for ending.go to decide.

package websocket

import "hawser/websocket/frame"

// sendClose has a Close frame sent behind what was accepted, unless no message is
// accepted any more.
func (o *outbound) sendClose(payload []byte) error {
	o.mu.Lock()
	defer o.unlock()
	if o.closed != nil {
		return o.closed
	}
	o.queueCloseLocked(payload)
	return nil
}

// answerClose answers the peer's Close frame, unless this side has sent one before. It
// returns how the connection ends, but for what the peer's frame held.
func (o *outbound) answerClose(code frame.Code, reason string) *CloseError {
	payload, _ := frame.AppendClose(nil, code, reason)
	o.mu.Lock()
	defer o.unlock()
	first := o.code != 0
	o.queueCloseLocked(payload)
	e := o.outcomeLocked(nil)
	e.Local = first
	return e
}

// sendBreach tells the peer the code of its breach of the protocol, unless this side has
// sent a Close frame before, and returns how the connection ends (RFC 6455 section
// 7.1.7). The text of the breach stays here: it would help only to attack.
func (o *outbound) sendBreach(breach *frame.Error) *CloseError {
	payload, _ := frame.AppendClose(nil, breach.Code, "")
	o.mu.Lock()
	defer o.unlock()
	o.queueCloseLocked(payload)
	e := o.outcomeLocked(breach)
	e.Local = true
	return e
}

// queueCloseLocked makes a Close frame the last frame to be sent, behind all messages
// that were accepted, and refuses all others, unless this side has sent one before. If
// messages of Post wait for a message in fragments to be finished, the Close frame waits
// as well; else that message is given up. It may give up o.mu meanwhile.
func (o *outbound) queueCloseLocked(payload []byte) {
	if o.code != 0 || o.broken {
		return
	}
	m := newWire(frame.Header{Fin: true, Opcode: frame.Close}, payload)
	code, reason, _ := frame.ParseClose(payload)
	o.code = code
	e := o.outcomeLocked(nil)
	e.SentReason = reason
	o.refuseLocked(e) // before anything is written, which gives up the lock
	if o.streaming && !o.queue.hasPosted() {
		o.queueLocked(m.header(), payload)
		o.closeOut, o.cut = true, true
	} else {
		o.waitingLocked().post(&m)
	}
	o.flushAsyncLocked()
}
