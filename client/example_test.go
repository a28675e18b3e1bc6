package client_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
)

func ExampleDial() {
	hs := httptest.NewServer(echo)
	defer hs.Close()

	ctx := context.Background()
	c, err := client.Dial(ctx, ws(hs.URL))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseNow()
	c.Write(ctx, websocket.Text, []byte("hello"))
	t, p, err := c.Read(ctx)
	fmt.Printf("%v %q %v\n", t, p, err)
	fmt.Println(c.Close(frame.CodeNormal, "bye"))
	// Output:
	// text "hello" <nil>
	// <nil>
}

func ExampleDialer() {
	hs := httptest.NewServer(echo)
	defer hs.Close()

	d := &client.Dialer{Subprotocols: []string{"v2.chat", "chat"}}
	c, resp, err := d.Dial(context.Background(), ws(hs.URL))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseNow()
	fmt.Println(resp.StatusCode, c.Subprotocol())
	// Output: 101 chat
}
