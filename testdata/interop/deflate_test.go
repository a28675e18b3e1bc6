package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame/deflate"
)

// TestNodeClientDeflate is npm's ws with each of its offers against cmd/echo with
// several windows.
func TestNodeClientDeflate(t *testing.T) {
	t.Parallel()
	need(t, "node", "--input-type=commonjs", "-e", "require('ws')")
	for _, flags := range [][]string{
		{},
		{"-compress", "better", "-compress-window", "15"},
		{"-no-takeover", "-compress-min", "100", "-compress-window", "8"},
	} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			t.Parallel()
			addr, _ := echo(t, append(flags, "-quiet", "-max-message", fmt.Sprint(32<<20))...)
			if out := run(t, "", "node", "deflate.cjs", "ws://"+addr+"/echo"); !strings.HasPrefix(out, "all passed: 64") {
				t.Error(out)
			}
		})
	}
}

// TestNodeServerDeflate is our client with several offers against npm's ws with
// each of its answers.
func TestNodeServerDeflate(t *testing.T) {
	t.Parallel()
	need(t, "node", "--input-type=commonjs", "-e", "require('ws')")
	cmd := exec.CommandContext(t.Context(), "node", "deflate.cjs")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	window := func(bits int, no bool) websocket.Window { return websocket.Window{Bits: bits, NoTakeover: no} }
	offers := []websocket.Compression{
		{},
		{Send: window(15, false), Receive: window(15, false), Level: deflate.Better},
		{Send: window(8, false), Receive: window(9, true), Compact: true},
		{Send: window(9, true), Receive: window(13, false)},
	}
	lines := bufio.NewScanner(out)
	for range 48 {
		if !lines.Scan() {
			t.Fatal(lines.Err())
		}
		var port int
		if _, err := fmt.Sscanf(lines.Text(), "port %d", &port); err != nil {
			t.Fatal(lines.Text())
		}
		var options struct{ ServerMaxWindowBits int }
		if _, text, _ := strings.Cut(lines.Text(), "{"); json.Unmarshal([]byte("{"+text), &options) != nil {
			t.Fatal(lines.Text())
		}
		for _, k := range offers {
			err := converse(t.Context(), fmt.Sprintf("ws://localhost:%d", port), k)
			// It refuses all who want a smaller window than it's told to use.
			if asked := k.Receive.Bits; asked != 0 && asked < options.ServerMaxWindowBits {
				var refused *client.HandshakeError
				if !errors.As(err, &refused) {
					t.Errorf("%s, offering %+v: %v, want a refusal", lines.Text(), k, err)
				}
			} else if err != nil {
				t.Errorf("%s, offering %+v: %v", lines.Text(), k, err)
			}
		}
	}
}

// converse has our client talk to an echo server with compression, if that
// agrees.
func converse(ctx context.Context, url string, k websocket.Compression) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	d := &client.Dialer{Config: websocket.Config{MaxMessage: 32 << 20, Compression: &k}}
	c, resp, err := d.Dial(ctx, url)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	r := rand.New(rand.NewPCG(1, 2))
	for i, n := range []int{0, 1, 31, 32, 125, 1000, 1000, 17_000, 100_000, 300, 64, 64} {
		data := []byte(strings.Repeat(fmt.Sprintf(`{"id": %d, "text": "this and that"}`, i), n/30+1)[:n])
		if i%4 == 3 {
			for j := range data {
				data[j] = byte(r.Uint32())
			}
		}
		ended := make(chan error, 1)
		go func() {
			switch i % 3 {
			case 0:
				ended <- c.Write(ctx, websocket.Binary, data)
			case 1:
				ended <- c.Write(ctx, websocket.Binary|websocket.Uncompressed, data)
			default:
				w, err := c.Writer(ctx, websocket.Binary)
				if err == nil {
					io.Copy(w, bytes.NewReader(data))
					err = w.Close()
				}
				ended <- err
			}
		}()
		_, got, err := c.Read(ctx)
		if err != nil || !bytes.Equal(got, data) {
			return fmt.Errorf("echo of %d bytes: %d bytes, %v; %v", n, len(got), err, resp.Header)
		}
		if err := <-ended; err != nil {
			return err
		}
	}
	if z := c.Compressed(); z == nil || z.Sent == 0 || z.Received == 0 {
		return fmt.Errorf("nothing was compressed: %+v; %v", z, resp.Header)
	}
	return c.Close(1000, "")
}

// TestChromiumDeflate is Chromium with messages of all sizes, compressed by both
// sides, against cmd/echo with several windows.
func TestChromiumDeflate(t *testing.T) {
	t.Parallel()
	deflateInBrowser(t, [][]string{
		{},
		{"-compress", "better", "-compress-window", "15"},
		{"-no-takeover", "-compress-window", "8"},
		{"-compress", "off"},
	}, func(t *testing.T, url string) evaluator { return open(t, url, connect) })
}

func deflateInBrowser(t *testing.T, all [][]string, open func(t *testing.T, url string) evaluator) {
	for _, flags := range all {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			t.Parallel()
			addr, _ := echo(t, append(flags, "-quiet", "-max-message", fmt.Sprint(32<<20))...)
			p := open(t, "http://"+addr+"/healthz")
			got := p.eval(`
				const ws = await connect('/echo')
				const next = () => new Promise((resolve, reject) => {
					ws.onmessage = e => resolve(e.data)
					ws.onclose = e => reject('close ' + e.code)
				})
				const id = () => Math.floor(Math.random() * 1e9)
				for (const n of [0, 1, 20, 125, 126, 1000, 5000, 70000, 64, 64, 1 << 20, 1 << 24]) {
					let s = ''
					while (s.length < n) s += JSON.stringify({ id: id(), text: 'ни рыба, ни мясо: ' + id() })
					s = [...s.slice(0, n / 2)].join('')
					ws.send(s)
					if (await next() !== s) return n + ' bytes of text'
					const b = new Uint8Array(n)
					for (let i = 0; i < n; i++) b[i] = i % 3 ? i >> 4 : id()
					ws.send(b)
					const got = new Uint8Array(await next())
					if (got.length !== n || got.some((v, i) => v !== b[i])) return n + ' bytes'
				}
				return ws.extensions`)
			want := "permessage-deflate"
			if len(flags) > 0 && flags[1] == "off" {
				want = ""
			}
			if name, _, _ := strings.Cut(got, ";"); name != want {
				t.Error(got)
			}
		})
	}
}
