package server

import (
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"

	"hawser/websocket/handshake"
)

// The bounds of a request's head that [Server.Serve] reads.
const (
	maxHead   = 64 << 10 // bytes, from the method to the empty line
	maxFields = 256      // header lines
)

// A head is a request that [Server.Serve] has read, with the memory that its parts
// take, which serves many requests in turn: see [exchange.release].
type head struct {
	http.Request
	fields http.Header
	values []string // of fields, each of which has a part
	url    url.URL
}

// parse takes text, a whole head, apart (RFC 9112 sections 3 and 5). It understands no
// more than net/http does, and less where that is lenient: a header line is never
// continued on the next one. Bodies are not its subject: the request has the
// ContentLength that tells whether there is one.
func (h *head) parse(text string) *handshake.Refusal {
	clear(h.fields)
	if h.fields == nil {
		h.fields = make(http.Header, 16)
	}
	h.Request = http.Request{Header: h.fields, Body: http.NoBody}
	h.values = h.values[:0]
	line, rest := cutLine(text)
	if refusal := h.parseLine(line); refusal != nil {
		return refusal
	}
	for n := 0; ; n++ {
		if line, rest = cutLine(rest); line == "" {
			break
		}
		if n == maxFields {
			return malformed(http.StatusRequestHeaderFieldsTooLarge, "the request has more than "+strconv.Itoa(maxFields)+" header lines")
		}
		if refusal := h.parseField(line); refusal != nil {
			return refusal
		}
	}
	if refusal := h.parseHost(); refusal != nil {
		return refusal
	}
	return h.parseFraming()
}

// cutLine returns the first line of text, without its end, and the rest. A line may end
// in a line feed alone (RFC 9112 section 2.2).
func cutLine(text string) (line, rest string) {
	line, rest, _ = strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

// parseLine parses the request line (RFC 9112 section 3).
func (h *head) parseLine(line string) *handshake.Refusal {
	method, rest, ok := strings.Cut(line, " ")
	target, proto, more := strings.Cut(rest, " ")
	if !ok || !more || !isToken(method) {
		return malformed(http.StatusBadRequest, "the first line is not one of an HTTP request")
	}
	h.Method, h.RequestURI, h.Proto = method, target, proto
	if h.ProtoMajor, h.ProtoMinor, ok = http.ParseHTTPVersion(proto); !ok {
		return malformed(http.StatusBadRequest, "the first line does not end in a version of HTTP")
	}
	if h.ProtoMajor != 1 {
		return malformed(http.StatusHTTPVersionNotSupported, "this server speaks HTTP/1.1")
	}
	return h.parseTarget(target)
}

// parseTarget parses the request's target (RFC 9112 section 3.2).
func (h *head) parseTarget(target string) *handshake.Refusal {
	if path, query, found := strings.Cut(target, "?"); isPlain(path) && path[0] == '/' && found == isPlain(query) {
		h.url = url.URL{Path: path, RawQuery: query}
		h.URL = &h.url
		return nil
	}
	justAuthority := h.Method == http.MethodConnect && !strings.HasPrefix(target, "/")
	if justAuthority {
		target = "http://" + target
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return malformed(http.StatusBadRequest, "the request's target is malformed")
	}
	if justAuthority {
		u.Scheme = ""
	}
	h.URL = u
	return nil
}

// isPlain reports whether s, of a path or query, means what it is: it has no escapes and
// nothing that would need one.
func isPlain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '-' <= c && c <= '9' || c == '_' || c == '=' || c == '&') {
			return false
		}
	}
	return s != ""
}

// parseField parses a header line (RFC 9112 section 5).
func (h *head) parseField(line string) *handshake.Refusal {
	name, value, ok := strings.Cut(line, ":")
	if !ok || !isToken(name) {
		return malformed(http.StatusBadRequest, "a line of the header is malformed")
	}
	value = strings.Trim(value, " \t")
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return malformed(http.StatusBadRequest, "the value of a header has a control character")
		}
	}
	key, ok := usualNames[name]
	if !ok {
		key = textproto.CanonicalMIMEHeaderKey(name)
	}
	if before := h.fields[key]; before != nil {
		h.fields[key] = append(before, value)
		return nil
	}
	h.values = append(h.values, value)
	last := len(h.values)
	h.fields[key] = h.values[last-1 : last : last]
	return nil
}

// parseHost sets the host that the request is for (RFC 9112 section 3.2).
func (h *head) parseHost() *handshake.Refusal {
	hosts := h.fields["Host"]
	delete(h.fields, "Host")
	switch {
	case len(hosts) > 1:
		return malformed(http.StatusBadRequest, "header Host is repeated")
	case len(hosts) == 1 && !isHost(hosts[0]):
		return malformed(http.StatusBadRequest, "header Host is malformed")
	case len(hosts) == 0 && h.ProtoAtLeast(1, 1) && h.Method != http.MethodConnect:
		return malformed(http.StatusBadRequest, "header Host is missing")
	case h.URL.Host != "":
		h.Host = h.URL.Host
	case len(hosts) == 1:
		h.Host = hosts[0]
	}
	return nil
}

// parseFraming finds out whether there is a body (RFC 9112 section 6).
func (h *head) parseFraming() *handshake.Refusal {
	for i, value := range h.fields["Content-Length"] {
		n, err := strconv.ParseUint(value, 10, 63)
		if err != nil || i > 0 && int64(n) != h.ContentLength {
			return malformed(http.StatusBadRequest, "header Content-Length is malformed")
		}
		h.ContentLength = int64(n)
	}
	te := h.fields["Transfer-Encoding"]
	delete(h.fields, "Transfer-Encoding")
	switch {
	case len(te) == 0 || !h.ProtoAtLeast(1, 1): // which HTTP/1.0 doesn't have
	case len(te) > 1 || !strings.EqualFold(te[0], "chunked"):
		return malformed(http.StatusNotImplemented, "the transfer coding is not chunked")
	default:
		h.TransferEncoding, h.ContentLength = te, -1
	}
	return nil
}

func malformed(status int, reason string) *handshake.Refusal {
	return &handshake.Refusal{Status: status, Reason: reason}
}

// usualNames has the canonical names of the headers that handshakes usually have, by
// the ways in which they are usually written: finding one costs less than making it.
var usualNames = func() map[string]string {
	names := make(map[string]string)
	for _, name := range []string{
		"Host", "Upgrade", "Connection", "Origin", "User-Agent", "Cookie", "Authorization", "Accept", "Accept-Encoding",
		"Accept-Language", "Cache-Control", "Pragma", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP",
		"Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions",
		"Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-GPC",
	} {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		names[name], names[canonical], names[strings.ToLower(name)] = canonical, canonical, canonical
	}
	return names
}()

// isToken reports whether s is a token (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func isTokenByte(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// isHost reports whether s has only characters that net/http allows in Host: those of a
// URI's authority (RFC 3986 section 3.2), and a few that browsers send.
func isHost(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("!$%&'()*+,-.:;=@[]_~", c) >= 0) {
			return false
		}
	}
	return true
}
