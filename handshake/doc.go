// Package handshake has the rules of the opening handshake (RFC 6455 sections
// 4, 9.1 and 10.2) on the types of net/http, for both sides. It opens no
// connections: packages server and client do.
//
// A server calls [ParseRequest], [CheckOrigin], [SelectProtocol] and
// [AppendResponse]; what it has to refuse is a *[Refusal], which knows how to
// answer. [IsUpgrade] tells who asks for a WebSocket from who asks for a page, and
// [CheckHost] keeps strange names from a server that only its own machine is to reach.
// A client calls [NewKey], [RequestHeader] and [CheckResponse].
//
// All functions may be called from any goroutine.
package handshake
