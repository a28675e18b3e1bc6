// Dialing, the error of a server that doesn't upgrade: what of its answer a user gets
// to see, and what never, such as a secret that the answer repeats.

package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	maxBody     = 1 << 10     // bytes kept of the body of a refusal
	maxBodyWait = time.Second // for these, from the end of the head
	maxQuote    = 200         // bytes of a body's first line in an error
	minSecret   = 4           // bytes of a secret that isn't there by chance
)

// HandshakeError is a failed opening handshake.
type HandshakeError struct {
	// Response is the server's, or the proxy's, with the beginning of its body: what
	// had arrived a second after the head, and at most 1 KiB. It's nil if none came.
	Response *http.Response
	// Err says what was wrong.
	Err error
}

// Error says what was wrong.
func (e *HandshakeError) Error() string { return "websocket: handshake failed: " + trimPrefix(e.Err) }

// Unwrap returns e.Err.
func (e *HandshakeError) Unwrap() error { return e.Err }

func trimPrefix(err error) string { return strings.TrimPrefix(err.Error(), "websocket: ") }

// refused returns the error for a response that doesn't give what req asked for, for
// the reason err. It quotes the first line of a body that is text, unless that
// quotes a secret of the request.
func refused(ctx context.Context, nc net.Conn, req *http.Request, resp *http.Response, err error) error {
	if line := firstLine(keepBody(ctx, nc, resp)); line != "" && !hasSecret(line, req) {
		err = fmt.Errorf("%w: %q", err, line)
	}
	return &HandshakeError{Response: resp, Err: err}
}

// keepBody replaces the body of a response that came on nc by its beginning, so
// that it can be read when the connection is gone. It doesn't wait for more than
// maxBodyWait: a body may have no end.
func keepBody(ctx context.Context, nc net.Conn, resp *http.Response) []byte {
	var body []byte
	if resp.StatusCode != http.StatusSwitchingProtocols {
		ctx, cancel := context.WithTimeout(ctx, maxBodyWait)
		defer cancel()
		defer guard(ctx, nc)()
		body, _ = io.ReadAll(io.LimitReader(resp.Body, maxBody))
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return body
}

// firstLine returns the first line of a body, shortened, or "" if it's no text for
// people: binary, compressed, or markup.
func firstLine(body []byte) string {
	line, _, ended := strings.Cut(strings.TrimSpace(string(body)), "\n")
	if len(body) == maxBody && !ended || len(line) > maxQuote {
		line = line[:min(len(line), maxQuote)]
		for n := len(line); n > 0 && n > len(line)-utf8.UTFMax; n-- { // a character that is cut
			if utf8.RuneStart(line[n-1]) {
				if !utf8.FullRuneInString(line[n-1:]) {
					line = line[:n-1]
				}
				break
			}
		}
		line += "..."
	}
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "<") || !utf8.ValidString(line) ||
		strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }) {
		return ""
	}
	return line
}

// hasSecret reports whether line has a token, a password or a cookie that was sent
// with req.
func hasSecret(line string, req *http.Request) bool {
	var secrets []string
	for _, cookie := range req.Cookies() {
		secrets = append(secrets, cookie.Value)
	}
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		for _, value := range req.Header[name] {
			_, token, ok := strings.Cut(value, " ")
			if !ok {
				token = value
			}
			secrets = append(secrets, token)
			if b, err := base64.StdEncoding.DecodeString(token); err == nil {
				_, password, _ := strings.Cut(string(b), ":")
				secrets = append(secrets, password)
			}
		}
	}
	return slices.ContainsFunc(secrets, func(s string) bool { return len(s) >= minSecret && strings.Contains(line, s) })
}
