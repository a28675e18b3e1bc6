package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/client"
)

func dial(t *testing.T, hs *httptest.Server, path string) *websocket.Conn {
	t.Helper()
	c, err := client.Dial(t.Context(), strings.Replace(hs.URL, "http://", "ws://", 1)+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

func expect(t *testing.T, c *websocket.Conn, want ...string) {
	t.Helper()
	for _, w := range want {
		if _, p, err := c.Read(t.Context()); err != nil || string(p) != w {
			t.Fatalf("%q, %v; want %q", p, err, w)
		}
	}
}

func say(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.Write(t.Context(), websocket.Text, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func TestARoomHearsItsMembersAndNobodyElse(t *testing.T) {
	t.Parallel()
	hs := httptest.NewServer(newHub().routes())
	t.Cleanup(hs.Close)
	ann := dial(t, hs, "/rooms/go?name=ann")
	expect(t, ann, "* ann is here")
	eve := dial(t, hs, "/rooms/rust?name=eve")
	expect(t, eve, "* eve is here")
	bob := dial(t, hs, "/rooms/go?name=bob")
	expect(t, bob, "* bob is here")
	expect(t, ann, "* bob is here")

	say(t, bob, "hello")
	say(t, eve, "hello?")
	expect(t, ann, "bob: hello")
	expect(t, bob, "bob: hello")
	expect(t, eve, "eve: hello?") // and not what bob said before

	resp, err := http.Get(hs.URL + "/rooms")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	list, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("go 2\nrust 1\n", string(list)); diff != "" {
		t.Error(diff)
	}

	if err := bob.Close(websocket.CodeNormal, ""); err != nil {
		t.Error(err)
	}
	expect(t, ann, "* bob has left")
	ann.CloseNow()
	hs.CloseClientConnections()
}

func TestWhoCannotTalkIsTold(t *testing.T) {
	t.Parallel()
	hs := httptest.NewServer(newHub().routes())
	t.Cleanup(hs.Close)
	_, err := client.Dial(t.Context(), strings.Replace(hs.URL, "http://", "ws://", 1)+"/rooms/go")
	var refused *client.HandshakeError
	if !errors.As(err, &refused) || refused.Response.StatusCode != http.StatusBadRequest {
		t.Error("without a name:", err)
	}
	c := dial(t, hs, "/rooms/go?name=ann")
	expect(t, c, "* ann is here")
	if err := c.Write(t.Context(), websocket.Binary, []byte{1}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Read(t.Context()); websocket.CloseCode(err) != websocket.CodeUnsupportedData {
		// Its own leaving may be told before it is gone.
		if _, _, err = c.Read(t.Context()); websocket.CloseCode(err) != websocket.CodeUnsupportedData {
			t.Error("binary:", err)
		}
	}
}
