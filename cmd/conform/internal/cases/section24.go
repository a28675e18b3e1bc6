package cases

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// section24 is about the opening handshake of clients (RFC 6455 section 4.1). It
// stands last, as a client that refuses an answer may well end.
func section24() (all []*Case) {
	add := func(group int, sends, wants string, raw func(*T)) {
		n := 1
		for _, c := range all {
			if strings.HasPrefix(c.ID, fmt.Sprintf("24.%d.", group)) {
				n++
			}
		}
		all = append(all, &Case{ID: fmt.Sprintf("24.%d.%d", group, n), Sends: sends, Wants: wants, Only: Clients, Raw: raw})
	}
	add(1, "an answer as it should be", "The request was as it has to be (RFC 6455 section 4.1), and messages come back.", func(t *T) {
		if err := t.checkRequest(); err != nil {
			t.failf("The request: %v.", err)
		} else if t.Open() {
			t.echo(frame.Text, []byte(hello))
		}
	})
	add(1, "an answer as it should be", "No two connections have the same key (RFC 6455 section 4.1).", func(t *T) {
		if again := t.Keys.Repeated(); again != "" {
			t.failf("The key %s came with more than one request.", again)
		} else if t.Open() {
			t.echo(frame.Text, []byte(hello))
		}
	})
	message := func(t *T) []byte {
		return frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Text}, []byte(hello))
	}
	for _, row := range []struct {
		sends string
		edit  edit
		chop  int
		early bool
	}{
		{"header names in lower case", names(strings.ToLower), 0, false},
		{"header names in upper case", names(strings.ToUpper), 0, false},
		{"Upgrade: WebSocket", instead("Upgrade", "Upgrade: WebSocket"), 0, false},
		{"Connection: upgrade", instead("Connection", "Connection: upgrade"), 0, false},
		{"Connection: keep-alive, Upgrade", instead("Connection", "Connection: keep-alive, Upgrade"), 0, false},
		{"no spaces before values", spaced("", ""), 0, false},
		{"spaces and tabs around values", spaced(" \t ", "\t "), 0, false},
		{"another reason than Switching Protocols", first("HTTP/1.1 101 Welcome"), 0, false},
		{"an empty reason", first("HTTP/1.1 101 "), 0, false},
		{"headers that it doesn't know", also("X-Unknown: value", "X-Empty:", "Server: conform", "Set-Cookie: a=b"), 0, false},
		{"one byte at a time", asIs, 1, false},
		{"a message in the same write", asIs, 0, true},
	} {
		add(2, "an answer with "+row.sends, "The handshake is completed, and messages come back.", func(t *T) {
			var more []byte
			if row.early {
				more = message(t)
			}
			t.answer(row.edit, row.chop, more)
			if !row.early || t.echoes(t.wait(5*seconds), frame.Text, []byte(hello)) {
				t.echo(frame.Binary, []byte(odd))
			}
		})
	}
	for _, row := range []struct {
		sends string
		edit  edit
	}{
		{"the status 200", status("200 OK")},
		{"the status 400", status("400 Bad Request")},
		{"the status 503", status("503 Service Unavailable")},
		{"no Upgrade", instead("Upgrade")},
		{"Upgrade: h2c", instead("Upgrade", "Upgrade: h2c")},
		{"no Connection", instead("Connection")},
		{"Connection: keep-alive", instead("Connection", "Connection: keep-alive")},
		{"no Sec-WebSocket-Accept", instead("Sec-WebSocket-Accept")},
		{"an empty Sec-WebSocket-Accept", instead("Sec-WebSocket-Accept", "Sec-WebSocket-Accept:")},
		{"the Sec-WebSocket-Accept of another key", instead("Sec-WebSocket-Accept", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")},
		{"a Sec-WebSocket-Accept in other cases", swapped},
		{"a subprotocol that nobody asked for", also("Sec-WebSocket-Protocol: x-conform-none")},
	} {
		add(3, "an answer with "+row.sends+", and a message", "The client fails the connection (RFC 6455 section 4.1).", func(t *T) {
			t.answer(row.edit, 0, nil)
			t.Conn.Raw(message(t))
			t.fails()
		})
	}
	return all
}

// status changes the status, and says that there is no body.
func status(s string) edit {
	return func(head []string) []string {
		return also("Content-Length: 0")(first("HTTP/1.1 " + s)(head))
	}
}

// swapped swaps upper and lower case in Sec-WebSocket-Accept.
func swapped(head []string) []string {
	is := header("Sec-WebSocket-Accept")
	for i, line := range head {
		if is(line) {
			name, value, _ := strings.Cut(line, ":")
			head[i] = name + ":" + strings.Map(func(r rune) rune {
				switch {
				case r >= 'a' && r <= 'z':
					return r - 'a' + 'A'
				case r >= 'A' && r <= 'Z':
					return r - 'A' + 'a'
				}
				return r
			}, value)
		}
	}
	return head
}

// answer answers the request with a head that has been changed.
func (t *T) answer(e edit, chop int, more []byte) {
	t.Opening = t.Request.Reply(e(t.Request.Answer("")), chop, more)
	t.start(t.Request.Conn, frame.Server, t.Request.Before, nil)
}

// checkRequest checks a client's request (RFC 6455 sections 4.1 and 11.3).
func (t *T) checkRequest() error {
	head := t.Request.Head
	once := func(name string) (string, error) {
		v := engine.Lines(head, name)
		if len(v) != 1 {
			return "", fmt.Errorf("%s is there %d times", name, len(v))
		}
		return v[0], nil
	}
	first, _, _ := strings.Cut(head, "\r\n")
	key, err := once("Sec-WebSocket-Key")
	if err != nil {
		return err
	}
	version, err := once("Sec-WebSocket-Version")
	if err != nil {
		return err
	}
	if _, err := once("Host"); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(key)
	switch {
	case !strings.HasPrefix(first, "GET /") || !strings.HasSuffix(first, " HTTP/1.1"):
		return fmt.Errorf("it begins with %q", first)
	case err != nil || len(raw) != 16:
		return fmt.Errorf("Sec-WebSocket-Key %q is not 16 bytes in base64", key)
	case version != "13":
		return fmt.Errorf("Sec-WebSocket-Version is %q", version)
	case !slices.ContainsFunc(engine.Lines(head, "Upgrade"), func(s string) bool { return strings.Contains(strings.ToLower(s), "websocket") }):
		return errors.New("Upgrade does not list websocket")
	case !slices.ContainsFunc(engine.Lines(head, "Connection"), func(s string) bool { return strings.Contains(strings.ToLower(s), "upgrade") }):
		return errors.New("Connection does not list Upgrade")
	case len(t.Request.Before) > 0:
		return fmt.Errorf("%d bytes came behind it before there was an answer", len(t.Request.Before))
	}
	if _, err := t.Request.Offers(); err != nil {
		return fmt.Errorf("Sec-WebSocket-Extensions: %w", err)
	}
	return checkProtocols(engine.Lines(head, "Sec-WebSocket-Protocol"))
}

// checkProtocols checks that subprotocols are tokens, each only once.
func checkProtocols(lines []string) error {
	seen := map[string]bool{}
	for _, line := range lines {
		for _, p := range strings.Split(line, ",") {
			p = strings.TrimSpace(p)
			// The grammar of a token is that of the name of an extension.
			if e, err := handshake.ParseExtensions([]string{p}); err != nil || len(e) != 1 || len(e[0].Params) > 0 || seen[p] {
				return fmt.Errorf("Sec-WebSocket-Protocol has %q, which is no token or there twice", p)
			}
			seen[p] = true
		}
	}
	return nil
}
