package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"hawser/websocket"
	"hawser/websocket/client"
)

// TestRooms: what one says in a room all there get, and nobody in another. A browser gets
// the page there, and a name that is none is refused.
func TestRooms(t *testing.T) {
	t.Parallel()
	addr, _, _ := start(t, "-quiet")
	enter := func(path string) *websocket.Conn {
		t.Helper()
		c, err := client.Dial(ctx, "ws://"+addr+path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.CloseNow() })
		say(t, c, "here") // so that it is
		return c
	}
	ann := enter("/room/tea")
	bob := enter("/room/t%65a?name=Bob")
	read(t, ann, websocket.Text, "here")
	eve := enter("/room/%E2%98%95%2Ftea")
	all := enter("/all")
	say(t, eve, "coffee")
	say(t, all, "all")
	say(t, ann, "one lump")
	read(t, bob, websocket.Text, "one lump")
	say(t, bob, "two lumps")
	read(t, ann, websocket.Text, "two lumps")

	for path, want := range map[string]int{
		"/room/tea":                           http.StatusOK,
		"/room/" + strings.Repeat("x", 200):   http.StatusBadRequest,
		"/room/" + strings.Repeat("%00", 190): http.StatusOK,
		"/room/a%FF":                          http.StatusBadRequest,
		"/room/":                              http.StatusUpgradeRequired,
	} {
		resp, err := http.Get("http://" + addr + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != want || want == http.StatusOK && string(body) != page {
			t.Errorf("%.40s: %s", path, resp.Status)
		}
	}
}

// say writes a message and reads it, as it comes back.
func say(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.Write(ctx, websocket.Text, []byte(text)); err != nil {
		t.Fatal(err)
	}
	read(t, c, websocket.Text, text)
}
