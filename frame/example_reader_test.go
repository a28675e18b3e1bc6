package frame_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"

	"hawser/websocket/frame"
)

// echo is the read loop of a server. It sends messages back, answers pings and the
// Close frame, and tells a peer that breaks the protocol which code that costs it. The
// fragments of a message are collected in the read buffer; nothing is copied but into
// the answer.
func echo(conn net.Conn) error {
	const maxMessage = 1 << 20
	r := frame.NewReader(conn, frame.Rules{Role: frame.Server}, maxMessage)
	defer r.Free()
	var out []byte
	var message frame.Opcode // of the message that is being read
	for {
		h, err := r.Next()
		var breach *frame.Error
		if errors.As(err, &breach) {
			reason, _ := frame.AppendClose(nil, breach.Code, "")
			conn.Write(frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Close}, reason))
		}
		if err != nil {
			return err
		}
		p, err := r.Payload() // a part of the read buffer: valid until the next call
		if err != nil {
			return err
		}
		answer := frame.Header{Fin: true}
		switch h.Opcode {
		case frame.Ping:
			answer.Opcode = frame.Pong
		case frame.Pong:
			continue
		case frame.Close:
			_, err := conn.Write(frame.Append(out[:0], frame.Header{Fin: true, Opcode: frame.Close}, p))
			return err
		default:
			if h.Opcode != frame.Continuation {
				message = h.Opcode
			}
			if r.Hold(); len(r.Held()) > maxMessage {
				return errors.New("the message is too long")
			}
			if !h.Fin {
				continue
			}
			answer.Opcode, p = message, r.Held()
		}
		out = frame.Append(out[:0], answer, p)
		if _, err := conn.Write(out); err != nil {
			return err
		}
		if !h.Opcode.IsControl() {
			r.Release() // the message that was held has been answered
		}
	}
}

// masked returns a frame as a client sends it, with a mask key of its own.
func masked(op frame.Opcode, fin bool, payload string) []byte {
	h := frame.Header{Fin: fin, Opcode: op, Masked: true}
	rand.Read(h.Key[:])
	return frame.Append(nil, h, []byte(payload))
}

// Both ends of a connection: a server that echoes and a client, each with its read
// loop. The client sends a message in two fragments with a ping between them, and
// closes.
func ExampleReader() {
	near, far := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- echo(far) }()

	var wire []byte
	wire = append(wire, masked(frame.Text, false, "Hel")...)
	wire = append(wire, masked(frame.Ping, true, "still there?")...)
	wire = append(wire, masked(frame.Continuation, true, "lo")...)
	wire = append(wire, masked(frame.Close, true, "\x03\xe8bye")...)
	if _, err := near.Write(wire); err != nil {
		fmt.Println(err)
		return
	}
	r := frame.NewReader(near, frame.Rules{Role: frame.Client}, 1<<20)
	defer r.Free()
	for {
		h, err := r.Next()
		if err != nil {
			fmt.Println(err)
			return
		}
		p, err := r.Payload()
		if err != nil {
			fmt.Println(err)
			return
		}
		if h.Opcode != frame.Close {
			fmt.Printf("%v %q\n", h.Opcode, p)
			continue
		}
		code, reason, err := frame.ParseClose(p)
		fmt.Println(code, reason, err, <-served)
		return
	}
	// Output:
	// pong "still there?"
	// text "Hello"
	// 1000 (normal closure) bye <nil> <nil>
}

// relay passes frames on from one side of a proxy to the other, until the source ends.
// A payload is passed on in the pieces that it arrives in, so that a frame of any
// length takes no more than a small buffer and no time but its own. Messages stay as
// they are, compressed ones too; only the mask is new.
func relay(to io.Writer, from *frame.Reader, role frame.Role) error {
	var head [frame.MaxHeaderSize]byte
	for {
		h, err := from.Next()
		if err != nil {
			return err
		}
		if h.Masked = role == frame.Client; h.Masked {
			rand.Read(h.Key[:])
		}
		if _, err := to.Write(h.Append(head[:0])); err != nil {
			return err
		}
		for pos := 0; from.Left() > 0; {
			p, err := from.Piece()
			if err != nil {
				return err
			}
			if h.Masked {
				frame.Mask(p, h.Key, pos) // in the read buffer: p is ours until the next call
			}
			pos += len(p)
			if _, err := to.Write(p); err != nil {
				return err
			}
		}
	}
}

// A proxy between a client and a server: towards the client it is a server, towards the
// server a client. Both directions have a Reader and a goroutine.
func ExampleReader_Piece() {
	client, front := net.Pipe()
	back, server := net.Pipe()
	go echo(server)
	allowed := frame.Rsv1 // whatever the two agreed on: a compressed message has it set
	done := make(chan error, 2)
	go func() {
		done <- relay(back, frame.NewReader(front, frame.Rules{Role: frame.Server, Rsv: allowed}, 0), frame.Client)
		back.Close()
	}()
	go func() {
		done <- relay(front, frame.NewReader(back, frame.Rules{Role: frame.Client, Rsv: allowed}, 0), frame.Server)
		front.Close()
	}()

	message := make([]byte, 300_000)
	client.Write(masked(frame.Binary, true, string(message)))
	r := frame.NewReader(client, frame.Rules{Role: frame.Client}, 0)
	h, _ := r.Next()
	p, err := r.Payload()
	fmt.Println(h.Opcode, len(p), err)
	client.Close()
	fmt.Println(<-done)
	<-done
	// Output:
	// binary 300000 <nil>
	// EOF
}
