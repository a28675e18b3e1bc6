package main

import (
	"context"

	"hawser/websocket"
	"hawser/websocket/server"
)

// echo is the conversation with one client.
func echo(ctx context.Context, c *websocket.Conn, j *journal, greeting string) {
	converse(ctx, c, j, greeting, func(m websocket.Message) error { return c.Write(ctx, m.Type, m.Data) })
}

// converse has each message of a client be answered.
func converse(ctx context.Context, c *websocket.Conn, j *journal, greeting string, answer func(websocket.Message) error) {
	j.printf("client connected")
	defer j.disconnected(c)
	if greeting != "" && c.Write(ctx, websocket.Text, []byte(greeting)) != nil {
		return
	}
	for m, err := range c.Messages(ctx) {
		if err != nil {
			return
		}
		j.message(m)
		if answer(m) != nil {
			return
		}
	}
}

// talk is the conversation with one client in a room: what it says goes to all there, in
// the same order. Those who are too slow are the server's to deal with.
func talk(ctx context.Context, c *websocket.Conn, j *journal, topics *server.Topics, room string) {
	if topics.Join(ctx, c, room, server.Position{}) != nil {
		return
	}
	converse(ctx, c, j, "", func(m websocket.Message) error { return topics.Publish(ctx, room, m) })
}
