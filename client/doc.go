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
package client
