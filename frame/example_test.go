package frame_test

import (
	"bytes"
	"fmt"
	"io"

	"hawser/websocket/frame"
)

// The loop that reads frames as a server receives them.
func ExampleReader() {
	key := [4]byte{1, 2, 3, 4}
	var wire []byte
	wire = frame.Append(wire, frame.Header{Opcode: frame.Text, Masked: true, Key: key}, []byte("Hel"))
	wire = frame.Append(wire, frame.Header{Fin: true, Opcode: frame.Ping, Masked: true, Key: key}, nil)
	wire = frame.Append(wire, frame.Header{Fin: true, Opcode: frame.Continuation, Masked: true, Key: key}, []byte("lo"))

	r := frame.NewReader(bytes.NewReader(wire), frame.Rules{Role: frame.Server}, 1<<20)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		p, err := r.Payload() // valid until the next call
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v, last: %v, %q\n", h.Opcode, h.Fin, p)
	}
	// Output:
	// text, last: false, "Hel"
	// ping, last: true, ""
	// continuation, last: true, "lo"
}

func ExampleParseHeader() {
	h, n, err := frame.ParseHeader([]byte{0x82, 0x7e, 0x01, 0x00})
	fmt.Println(h.Opcode, h.Length, n, err)
	_, _, err = frame.ParseHeader([]byte{0x82, 0x7e, 0x00, 0x05})
	fmt.Println(err)
	// Output:
	// binary 256 4 <nil>
	// websocket: length 5 takes 2 more bytes than it needs (RFC 6455 section 5.2)
}

func ExampleAppend() {
	h := frame.Header{Fin: true, Opcode: frame.Text}
	fmt.Printf("% x\n", frame.Append(nil, h, []byte("Hello")))
	h.Masked, h.Key = true, [4]byte{0x37, 0xfa, 0x21, 0x3d} // as a client sends it
	fmt.Printf("% x\n", frame.Append(nil, h, []byte("Hello")))
	// Output:
	// 81 05 48 65 6c 6c 6f
	// 81 85 37 fa 21 3d 7f 9f 4d 51 58
}

func ExampleUTF8() {
	var u frame.UTF8
	euro := []byte("€")
	fmt.Println(u.Feed(euro[:1]), u.Done())
	fmt.Println(u.Feed(euro[1:]), u.Done())
	fmt.Println(u.Feed([]byte{0xc0}))
	// Output:
	// true false
	// true true
	// false
}

func ExampleParseClose() {
	p, _ := frame.AppendClose(nil, frame.CodeGoingAway, "see you")
	code, reason, err := frame.ParseClose(p)
	fmt.Println(code, reason, err)
	// Output: 1001 (going away) see you <nil>
}
