//go:build race || poison

// Poison: with -race or the tag poison, a message that somebody keeps beyond the next
// read is overwritten, so that tests find the mistake.

package websocket

// poison overwrites buffers as they go back to their pool, so that a test that
// looks at one too late fails instead of passing by luck.
const poison = true

// lent is the message that Read has returned last.
type lent struct{ p []byte }

// lend notes that the user may look at p until the next read.
func (in *inbound) lend(p []byte) { in.lent.p = p }

// recall is called when the next read begins. Whoever has kept the message before
// gets to see so at once, and not only when its memory happens to be used again.
func (in *inbound) recall() {
	messageUsedAfterNextRead(in.lent.p)
	in.lent.p = nil
}

// giveAway leaves the message to the user for ever.
func (in *inbound) giveAway() { in.lend(nil) }

// messageUsedAfterNextRead has a name that tells what is wrong where it turns up in a
// report of the race detector: a slice that Conn.Read or Conn.Messages returned was
// used after the next read had begun. Whoever keeps a message calls Conn.ReadAppend or
// Message.Clone. Without a race, this is what such a slice says.
//
//go:noinline
func messageUsedAfterNextRead(p []byte) {
	const mistake = "MESSAGE USED AFTER THE NEXT READ; "
	for n := copy(p, mistake); n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
}
