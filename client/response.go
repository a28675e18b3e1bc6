// Dialing, the request and the head of its answer on the wire, with limits on what the
// server may send. Whether the answer is right is for package handshake to say.

package client

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

const (
	maxHead         = 64 << 10 // bytes of a response's head, those of interim responses included
	maxInterimHeads = 8        // responses with status 1xx before the final one
)

var errHeadTooLong = fmt.Errorf("the head of the response is longer than %d bytes", maxHead)

// roundTrip sends req and returns the response, and what came behind its head
// if that switches protocols.
func roundTrip(nc net.Conn, req *http.Request) (resp *http.Response, unread []byte, err error) {
	sent := *req
	sent.Header = spelled(req.Header)
	var b bytes.Buffer // else Write makes a larger one
	if err := sent.Write(&b); err != nil {
		return nil, nil, err
	}
	if _, err := nc.Write(b.Bytes()); err != nil {
		return nil, nil, err
	}
	return readResponse(nc, req)
}

// readers are those whose response needs them no more.
var readers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}

// spelled returns h with the headers of the handshake spelled as in RFC 6455, which
// is not how http.Header spells them. The case of a header's name means nothing,
// but there are servers that look for this spelling only.
func spelled(h http.Header) http.Header {
	c := make(http.Header, len(h))
	for name, values := range h {
		if suffix, ok := strings.CutPrefix(name, "Sec-Websocket-"); ok {
			name = "Sec-WebSocket-" + suffix
		}
		c[name] = values
	}
	return c
}

// readResponse reads interim responses and the head of the final one, and returns that
// and what came behind it.
func readResponse(nc net.Conn, req *http.Request) (*http.Response, []byte, error) {
	limited := &io.LimitedReader{R: nc, N: maxHead}
	br := readers.Get().(*bufio.Reader)
	br.Reset(limited)
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
		if resp.StatusCode == http.StatusSwitchingProtocols { // has no body
			unread, _ := br.Peek(br.Buffered())
			unread = bytes.Clone(unread)
			br.Reset(nil)
			readers.Put(br)
			return resp, unread, nil
		}
		if resp.StatusCode >= 200 {
			limited.N = maxBody + int64(br.Size()) // for the body of a refusal
			unread, _ := br.Peek(br.Buffered())
			return resp, unread, nil
		}
	}
	return nil, nil, errors.New("too many interim responses")
}
