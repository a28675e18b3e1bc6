package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// An echo server and its client, joined in memory.
func Example() {
	client, server := websocket.Pipe(websocket.Config{}, websocket.Config{})
	defer client.CloseNow()
	go func() {
		defer server.CloseNow()
		for m, err := range server.Messages(context.Background()) {
			if err != nil || server.Write(context.Background(), m.Type, m.Data) != nil {
				return
			}
		}
	}()

	ctx := context.Background()
	client.Write(ctx, websocket.Text, []byte("hello"))
	t, p, err := client.Read(ctx)
	fmt.Printf("%v %q %v\n", t, p, err)
	fmt.Println(client.Close(frame.CodeNormal, "bye"))
	fmt.Println(client.Err())
	// Output:
	// text "hello" <nil>
	// <nil>
	// websocket: closed with 1000 (normal closure) "bye"
}

// A read that a context ends is no loss: the next one goes on.
func ExampleConn_Read() {
	client, server := websocket.Pipe(websocket.Config{}, websocket.Config{})
	defer client.CloseNow()
	defer server.CloseNow()

	short, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, _, err := client.Read(short)
	fmt.Println(errors.Is(err, context.DeadlineExceeded), client.Err())

	server.Write(context.Background(), websocket.Text, []byte("late"))
	_, p, err := client.Read(context.Background())
	fmt.Println(string(p), err)
	// Output:
	// true <nil>
	// late <nil>
}

// A message of any length, written and read in pieces.
func ExampleConn_Writer() {
	client, server := websocket.Pipe(websocket.Config{}, websocket.Config{})
	defer client.CloseNow()
	defer server.CloseNow()
	ctx := context.Background()
	go func() {
		w, err := client.Writer(ctx, websocket.Text)
		if err != nil {
			return
		}
		for i := range 3 {
			fmt.Fprintf(w, "line %d\n", i)
		}
		w.Close()
	}()
	t, r, err := server.Reader(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := io.ReadAll(r)
	fmt.Printf("%v %q %v\n", t, p, err)
	// Output: text "line 0\nline 1\nline 2\n" <nil>
}

// What a peer does wrong has a code; how a connection ended is a *CloseError.
func ExampleCloseError() {
	client, server := websocket.Pipe(websocket.Config{}, websocket.Config{MaxMessage: 10})
	defer client.CloseNow()
	go client.Write(context.Background(), websocket.Text, make([]byte, 100))
	go client.Read(context.Background())

	_, _, err := server.Read(context.Background())
	var breach *frame.Error
	if errors.As(err, &breach) {
		fmt.Println(breach.Code)
	}
	fmt.Println(err)
	// Output:
	// 1009 (message too big)
	// websocket: connection failed: message is longer than 10 bytes (RFC 6455 section 10.4); closed with 1009 (message too big)
}

func ExampleCompression() {
	config := websocket.Config{Compression: &websocket.Compression{}}
	client, server := websocket.Pipe(config, config)
	defer client.CloseNow()
	defer server.CloseNow()

	ctx := context.Background()
	for range 2 { // the second one costs next to nothing
		client.Write(ctx, websocket.Text, []byte(`{"name": "Ahab", "ship": "Pequod", "looks for": "a whale"}`))
		_, p, err := server.Read(ctx)
		fmt.Println(string(p), err)
		fmt.Println(client.Compressed().SentWire, "bytes so far")
	}
	client.Write(ctx, websocket.Text|websocket.Uncompressed, []byte("a secret, as it is"))
	// Output:
	// {"name": "Ahab", "ship": "Pequod", "looks for": "a whale"} <nil>
	// 60 bytes so far
	// {"name": "Ahab", "ship": "Pequod", "looks for": "a whale"} <nil>
	// 64 bytes so far
}

func ExamplePrepared() {
	m := websocket.NewPrepared(websocket.Text, []byte("to all"))
	for range 2 {
		client, server := websocket.Pipe(websocket.Config{}, websocket.Config{})
		fmt.Println(server.Post(m)) // doesn't wait
		_, p, _ := client.Read(context.Background())
		fmt.Println(string(p))
		server.CloseNow()
		client.CloseNow()
	}
	// Output:
	// <nil>
	// to all
	// <nil>
	// to all
}

func ExampleNetConn() {
	client, server := websocket.Pipe(websocket.Config{}, websocket.Config{})
	go func() {
		n := websocket.NetConn(client, websocket.Binary)
		io.WriteString(n, "any ")
		io.WriteString(n, "stream")
		n.Close()
	}()
	p, err := io.ReadAll(websocket.NetConn(server, websocket.Binary))
	fmt.Println(string(p), err)
	// Output: any stream <nil>
}
