package deflate_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"hawser/websocket/frame/deflate"
)

// The messages of RFC 7692 section 7.2.3.2: with context takeover, the second
// one refers to the first.
func Example() {
	agreed := deflate.Config{Takeover: true}
	e, d := deflate.NewEncoder(agreed), deflate.NewDecoder(agreed)
	for range 2 {
		payload := e.Append(nil, []byte("Hello, hello, hello"))
		message, err := d.Append(nil, payload, 1<<20)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d bytes: %s\n", len(payload), message)
	}
	// Output:
	// 12 bytes: Hello, hello, hello
	// 4 bytes: Hello, hello, hello
}

// A message whose frames are inflated one by one, as they arrive.
func ExampleDecoder_AppendPart() {
	d := deflate.NewDecoder(deflate.Config{})
	var message []byte
	for _, frame := range []string{"\xf2\x48\xcd", "\xc9\xc9\x07\x00"} {
		var err error
		if message, err = d.AppendPart(message, []byte(frame), 1<<20); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%q\n", message)
	}
	fmt.Println(d.End())
	// Output:
	// "He"
	// "Hello"
	// <nil>
}

// A message that inflates to more than it may.
func ExampleLimitError() {
	bomb := deflate.NewEncoder(deflate.Config{}).Append(nil, make([]byte, 1<<20))
	_, err := deflate.NewDecoder(deflate.Config{}).Append(nil, bomb, 1000)
	var limit *deflate.LimitError
	fmt.Println(len(bomb) < 2000, errors.As(err, &limit), err)
	// Output: true true websocket: message inflates to more than 1000 bytes
}

// A message that neither the sender nor the receiver holds as a whole.
func ExampleEncoder_NewWriter() {
	var wire [][]byte // the payloads of the message's frames
	w := deflate.NewEncoder(deflate.Config{}).NewWriter(func(piece []byte, final bool) error {
		wire = append(wire, bytes.Clone(piece))
		return nil
	})
	for range 10_000 {
		io.WriteString(w, "one line of very many\n")
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}

	// The receiver inflates each piece into a buffer of a fixed size.
	d := deflate.NewDecoder(deflate.Config{})
	size, lines := 0, 0
	buf := make([]byte, 4096)
	for _, piece := range wire {
		for more := true; more; {
			n, used, err := d.Decode(buf, piece, 1<<20)
			if err != nil {
				fmt.Println(err)
				return
			}
			size += n
			lines += bytes.Count(buf[:n], []byte("\n"))
			piece, more = piece[used:], n == len(buf)
		}
	}
	fmt.Println(size, lines, d.End())
	// Output: 220000 10000 <nil>
}
