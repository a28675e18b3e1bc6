package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
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

// A tunnel: each end of it copies between a stream and another connection. When one
// side has no more to send, only its half is closed, so the answer still arrives.
func ExampleNetConn_tunnel() {
	near, far := websocket.Pipe(websocket.Config{}, websocket.Config{})
	defer near.CloseNow()
	defer far.CloseNow()

	// tunnel copies in both directions until both have ended.
	tunnel := func(a, b net.Conn) {
		defer a.Close()
		defer b.Close()
		half := func(to, from net.Conn) {
			io.Copy(to, from)
			to.(interface{ CloseWrite() error }).CloseWrite()
		}
		done := make(chan struct{})
		go func() {
			half(a, b)
			close(done)
		}()
		half(b, a)
		<-done
	}
	listen := func(serve func(net.Conn)) string {
		l, err := net.Listen("tcp", "localhost:0")
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer l.Close()
			if c, err := l.Accept(); err == nil {
				serve(c)
			}
		}()
		return l.Addr().String()
	}
	service := listen(func(c net.Conn) {
		request, _ := io.ReadAll(c) // until the client has no more to say
		fmt.Fprintf(c, "%d bytes, thank you", len(request))
		c.Close()
	})
	entrance := listen(func(c net.Conn) { tunnel(c, websocket.NetConn(near, websocket.Binary)) })
	go func() {
		c, err := net.Dial("tcp", service)
		if err != nil {
			log.Fatal(err)
		}
		tunnel(websocket.NetConn(far, websocket.Binary), c)
	}()

	c, err := net.Dial("tcp", entrance)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, strings.Repeat("request ", 100_000))
	c.(*net.TCPConn).CloseWrite()
	answer, err := io.ReadAll(c)
	fmt.Println(string(answer), err)
	// Output: 800000 bytes, thank you <nil>
}

// A relay hands on how one connection ended to the other. Codes that only report what
// happened can't be sent: a peer that went away without a Close frame becomes 1014.
func ExampleConn_Close() {
	relay := func(from, to *websocket.Conn) {
		ctx := context.Background()
		for {
			t, p, err := from.Read(ctx)
			if err != nil {
				break
			}
			if to.Write(ctx, t, p) != nil {
				break
			}
		}
		var e *websocket.CloseError
		switch errors.As(from.Err(), &e); {
		case e == nil: // to has ended first
			from.CloseNow()
		case e.Code == websocket.CodeNone || e.Code.Sendable():
			to.Close(e.Code, e.Reason)
		default:
			to.Close(websocket.CodeBadGateway, "")
		}
	}
	for _, end := range []func(*websocket.Conn){
		func(c *websocket.Conn) { c.Close(4000, "had enough") },
		func(c *websocket.Conn) { c.CloseNow() },
	} {
		client, a := websocket.Pipe(websocket.Config{}, websocket.Config{})
		b, server := websocket.Pipe(websocket.Config{}, websocket.Config{})
		go relay(a, b)
		go end(client)
		_, _, err := server.Read(context.Background())
		fmt.Println(err)
	}
	// Output:
	// websocket: closed by the peer with 4000 "had enough"
	// websocket: closed by the peer with 1014 (bad gateway)
}
