package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hawser/websocket/internal/vt"
)

// steps are what the person at the terminal types, each once the screen shows what
// is waited for.
var steps = []struct{ wait, typed string }{
	{"< Welcome to Awesome Chat", "hello\r"},
	{"< hello", "Привет, мир 😀\r"},
	{"< Привет, мир", "<b>what comes is text, and nothing but text</b>\r"},
	{"< <b>", "\x04"},
}

const columns, rows = 72, 24

// drawChat has a session with the program chat in a pseudo-terminal, and draws
// what the screen shows at its end.
func drawChat(chat string) ([]byte, error) {
	master, terminal, err := vt.OpenPTY(columns, rows)
	if err != nil {
		return nil, err
	}
	defer master.Close()
	cmd := exec.Command(chat)
	cmd.Env = []string{"TERM=xterm-256color", "LANG=C.UTF-8", "HOME=" + filepath.Dir(chat)}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer cmd.Process.Kill()
	terminal.Close()
	s := vt.New(columns, rows)
	s.Write([]byte("\x1b[1m$\x1b[m go run ./cmd/chat\r\n"))
	if err := session(s, master); err != nil {
		return nil, fmt.Errorf("%w; the screen:\n%s", err, s.Screen())
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%w; the screen:\n%s", err, s.Screen())
	}
	return svg(s.Rows(), columns), nil
}

// session types the steps and reads until the program ends.
func session(s *vt.Terminal, master *os.File) error {
	output := make(chan []byte)
	go func() {
		defer close(output)
		for {
			p := make([]byte, 4096)
			n, err := master.Read(p)
			if n > 0 {
				output <- p[:n]
			}
			if err != nil { // when the last one that had the terminal open is gone
				return
			}
		}
	}()
	late := time.After(time.Minute)
	left := steps
	for {
		select {
		case p, ok := <-output:
			switch {
			case ok:
				s.Write(p)
			case len(left) > 0:
				return fmt.Errorf("the session ends before %q comes", left[0].wait)
			default:
				return nil
			}
		case <-late:
			return errors.New("nothing comes any more")
		}
		if len(left) > 0 && strings.Contains(s.Screen(), left[0].wait) {
			master.WriteString(left[0].typed)
			left = left[1:]
		}
	}
}
