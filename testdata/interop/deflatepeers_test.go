package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hawser/websocket"
)

// A deflatePeer compresses, as a client (deflate.py client NAME URL) and as a server
// (deflate.py server NAME).
type deflatePeer struct {
	name    string
	need    []string // a command that shows that it's there
	command []string
	options []string // what it can ask for
	deaf    bool     // to being told that there be no takeover
}

// deflatePeers are the newest of PyPI, in the virtual environment that PEERS_PYTHON is
// the interpreter of, and what Debian has.
func deflatePeers() []deflatePeer {
	python := os.Getenv("PEERS_PYTHON")
	if python == "" {
		python = "python3"
	}
	const system = "/usr/bin/python3"
	windows := []string{`{"server": 9}`, `{"server": 12}`, `{"server": 15}`}
	more := append(windows, `{"server": 15, "client": 9}`, `{"no": true}`)
	pypi := func(name string, options ...string) deflatePeer {
		return deflatePeer{name, []string{python, "-c", "import " + name}, []string{python, "deflate.py"}, options, name == "tornado"}
	}
	soup := []string{system, "-c", "import gi; gi.require_version('Soup', '3.0'); from gi.repository import Soup"}
	return []deflatePeer{
		pypi("aiohttp", windows...),
		pypi("autobahn", append(windows, `{"no": true}`)...),
		pypi("tornado"),
		{"websockets", []string{python, "-c", "import websockets.asyncio.client"}, []string{python, "deflate.py"}, more, false},
		{"soup", soup, []string{system, "deflate.py"}, nil, false},
		{"mojolicious", []string{"perl", "-MMojolicious", "-e1"}, []string{"perl", "deflate.pl"}, nil, true},
	}
}

// args are what its command needs for a role.
func (p deflatePeer) args(role string, args ...string) []string {
	all := append(p.command[1:], role)
	if p.command[0] != "perl" {
		all = append(all, p.name)
	}
	return append(all, args...)
}

// TestDeflateClients are clients that compress, with each thing that they can ask for,
// against cmd/echo with several windows.
func TestDeflateClients(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{
		{},
		{"-compress-window", "8"},
		{"-compress", "better", "-compress-window", "15"},
		{"-no-takeover", "-compress-window", "9"},
	} {
		t.Run("echo "+strings.Join(flags, " "), func(t *testing.T) {
			t.Parallel()
			addr, _ := echo(t, append(flags, "-quiet")...)
			for _, p := range deflatePeers() {
				if p.deaf && len(flags) > 0 && flags[0] == "-no-takeover" {
					continue // what the server asks for, and it doesn't do
				}
				t.Run(p.name, func(t *testing.T) {
					need(t, p.need[0], p.need[1:]...)
					for _, options := range append([]string{""}, p.options...) {
						out := run(t, "", p.command[0], p.args("client", "ws://"+addr+"/echo", options)...)
						if !strings.HasPrefix(out, "all passed: permessage-deflate") {
							t.Errorf("asking for %s: %s", options, out)
						}
					}
				})
			}
		})
	}
}

// TestDeflateServers is our client with several offers against servers that compress,
// and cmd/chat as it comes.
func TestDeflateServers(t *testing.T) {
	t.Parallel()
	window := func(bits int) websocket.Window { return websocket.Window{Bits: bits} }
	offers := map[string]websocket.Compression{
		"default":     {},
		"8 bits":      {Send: window(8), Receive: window(8)},
		"12 bits":     {Send: window(12), Receive: window(12)},
		"15 bits":     {Send: window(15), Receive: window(15)},
		"no takeover": {Send: websocket.Window{NoTakeover: true}, Receive: websocket.Window{NoTakeover: true}},
	}
	for _, p := range deflatePeers() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			need(t, p.need[0], p.need[1:]...)
			for _, options := range append([]string{""}, p.options...) {
				port, stop := start(t, "port ", p.command[0], p.args("server", options)...)
				url := "ws://127.0.0.1:" + port
				for name, k := range offers {
					if p.deaf && k.Receive.NoTakeover {
						continue
					}
					if err := converse(t.Context(), url, k); err != nil {
						t.Errorf("a server that wants %s, offering %s: %v", options, name, err)
					}
				}
				input := strings.Repeat(numbers(1000), 3)
				out, err := chatCompressed(input, "-compress", "fast", "-v", "-n", "3000", url)
				if err != nil || out != input {
					t.Errorf("cmd/chat with a server that wants %s: %d bytes, %v", options, len(out), err)
				}
				stop()
			}
		})
	}
}

// chatCompressed runs cmd/chat with input and returns what it printed. An error has what it said.
func chatCompressed(input string, args ...string) (string, error) {
	var errs strings.Builder
	cmd := exec.Command(filepath.Join(bin, "chat"), args...)
	cmd.Stdin, cmd.Stderr = strings.NewReader(input), &errs
	out, err := cmd.Output()
	if err == nil && !strings.Contains(errs.String(), "permessage-deflate") {
		err = fmt.Errorf("nothing about permessage-deflate in %s", &errs)
	} else if err != nil {
		err = fmt.Errorf("%w: %s", err, &errs)
	}
	return string(out), err
}
