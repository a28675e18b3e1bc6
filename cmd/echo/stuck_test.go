//go:build unix

package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// fullPipe returns the end to write of a pipe that is full and that nobody reads, as of
// a pager that shows its first page.
func fullPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		w.Close()
	})
	w.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	for {
		if _, err := w.Write(make([]byte, 4096)); err != nil {
			break
		}
	}
	w.SetWriteDeadline(time.Time{})
	return w
}

// TestLogThatNobodyReads: clients are served as ever, and a signal to stop is heeded.
func TestLogThatNobodyReads(t *testing.T) {
	t.Parallel()
	t.Run("journal", func(t *testing.T) {
		t.Parallel()
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
		port := make(chan string, 1)
		go func() {
			line := make([]byte, len("listening on port 12345"))
			io.ReadFull(r, line) // and nothing after that
			port <- strings.TrimSpace(strings.TrimPrefix(string(line), "listening on port "))
		}()
		serveUnread(t, w, io.Discard, func() string { return <-port })
	})
	t.Run("log", func(t *testing.T) {
		t.Parallel()
		out := newOutput()
		serveUnread(t, out, fullPipe(t), func() string { return out.waitLine("listening on port ") }, "-log-level", "DEBUG")
	})
}

// serveUnread runs a server that can't get rid of what it prints.
func serveUnread(t *testing.T, stdout, stderr io.Writer, port func() string, args ...string) {
	own, stop := context.WithCancel(ctx)
	defer stop()
	code := make(chan int, 1)
	go func() { code <- run(own, append(args, "-addr", "localhost:0", "-drain", "1h"), stdout, stderr) }()
	addr := "localhost:" + port()
	c := dial(t, addr)
	msg := strings.Repeat("x", 1000)
	patience, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for range 3000 { // more than a pipe holds, and more than may wait
		c.Write(patience, websocket.Text, []byte(msg))
		if _, p, err := c.Read(patience); string(p) != msg || err != nil {
			t.Fatalf("%d bytes, %v", len(p), err)
		}
	}
	for range 3 {
		if err := dial(t, addr).Close(frame.CodeNormal, ""); err != nil {
			t.Error(err)
		}
	}
	go c.Read(ctx)
	stop()
	select {
	case code := <-code:
		if code != 0 {
			t.Error("exit code", code)
		}
	case <-patience.Done():
		t.Error("it doesn't end")
	}
}

// TestReaderOfTheLogGoesAway: what was in front of the server may end without it, as
// `head` does. It runs in a process of its own, which a signal would end.
func TestReaderOfTheLogGoesAway(t *testing.T) {
	if os.Getenv("ECHO_WITHOUT_READER") != "" {
		os.Args = []string{"echo", "-addr", "localhost:0", "-log-level", "DEBUG"}
		main()
	}
	t.Parallel()
	cmd := exec.Command(os.Args[0], "-test.run=^TestReaderOfTheLogGoesAway$")
	cmd.Env = append(os.Environ(), "ECHO_WITHOUT_READER=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	port, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on port ")
	if !ok {
		t.Fatal(line, err)
	}
	out.Close()
	log.Close()
	for range 3 {
		c := dial(t, "localhost:"+port)
		c.Write(ctx, websocket.Text, []byte("hello"))
		read(t, c, websocket.Text, "hello")
		if err := c.Close(frame.CodeNormal, ""); err != nil {
			t.Error(err)
		}
	}
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
