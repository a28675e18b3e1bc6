package client

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
)

const (
	maxHead         = 64 << 10 // bytes of a response's head, those of interim responses included
	maxBody         = 1 << 10  // bytes kept of the body of a refusal
	maxInterimHeads = 8        // responses with status 1xx before the final one
)

// HandshakeError is a failed opening handshake.
type HandshakeError struct {
	// Response is the server's, or the proxy's, with at most 1 KiB of its body.
	// It's nil if none came.
	Response *http.Response
	// Err says what was wrong.
	Err error
}

// Error says what was wrong.
func (e *HandshakeError) Error() string { return "websocket: handshake failed: " + trimPrefix(e.Err) }

// Unwrap returns e.Err.
func (e *HandshakeError) Unwrap() error { return e.Err }

func trimPrefix(err error) string {
	const prefix = "websocket: "
	s := err.Error()
	if len(s) > len(prefix) && s[:len(prefix)] == prefix {
		s = s[len(prefix):]
	}
	return s
}

var errHeadTooLong = fmt.Errorf("the head of the response is longer than %d bytes", maxHead)

// roundTrip sends req and returns the response, and what came behind its head
// if that switches protocols.
func roundTrip(nc net.Conn, req *http.Request) (resp *http.Response, unread []byte, err error) {
	if err := req.Write(nc); err != nil {
		return nil, nil, err
	}
	return readResponse(nc, req)
}

func readResponse(nc net.Conn, req *http.Request) (*http.Response, []byte, error) {
	limited := &io.LimitedReader{R: nc, N: maxHead}
	br := bufio.NewReader(limited)
	for range maxInterimHeads {
		resp, err := http.ReadResponse(br, req)
		if err != nil {
			if limited.N <= 0 {
				err = errHeadTooLong
			} else if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, nil, err
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			limited.N = maxBody + int64(br.Size()) // for the body of a refusal
			unread, _ := br.Peek(br.Buffered())
			return resp, unread, nil
		}
	}
	return nil, nil, errors.New("too many interim responses")
}

// keepBody replaces the body of a refusal by its beginning, so that it can be
// read when the connection is gone.
func keepBody(resp *http.Response) {
	var body []byte
	if resp.StatusCode != http.StatusSwitchingProtocols {
		body, _ = io.ReadAll(io.LimitReader(resp.Body, maxBody))
	}
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
}
