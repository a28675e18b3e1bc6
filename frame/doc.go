// Package frame reads and writes the frames of the WebSocket protocol (RFC 6455
// section 5). It works on bytes: it opens no connections, starts no goroutines
// and reads no clocks. It is for programs that need the frames themselves, such as
// proxies, load generators and tests. A program that wants whole messages, answered
// pings, deadlines and a closing handshake uses package websocket instead, which is
// built on this one.
//
// # Reading
//
// A [Reader] takes the bytes that a peer sends from an [io.Reader] and hands out
// frames without copying or allocating: a payload is unmasked in the read buffer
// and returned as a slice of it.
//
//	r := frame.NewReader(conn, frame.Rules{Role: frame.Server}, 1<<20)
//	for {
//		h, err := r.Next()
//		if err != nil {
//			return err
//		}
//		p, err := r.Payload()
//		if err != nil {
//			return err
//		}
//		// Use h and p. The next call of Next overwrites p.
//	}
//
// [Reader.Next] returns the header of the next frame, after it has checked it
// against the [Rules]. There are two ways to its payload: [Reader.Payload] waits
// for all of it, and [Reader.Piece] returns what has arrived, so that a frame of any
// length passes through a small buffer. [Reader.Left] says how much is missing.
// What is not asked for is skipped by the next call of Next.
//
// A message can consist of several frames, with control frames between them.
// [Reader.Hold] keeps the payload that was returned last, [Reader.Held] returns all
// that is kept as one slice, and [Reader.Release] lets go of it. [Reader.Buffered]
// says whether more bytes have arrived already, so that a program can collect its
// answers into one write. [Reader.Free] gives the buffer back at the end.
//
// The rest is for the caller: to answer a Ping with a Pong of the same payload and a
// Close with a Close (sections 5.5.1 to 5.5.3), to bound the length of whole messages
// and the number of their frames, and to check text ([UTF8]).
//
// # Writing
//
// [Append] appends a whole frame to a slice, and [Header.Append] only a header, for a
// payload that is written from where it is. A client has to mask what it sends: it
// sets Masked and Key in the [Header], with a new key for each frame, from
// crypto/rand (section 5.3). [Mask] masks and unmasks a payload in place.
// [AppendClose] makes the payload of a Close frame and [ParseClose] reads it.
//
// # Ownership
//
// A slice that a Reader returns is a part of its buffer. It is valid until the next
// call of a method of the Reader other than Buffered, Left and Held; then it may be
// overwritten, or belong to another connection. Until then the caller may change its
// bytes, for example to mask them again. The functions keep none of the slices that
// they are given.
//
// # Errors
//
// A peer that breaks the protocol is reported as an *[Error], found with
// [errors.As]. It carries the [Code] to close the connection with (section 7.4) and
// the section of the RFC that was broken. It is final: each later call of Next
// returns it again.
//
// Next returns [io.EOF] if the source ends between two frames, and
// [io.ErrUnexpectedEOF] if it ends within one. Any other error is the source's,
// unchanged, and leaves the Reader as it was: after an expired deadline, the same
// call can be made again and nothing is lost. A source that returns neither bytes nor
// an error 100 times in a row gives [io.ErrNoProgress].
//
// # Concurrency
//
// A Reader, a Rules and a UTF8 are for one goroutine at a time. The functions may be
// called from any goroutine.
//
// # Low-level parts
//
// Some names exist only because package websocket needs them: it keeps a Reader
// within its connection, holds no buffer while it waits for bytes, and takes short
// messages by a shorter way. They ask for more care than the rest, they are no part of
// what stays compatible, and they may change or go in any release:
//
//   - [Reader.Init], [LateReader] and [Lender]: a source that waits without a buffer.
//   - [Reader.Preload] and [Reader.Detach]: bytes put in by hand, a buffer given away.
//   - [Reader.Fill], [Reader.Whole] and [Reader.ReadHeader]: Next in smaller steps.
//   - [Header.AppendFrame]: Append without a copy of the header.
package frame
