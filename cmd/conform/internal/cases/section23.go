package cases

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// section23 is about the opening handshake of servers (RFC 6455 section 4.2).
func section23() (all []*Case) {
	add := func(group int, sends, wants string, raw func(*T)) {
		n := 1
		for _, c := range all {
			if strings.HasPrefix(c.ID, fmt.Sprintf("23.%d.", group)) {
				n++
			}
		}
		all = append(all, &Case{ID: fmt.Sprintf("23.%d.%d", group, n), Sends: sends, Wants: wants, Only: Servers, Raw: raw})
	}
	const several = "Upgrade with several protocols"
	for _, row := range []struct {
		sends string
		edit  edit
		chop  int
	}{
		{"a request as it should be", asIs, 0},
		{"the key of RFC 6455 section 1.3", instead("Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 0},
		{"header names in lower case", names(strings.ToLower), 0},
		{"header names in upper case", names(strings.ToUpper), 0},
		{"Upgrade: WebSocket", instead("Upgrade", "Upgrade: WebSocket"), 0},
		{several, instead("Upgrade", "Upgrade: foo/2, websocket"), 0},
		{"Connection: upgrade", instead("Connection", "Connection: upgrade"), 0},
		{"Connection: keep-alive, Upgrade", instead("Connection", "Connection: keep-alive, Upgrade"), 0},
		{"tabs around the elements of Connection", instead("Connection", "Connection: keep-alive\t,\tUpgrade"), 0},
		{"two lines of Connection", instead("Connection", "Connection: keep-alive", "Connection: Upgrade"), 0},
		{"no spaces before values", spaced("", ""), 0},
		{"spaces and tabs around values", spaced(" \t ", "\t "), 0},
		{"one byte at a time", asIs, 1},
		{"headers that it doesn't know", also("X-Unknown: value", "X-Empty:", "Cookie: a=b; c=d", "User-Agent: conform"), 0},
		{"a header of 4000 bytes", also("X-Long: " + strings.Repeat("long ", 800)), 0},
		{"subprotocols that it can't know", also("Sec-WebSocket-Protocol: x-conform-a, x-conform-b"), 0},
		{"subprotocols in two lines", also("Sec-WebSocket-Protocol: x-conform-a", "Sec-WebSocket-Protocol: x-conform-b"), 0},
		{"an extension that it can't know", also("Sec-WebSocket-Extensions: x-unknown-extension; a; b=1; c=\"2\""), 0},
	} {
		add(1, row.sends, "The handshake is completed as it has to be (RFC 6455 section 4.2.2), and messages come back.", func(t *T) {
			t.welcome(row.edit, row.chop)
			if t.behavior == Failed && row.sends == several && strings.HasPrefix(t.Opening.Response, "HTTP/1.1 4") {
				t.nonStrictf("The request was refused.") // a server may want no other protocol
			}
		})
	}
	for _, row := range []struct {
		sends string
		edit  edit
	}{
		{"the method POST", first("POST %s HTTP/1.1")},
		{"the method PUT", first("PUT %s HTTP/1.1")},
		{"HTTP/1.0", first("GET %s HTTP/1.0")},
		{"no Host", instead("Host")},
		{"two lines of Host", also("Host: another.example")},
		{"no Upgrade", instead("Upgrade")},
		{"Upgrade: h2c", instead("Upgrade", "Upgrade: h2c")},
		{"Upgrade: websockets", instead("Upgrade", "Upgrade: websockets")},
		{"no Connection", instead("Connection")},
		{"Connection: keep-alive", instead("Connection", "Connection: keep-alive")},
		{"Connection: upgraded", instead("Connection", "Connection: upgraded")},
		{"no key", instead("Sec-WebSocket-Key")},
		{"an empty key", instead("Sec-WebSocket-Key", "Sec-WebSocket-Key:")},
		{"a key of 15 bytes", instead("Sec-WebSocket-Key", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA")},
		{"a key of 17 bytes", instead("Sec-WebSocket-Key", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA=")},
		{"a key that isn't base64", instead("Sec-WebSocket-Key", "Sec-WebSocket-Key: ~~~~~~~~~~~~~~~~~~~~~~==")},
		{"two keys", also("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")},
		{"a space before the colon of Upgrade", instead("Upgrade", "Upgrade : websocket")},
	} {
		add(2, row.sends, "The request is refused with an error of HTTP (RFC 6455 section 4.2.1, RFC 9112). To close the transport instead is not recommended.", func(t *T) { t.rejected(row.edit, false) })
	}
	for _, version := range []string{"", "0", "12", "14", "130", "-13", "x"} {
		lines := []string{"Sec-WebSocket-Version: " + version}
		sends := "the version " + version
		if version == "" {
			lines, sends = nil, "no version"
		}
		add(3, sends, "The request is refused with an error of HTTP and a Sec-WebSocket-Version that lists 13 (RFC 6455 section 4.2.2).", func(t *T) {
			t.rejected(instead("Sec-WebSocket-Version", lines...), version != "")
		})
	}
	add(4, "the Origin of another site", "It's refused, or not: that's the server's choice (RFC 6455 section 10.2).", func(t *T) {
		t.welcome(instead("Origin", "Origin: https://another.example"), 0)
	})
	all[len(all)-1].Shows = true
	add(4, "a message in the same write as the request, which a client must not do", "Either way is right.", func(t *T) {
		t.early()
	})
	all[len(all)-1].Shows = true
	return all
}

// request sends a request that has been changed, and returns the answer and what
// came behind it. The transport is open then, unless there's an error.
func (t *T) request(e edit, chop int) (resp *http.Response, key string, err error) {
	nc, err := t.Target.Connect(t.ctx)
	if err != nil {
		return nil, "", err
	}
	lines := e(t.Target.Head(engine.NewKey(rand.New(rand.NewPCG(rand.Uint64(), 0))), ""))
	if keys := engine.Lines(strings.Join(lines, "\n"), "Sec-WebSocket-Key"); len(keys) > 0 {
		key = keys[0]
	}
	o, resp, rest, err := engine.Exchange(nc, lines, chop, t.limits().Open)
	t.Opening = o
	if err == nil && resp.StatusCode == http.StatusSwitchingProtocols {
		t.start(nc, frame.Client, rest, nil)
	} else {
		nc.Close()
	}
	return resp, key, err
}

// welcome judges the answer to a request that is right.
func (t *T) welcome(e edit, chop int) {
	resp, key, err := t.request(e, chop)
	if err == nil {
		err = checkAnswer(resp, key)
	}
	if err == nil {
		err = t.checkHead()
	}
	if err != nil {
		t.failf("The opening handshake failed: %v.", err)
		return
	}
	t.echo(frame.Text, []byte(hello))
}

// checkHead checks the rest of the head of an answer (RFC 6455 sections 4.2.2 and
// 11.3).
func (t *T) checkHead() error {
	head := t.Opening.Response
	upgrade, connection := engine.Lines(head, "Upgrade"), engine.Lines(head, "Connection")
	switch {
	case !strings.HasPrefix(head, "HTTP/1.1 101 ") && !strings.HasPrefix(head, "HTTP/1.1 101\r"):
		return errors.New("the answer does not begin with HTTP/1.1 101")
	case len(upgrade) != 1 || !strings.EqualFold(upgrade[0], "websocket"):
		return fmt.Errorf("Upgrade is %q", upgrade)
	case !slices.ContainsFunc(strings.Split(strings.Join(connection, ","), ","), func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), "upgrade") }):
		return fmt.Errorf("Connection is %q", connection)
	case len(engine.Lines(head, "Sec-WebSocket-Accept")) != 1:
		return errors.New("Sec-WebSocket-Accept is there more than once")
	}
	asked := strings.Split(strings.Join(engine.Lines(t.Opening.Request, "Sec-WebSocket-Protocol"), ","), ",")
	for i := range asked {
		asked[i] = strings.TrimSpace(asked[i])
	}
	if p := engine.Lines(head, "Sec-WebSocket-Protocol"); len(p) > 1 || len(p) == 1 && !slices.Contains(asked, p[0]) {
		return fmt.Errorf("the subprotocol is %q, but what was asked for is %q", p, asked)
	}
	answers, err := handshake.ParseExtensions(engine.Lines(head, "Sec-WebSocket-Extensions"))
	if err == nil && len(answers) > 0 {
		err = fmt.Errorf("the answer has extensions that were not asked for: %s", handshake.FormatExtensions(answers))
	}
	return err
}

// rejected judges the answer to a request that is wrong.
func (t *T) rejected(e edit, version bool) {
	resp, _, err := t.request(e, 0)
	switch {
	case err != nil && t.Opening.Timeout:
		t.failf("There was no answer in time.")
	case err != nil && t.Opening.Request != "" && t.Opening.Response == "":
		t.nonStrictf("The transport was closed without an answer.")
	case err != nil:
		t.failf("%v", err)
	case resp.StatusCode == http.StatusSwitchingProtocols:
		t.failf("The handshake was completed.")
	case version && !listed(resp.Header["Sec-Websocket-Version"], "13"):
		t.failf("Status %d, but no Sec-WebSocket-Version that lists 13.", resp.StatusCode)
	default:
		t.okf("The request was refused with status %d.", resp.StatusCode)
	}
}

func listed(lines []string, want string) bool {
	for _, e := range strings.Split(strings.Join(lines, ","), ",") {
		if strings.TrimSpace(e) == want {
			return true
		}
	}
	return false
}

// early sends a message before the answer.
func (t *T) early() {
	nc, err := t.Target.Connect(t.ctx)
	if err != nil {
		t.failf("%v", err)
		return
	}
	var m bytes.Buffer
	m.Write(frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Text, Masked: true}, []byte(hello)))
	lines := t.Target.Head(engine.NewKey(rand.New(rand.NewPCG(rand.Uint64(), 0))), "")
	lines[len(lines)-1] += "\r\n\r\n" + m.String()
	o, resp, rest, err := engine.Exchange(nc, lines, 0, t.limits().Open)
	t.Opening = o
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		nc.Close()
		t.okf("The handshake was not completed.")
		return
	}
	t.start(nc, frame.Client, rest, nil)
	t.failed(second)
}
