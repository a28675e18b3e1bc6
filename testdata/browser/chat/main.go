//go:build js

// The program is a chat that runs in a browser: cmd/chat in a page, with the
// library that servers and command lines have.
package main

import (
	"context"
	"errors"
	"syscall/js"

	"hawser/websocket"
	"hawser/websocket/client"
)

var document = js.Global().Get("document")

func main() {
	log := element("div", document.Get("body"))
	form := element("form", document.Get("body"))
	text := element("input", form)
	text.Set("ariaLabel", "Message")
	text.Call("focus")

	url := "ws://localhost:3000"
	if search := js.Global().Get("location").Get("search").String(); len(search) > 1 {
		url = search[1:] // page/?ws://host/path
	}
	ctx := context.Background()
	c, err := client.Dial(ctx, url)
	if err != nil {
		line(log, "# "+err.Error())
		return
	}
	line(log, "# socket open")
	sent := make(chan string, 16) // a function that the browser calls must not wait
	form.Call("addEventListener", "submit", js.FuncOf(func(_ js.Value, args []js.Value) any {
		args[0].Call("preventDefault")
		select {
		case sent <- text.Get("value").String():
			text.Set("value", "")
		default: // the connection is slow: what was typed stays
		}
		return nil
	}))
	go func() {
		for m := range sent {
			line(log, "> "+m)
			if c.Write(ctx, websocket.Text, []byte(m)) != nil {
				return // the reader tells
			}
		}
	}()
	for {
		_, m, err := c.Read(ctx)
		if err != nil {
			var end *websocket.CloseError
			errors.As(err, &end)
			line(log, "# "+end.Error())
			return
		}
		line(log, "< "+string(m))
	}
}

func element(name string, in js.Value) js.Value {
	e := document.Call("createElement", name)
	in.Call("append", e)
	return e
}

func line(log js.Value, text string) {
	element("p", log).Set("textContent", text)
}
