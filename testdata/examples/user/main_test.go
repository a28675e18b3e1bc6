package main

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"hawser/websocket"
	"hawser/websocket/client"
)

func TestRoomsKnowTheirUser(t *testing.T) {
	t.Parallel()
	hs := httptest.NewServer(routes())
	t.Cleanup(hs.Close)
	at := func(user, path string) string {
		return strings.Replace(hs.URL, "http://", "ws://"+user, 1) + path
	}
	for _, tt := range []struct {
		name, url string
		status    int
		want      []string
	}{
		{"a user", at("ann:pears@", "/rooms/go?name=Ann"), 101, []string{"welcome to go, Ann", "Ann: hi"}},
		{"without a name", at("bob:apples@", "/rooms/go"), 101, []string{"welcome to go, bob", "bob: hi"}},
		{"wrong password", at("ann:plums@", "/rooms/go"), 401, nil},
		{"nobody", at("", "/rooms/go"), 401, nil},
		{"no room", at("ann:pears@", "/"), 404, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var d client.Dialer
			c, resp, err := d.Dial(t.Context(), tt.url)
			if resp == nil || resp.StatusCode != tt.status {
				t.Fatal(resp, err)
			}
			var refused *client.HandshakeError
			if tt.want == nil {
				if !errors.As(err, &refused) {
					t.Error(err)
				}
				return
			}
			defer c.CloseNow()
			c.Write(t.Context(), websocket.Text, []byte("hi"))
			for _, want := range tt.want {
				if _, p, err := c.Read(t.Context()); err != nil || string(p) != want {
					t.Errorf("%q, %v; want %q", p, err, want)
				}
			}
			if err := c.Close(websocket.CodeNormal, ""); err != nil {
				t.Error(err)
			}
		})
	}
}
