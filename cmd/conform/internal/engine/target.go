package engine

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// Target is a server under test.
type Target struct {
	URL         *url.URL
	Header      http.Header // what requests have besides, such as Origin
	TLS         *tls.Config // for wss; may be nil
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
}

// ParseURL parses the URL of a server to test or to be. What it can't be is told
// in one line.
func ParseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err
		}
		return nil, fmt.Errorf("URL %q: %w", s, err)
	case u.Scheme != "ws" && u.Scheme != "wss":
		return nil, fmt.Errorf("URL %q begins with neither ws:// nor wss://", s)
	case u.Hostname() == "":
		return nil, fmt.Errorf("URL %q has no host", s)
	case u.Fragment != "":
		return nil, fmt.Errorf("URL %q has a fragment (RFC 6455 section 3)", s)
	}
	return u, nil
}

// Addr is the host and port of a URL.
func Addr(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "wss" {
			port = "443"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// Connect opens a transport to the server.
func (t *Target) Connect(ctx context.Context) (net.Conn, error) {
	dial := t.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	nc, err := dial(ctx, "tcp", Addr(t.URL))
	if err != nil || t.URL.Scheme != "wss" {
		return nc, err
	}
	config := &tls.Config{}
	if t.TLS != nil {
		config = t.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = t.URL.Hostname()
	}
	config.NextProtos = []string{"http/1.1"}
	secure := tls.Client(nc, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return secure, nil
}

// NewKey returns a value for Sec-WebSocket-Key.
func NewKey(r *rand.Rand) string {
	b := binary.BigEndian.AppendUint64(nil, r.Uint64())
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(b, r.Uint64()))
}

// Head returns the lines of a request as it should be, without the empty line at
// the end, for a case to change. The header names are canonical.
func (t *Target) Head(key, extensions string) []string {
	host := t.URL.Host
	if Addr(t.URL) == net.JoinHostPort(t.URL.Hostname(), map[string]string{"ws": "80", "wss": "443"}[t.URL.Scheme]) {
		host = strings.TrimSuffix(host, ":"+t.URL.Port())
	}
	lines := []string{
		"GET " + t.URL.RequestURI() + " HTTP/1.1",
		"Host: " + host,
		"Upgrade: websocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Key: " + key,
		"Sec-WebSocket-Version: 13",
	}
	for line := range strings.Lines(extensions) { // there may be several
		lines = append(lines, "Sec-WebSocket-Extensions: "+strings.TrimSpace(line))
	}
	for _, name := range slices.Sorted(maps.Keys(t.Header)) {
		for _, v := range t.Header[name] {
			lines = append(lines, name+": "+v)
		}
	}
	return lines
}

// Exchange writes the head of a request, so many bytes at a time if chop isn't 0,
// and reads the answer. rest is what came behind the answer's head.
func Exchange(nc net.Conn, lines []string, chop int, wait time.Duration) (o Opening, resp *http.Response, rest []byte, err error) {
	o.Request = strings.Join(lines, "\r\n") + "\r\n\r\n"
	by := time.Now().Add(wait)
	nc.SetWriteDeadline(by)
	defer nc.SetWriteDeadline(time.Time{})
	err = writeHead(nc, o.Request, chop)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		// A server may refuse before it has read all: what it says counts.
		err = nil
	}
	if err == nil {
		var head []byte
		head, rest, err = readHead(nc, by)
		o.Response = string(head)
	}
	if err != nil {
		o.Timeout = errors.Is(err, os.ErrDeadlineExceeded)
		if errors.Is(err, io.EOF) {
			err = errors.New("the server closed the transport instead of answering")
		}
		return o, nil, nil, err
	}
	resp, err = http.ReadResponse(bufio.NewReader(strings.NewReader(o.Response)), &http.Request{Method: "GET"})
	if err != nil {
		return o, nil, nil, fmt.Errorf("answer is not HTTP: %w", err)
	}
	return o, resp, rest, nil
}
