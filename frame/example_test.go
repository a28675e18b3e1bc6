package frame_test

import (
	"fmt"

	"hawser/websocket/frame"
)

// A payload of 256 bytes has its length in two bytes more; one of 5 must not.
func ExampleParseHeader() {
	h, n, err := frame.ParseHeader([]byte{0x82, 0x7e, 0x01, 0x00})
	fmt.Println(h.Opcode, h.Length, n, err)
	_, _, err = frame.ParseHeader([]byte{0x82, 0x7e, 0x00, 0x05})
	fmt.Println(err)
	// Output:
	// binary 256 4 <nil>
	// websocket: payload length 5 is not encoded in the minimal number of bytes (RFC 6455 section 5.2)
}

// The single-frame text message of RFC 6455 section 5.7, from a server and from a client.
func ExampleAppend() {
	h := frame.Header{Fin: true, Opcode: frame.Text}
	fmt.Printf("% x\n", frame.Append(nil, h, []byte("Hello")))
	h.Masked, h.Key = true, [4]byte{0x37, 0xfa, 0x21, 0x3d} // as a client sends it
	fmt.Printf("% x\n", frame.Append(nil, h, []byte("Hello")))
	// Output:
	// 81 05 48 65 6c 6c 6f
	// 81 85 37 fa 21 3d 7f 9f 4d 51 58
}

// A character that is cut in two is no error; a byte that no character has is one.
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
