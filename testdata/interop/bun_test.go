package interop

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestBunClient(t *testing.T) {
	t.Parallel()
	need(t, "bun", "--version")
	addr, _ := echo(t, "-quiet", "-subprotocols", "chat")
	if out := run(t, "", "bun", "bun.mjs", "client", "ws://"+addr); !strings.HasSuffix(out, "all passed\n") {
		t.Error(out)
	}
}

func TestBunServer(t *testing.T) {
	t.Parallel()
	need(t, "bun", "--version")
	port, _ := start(t, "port ", "bun", "bun.mjs", "server")
	url := "ws://localhost:" + port
	meet(t, url, 4000)
	for _, flags := range [][]string{nil, {"-compress", "fast"}} {
		if out := run(t, numbers(10_000), filepath.Join(bin, "chat"), append(flags, url)...); out != numbers(10_000) {
			t.Errorf("cmd/chat %v printed %d bytes", flags, len(out))
		}
	}
}
