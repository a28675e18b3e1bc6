package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

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

func ExampleDialer_header() {
	hs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token" {
			http.Error(w, "a token is needed", http.StatusUnauthorized)
			return
		}
		echo.ServeHTTP(w, r)
	}))
	defer hs.Close()

	ctx := context.Background()
	_, resp, err := new(client.Dialer).Dial(ctx, ws(hs.URL))
	fmt.Println(resp.StatusCode, err)

	d := &client.Dialer{Header: http.Header{
		"Authorization": {"Bearer token"},
		"Origin":        {hs.URL},
	}}
	c, _, err := d.Dial(ctx, ws(hs.URL))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("connected")
	c.Close(frame.CodeNormal, "")
	// Output:
	// 401 websocket: handshake failed: the server answers with status "401 Unauthorized" instead of 101: "a token is needed"
	// connected
}

func ExampleDialer_proxy() {
	hs := httptest.NewServer(echo)
	defer hs.Close()
	hp := httptest.NewServer(new(proxy)) // an HTTP proxy that wants to know who asks
	defer hp.Close()

	u, err := url.Parse(hp.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	d := &client.Dialer{Proxy: http.ProxyURL(u)}
	_, _, err = d.Dial(context.Background(), ws(hs.URL))
	var failed *client.ProxyError
	fmt.Println(errors.As(err, &failed) && failed.Addr == u.Host)

	u.User = url.UserPassword("user", "password")
	c, _, err := d.Dial(context.Background(), ws(hs.URL))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("connected")
	c.Close(frame.CodeNormal, "")
	// Output:
	// true
	// connected
}
