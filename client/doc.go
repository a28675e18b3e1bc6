// Package client dials WebSocket connections (RFC 6455 section 4.1).
//
//	c, err := client.Dial(ctx, "wss://example.org/chat")
//	if err != nil {
//		return err
//	}
//	defer c.CloseNow()
//
// A [Dialer] has the options: headers, subprotocols, TLS, proxies, redirects,
// cookies, limits. What they mean is what they mean in net/http, and URLs are what
// browsers make of them.
//
// # In a browser
//
// With GOOS=js the browser's own WebSocket does the opening handshake and the
// framing, and everything of [websocket.Conn] works on top of it, with these
// differences. What belongs to the request, to proxies, TLS, redirects, cookies,
// compression and keepalive is the browser's: such fields of a Dialer, if they are
// set, are errors that name them. Dial returns no response, and no reason why it
// failed, as browsers tell programs neither. Close and CloseWrite send the codes 1000
// and 3000 to 4999 or none, others are an error; where the connection ends because of
// what the peer sent, such as a message over the limit, the peer gets a Close frame
// without a code. CloseNow leaves it to the browser to do a closing handshake. A
// Ping is answered without asking the peer. A program that doesn't read gets an error
// once 16 MiB wait to be read, as a browser can't be told to wait. A Write waits
// while more than 1 MiB of earlier ones has not been sent.
package client
