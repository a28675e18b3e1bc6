//go:build unix

package main

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"hawser/websocket"
	"hawser/websocket/client"
)

// TestNoDescriptors: a server that has no file descriptors left accepts again when
// it has some. It runs in a process of its own, which has few.
func TestNoDescriptors(t *testing.T) {
	if os.Getenv("ECHO_WITH_FEW_DESCRIPTORS") != "" {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 24, Max: 24}); err != nil {
			t.Fatal(err)
		}
		os.Exit(run(ctx, []string{"-addr", "127.0.0.1:0"}, os.Stdout, os.Stderr))
	}
	t.Parallel()
	out := newOutput()
	cmd := exec.Command(os.Args[0], "-test.run=^TestNoDescriptors$")
	cmd.Env = append(os.Environ(), "ECHO_WITH_FEW_DESCRIPTORS=1")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	addr := "127.0.0.1:" + out.waitLine("listening on port ")
	var conns []net.Conn
	for !strings.Contains(out.String(), "too many open files") {
		nc, err := net.Dial("tcp", addr)
		if err != nil || len(conns) > 10_000 {
			t.Fatalf("%v after %d connections; the server says %q", err, len(conns), out)
		}
		defer nc.Close()
		conns = append(conns, nc)
	}
	for _, nc := range conns {
		nc.Close()
	}
	c, err := client.Dial(ctx, "ws://"+addr+"/echo")
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	c.Write(ctx, websocket.Text, []byte("still here"))
	read(t, c, websocket.Text, "still here")
	if err := c.Close(1000, ""); err != nil {
		t.Error(err)
	}
}
