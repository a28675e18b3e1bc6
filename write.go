// Sending, the API. What a call does once its arguments are found right is done by the
// sending half, in send.go and the files below it.

package websocket

import (
	"context"
	"fmt"
	"io"
	"time"

	"hawser/websocket/frame"
)

// Write writes p as one message. When it returns nil the message is accepted: it
// goes out in order, together with others if somebody is writing already; an error
// that comes up then is returned by later calls. p is not kept and not changed. That
// a text is UTF-8 is up to the caller; a peer will close the connection if it isn't
// (RFC 6455 section 5.6).
//
// A message of more than 64 KiB goes out in frames of that size or a little more, so
// that pings are answered in between (RFC 6455 section 5.4), and a Close frame cuts
// it short. One that is compressed goes out in one frame as long as that one is
// shorter.
//
// While a message from [Conn.Writer] is unfinished, Write waits for its end, and
// when much is waiting to be written, for the peer. If ctx ends before the
// message began to go out, the connection stays as it is. If it ends in the
// midst of it, the connection is broken and ends, as no frame can follow a half
// one. After [Conn.Close] and at the end of the connection, the error is a
// *[CloseError].
func (c *Conn) Write(ctx context.Context, t MessageType, p []byte) error {
	return c.out.write(ctx, t, p)
}

// Writer returns a writer of one message, for messages that are too long to
// hold or not yet known to their end. Its bytes go out in frames of at least 4
// KiB, or of at least 64 KiB if they are compressed; its Close writes the last of them
// and must be called. Until then other messages wait; pings and Close frames don't (RFC
// 6455 section 5.4). A text is not cut inside of a character.
//
// ctx is for all writes to the message. When one fails after the first frame
// went out, the message can't be finished and the connection ends. The writer is
// for one goroutine at a time.
func (c *Conn) Writer(ctx context.Context, t MessageType) (io.WriteCloser, error) {
	if !t.valid() {
		return nil, errType(t)
	}
	w, err := c.out.newWriter(ctx, t)
	if err != nil {
		return nil, err
	}
	return w, nil
}

// WriteBatch writes messages, in their order, as that many calls of [Conn.Write] would,
// but sends them together: in one system call, and over TLS in one record of up to 16
// KiB, for each 64 KiB of frames. It's for who has several messages to send at once: a
// publisher that has fallen behind, a client that subscribes to much at its start.
// The data of none is kept or changed.
//
// Messages of other goroutines may come in between. As with Write, a batch that is much
// waits for the peer, and for a message from [Conn.Writer] to end.
//
// If a type is not one of a message, nothing is written. After any other error some of
// the messages, the first ones, may have been accepted and go out whole; if ctx ended
// before the next began to go out, the connection stays as it is.
func (c *Conn) WriteBatch(ctx context.Context, messages ...Message) error {
	return c.out.writeBatch(ctx, messages)
}

// Send is [Conn.Write] of a prepared message.
func (c *Conn) Send(ctx context.Context, m *Prepared) error {
	if !m.t.valid() {
		return errType(m.t)
	}
	return c.out.sendPrepared(ctx, m.wire(c.out.deflater))
}

// Post queues m and returns at once, however slow the peer is: for a message
// to many connections, of which none is to hold up the others. Of a long message
// the queue holds no copy. When m would make the queue hold more than
// [Config.MaxQueue] bytes, Post returns [ErrQueueFull] and m is not sent; an empty
// queue takes a message of any size. What Post has accepted goes out before the Close
// frame of this side. After the end its error is a *[CloseError].
func (c *Conn) Post(m *Prepared) error {
	if !m.t.valid() {
		return errType(m.t)
	}
	return c.out.post(m.wire(c.out.deflater))
}

// Ping sends a ping and returns the time until its pong arrived (RFC 6455
// sections 5.5.2 and 5.5.3). Somebody must be reading from the connection
// meanwhile. payload is at most [frame.MaxControlPayload] bytes; nil stands for
// one that no other ping has, of letters and digits.
func (c *Conn) Ping(ctx context.Context, payload []byte) (time.Duration, error) {
	if err := checkControl("ping", ctx, payload); err != nil {
		return 0, err
	}
	return c.out.ping(ctx, payload)
}

// Pong sends a pong that answers no ping, as a sign of life that asks for no
// answer (RFC 6455 section 5.5.3). Pings are answered without it. payload is at
// most [frame.MaxControlPayload] bytes.
func (c *Conn) Pong(ctx context.Context, payload []byte) error {
	if err := checkControl("pong", ctx, payload); err != nil {
		return err
	}
	return c.out.sendPong(ctx, payload)
}

// checkControl returns what is wrong with the arguments of Ping or Pong.
func checkControl(what string, ctx context.Context, payload []byte) error {
	if len(payload) > frame.MaxControlPayload {
		return fmt.Errorf("websocket: %s: payload of %d bytes, %d are allowed", what, len(payload), frame.MaxControlPayload)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("websocket: %s: %w", what, err)
	}
	return nil
}
