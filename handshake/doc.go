// Package handshake has the rules of WebSocket's opening handshake (RFC 6455 sections
// 4, 9.1 and 10.2) for both sides, on the types of net/http. It opens no connections
// and writes to none: packages server and client do that, and most programs use those.
// This package is for programs that do the handshake themselves, such as proxies,
// servers with an HTTP stack of their own, and tests.
//
// # Server
//
//  1. [ParseRequest] checks the request and returns what the client offers.
//     [IsUpgrade] is for handlers that serve a page at the same path.
//  2. [CheckOrigin] keeps the pages of other sites out; [CheckHost] keeps other names
//     out of a server that is to be reached from its own machine or network only.
//  3. [SelectProtocol] chooses a subprotocol and [AcceptDeflate] the parameters of
//     compression.
//  4. [AppendResponse] makes the head of the response, to be written to the connection.
//
// A request that can't be accepted is a *[Refusal], which is an [http.Handler] too: it
// answers the client.
//
// # Client
//
//  1. [NewKey] makes the key of the attempt, and [OfferDeflate] an offer of compression.
//  2. [RequestHeader] puts both into the header of a GET request.
//  3. [CheckResponse] checks the response, and [CheckDeflate] its answer to the offer.
//
// # Extensions
//
// [ParseExtensions] and [FormatExtensions] are for the header Sec-WebSocket-Extensions
// in general (section 9.1), and [Deflate] has the parameters of the one extension that
// is known here, permessage-deflate (RFC 7692 section 7).
//
// # Errors
//
// A request or response that breaks the rules is a *[Refusal] on the server's side, with
// the HTTP status to answer with, and a *[ResponseError] on the client's, with the status
// of the response; [errors.As] finds both. [ParseExtensions] and [CheckDeflate] return
// plain errors, and so does every function for a mistake of its caller, such as a header
// with a line break. The texts quote at most 40 bytes of what the peer sent, escaped, so
// that they are fit for a log. Those that stand alone begin with "websocket: ".
//
// # Ownership and concurrency
//
// All functions may be called from any goroutine. They keep none of what they are given
// and change only what their comments say; strings that they return may be parts of the
// request's or the response's headers.
package handshake
