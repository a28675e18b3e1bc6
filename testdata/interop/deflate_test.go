package interop

import (
	"bufio"
	"bytes"
	"context"
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
		for _, k := range offers {
			if err := converse(t.Context(), fmt.Sprintf("ws://localhost:%d", port), k); err != nil {
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
