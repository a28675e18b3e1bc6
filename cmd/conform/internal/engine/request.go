package engine

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hawser/websocket/handshake"
)

// Request is that of a client under test.
type Request struct {
	Conn   net.Conn
	Head   string // as it came
	Before []byte // what came behind it, before any answer
	HTTP   *http.Request
}

// ReadRequest reads the head of a request.
func ReadRequest(nc net.Conn, wait time.Duration) (*Request, error) {
	head, rest, err := readHead(nc, time.Now().Add(wait))
	if err != nil {
		return nil, err
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(string(head))))
	if err != nil {
		return nil, fmt.Errorf("request is not HTTP: %w", err)
	}
	return &Request{Conn: nc, Head: string(head), Before: rest, HTTP: r}, nil
}

// Query returns the parameters of the request's URL.
func (r *Request) Query() url.Values { return r.HTTP.URL.Query() }

// Offers returns what the client offers of extensions.
func (r *Request) Offers() ([]handshake.Extension, error) {
	return handshake.ParseExtensions(r.HTTP.Header["Sec-Websocket-Extensions"])
}

// Answer returns the lines of an answer as it should be, without the empty line at
// the end, for a case to change.
func (r *Request) Answer(extensions string) []string {
	lines := []string{
		"HTTP/1.1 101 Switching Protocols",
		"Upgrade: websocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Accept: " + handshake.Accept(r.HTTP.Header.Get("Sec-WebSocket-Key")),
	}
	if extensions != "" {
		lines = append(lines, "Sec-WebSocket-Extensions: "+extensions)
	}
	return lines
}

// Reply writes the head of an answer, so many bytes at a time if chop isn't 0, and
// behind it more, in the same write.
func (r *Request) Reply(lines []string, chop int, more []byte) Opening {
	o := Opening{Request: r.Head, Response: strings.Join(lines, "\r\n") + "\r\n\r\n"}
	writeHead(r.Conn, o.Response+string(more), chop)
	return o
}
