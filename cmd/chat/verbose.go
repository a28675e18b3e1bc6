package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/cmd/internal/text"
	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
)

// traceDial makes d tell what it does (-v), the way curl does: * before notes, >
// before what is sent, < before what is received.
func (s *screen) traceDial(ctx context.Context, d *client.Dialer) context.Context {
	var head string // of the request to come
	proxy := d.Proxy
	d.Proxy = func(r *http.Request) (*url.URL, error) {
		u, err := proxy(r)
		s.note("* request to " + text.Escape(hideInURL(r.URL.String())))
		if u != nil {
			s.note("* through the proxy " + text.Escape(hideInURL(u.String())))
		}
		head = r.Method + " " + hideInURL(r.URL.RequestURI()) + " " + r.Proto
		return u, err
	}
	d.TLSConfig.VerifyConnection = func(cs tls.ConnectionState) error {
		s.note("* " + tls.VersionName(cs.Version) + ", " + tls.CipherSuiteName(cs.CipherSuite))
		if len(cs.PeerCertificates) > 0 {
			cert := cs.PeerCertificates[0]
			s.note("* certificate of " + text.Escape(cert.Subject.String()) + ", issued by " +
				text.Escape(cert.Issuer.String()) + ", until " + cert.NotAfter.Format("2006-01-02"))
		}
		return nil
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:     func(i httptrace.DNSStartInfo) { s.note("* looking up " + text.Escape(i.Host)) },
		ConnectStart: func(_, addr string) { s.note("* connecting to " + addr) },
		ConnectDone: func(_, addr string, err error) {
			if err == nil {
				s.note("* connected to " + addr)
			}
		},
		WroteHeaderField: func(name string, values []string) {
			if head != "" {
				s.note("> " + text.Escape(head))
				head = ""
			}
			s.showHeader("> ", name, values)
		},
		WroteHeaders: func() { s.note(">") },
	})
}

// showResponse shows the head of a response, and the beginning of the body of a
// refusal.
func (s *screen) showResponse(resp *http.Response) {
	s.note("< " + text.Escape(resp.Proto+" "+resp.Status))
	for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
		s.showHeader("< ", name, resp.Header[name])
	}
	s.note("<")
	secrets := s.o.secrets()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		s.note(text.Escape(hide(lines.Text(), secrets)))
	}
}

// showAgreed tells what was agreed on about compression.
func (s *screen) showAgreed(z *websocket.Compressed) {
	if z == nil {
		s.note("* no compression")
		return
	}
	side := func(bits int, no bool) string {
		text := fmt.Sprintf("window of %d bytes", 1<<cmp.Or(bits, deflate.MaxWindowBits))
		if no {
			text += ", no context takeover"
		}
		return text
	}
	s.note("* compression by the client: " + side(z.ClientWindowBits, z.ClientNoTakeover))
	s.note("* compression by the server: " + side(z.ServerWindowBits, z.ServerNoTakeover))
}

// showSaved tells how much compression has saved.
func (s *screen) showSaved(z *websocket.Compressed) {
	if z == nil {
		return
	}
	saved := func(what string, bytes, wire int64) {
		if bytes > 0 {
			s.note(fmt.Sprintf("* compression: %d bytes %s as %d, %d%% saved", bytes, what, wire, 100*(bytes-wire)/bytes))
		}
	}
	saved("sent", z.Sent, z.SentWire)
	saved("received", z.Received, z.ReceivedWire)
}

// showHeader shows a header, but no credentials.
func (s *screen) showHeader(prefix, name string, values []string) {
	for _, value := range values {
		s.note(prefix + text.Escape(name+": "+withoutSecret(name, value)))
	}
}

// traceControl shows the pings and pongs of a connection. Of what they carry a trace
// knows the length.
func (s *screen) traceControl() *websocket.Trace {
	show := func(what string) func(*websocket.Conn, frame.Header) {
		return func(_ *websocket.Conn, h frame.Header) {
			switch h.Opcode {
			case frame.Ping:
				s.note(fmt.Sprintf("* ping %s (%d bytes)", what, h.Length))
			case frame.Pong:
				s.note(fmt.Sprintf("* pong %s (%d bytes)", what, h.Length))
			}
		}
	}
	return &websocket.Trace{FrameReceived: show("received"), FrameSent: show("sent")}
}
