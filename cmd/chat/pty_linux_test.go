package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/internal/vt"
)

// TestMain lets the test binary be the program too.
func TestMain(m *testing.M) {
	switch os.Getenv("CHAT_TEST") {
	case "panic":
		now = func() time.Time { panic("on purpose") }
		main()
	case "panic_later":
		var calls atomic.Int32
		now = func() time.Time {
			if calls.Add(1) > 1 {
				panic("on purpose")
			}
			return time.Now()
		}
		main()
	case "main":
		main()
	case "shell":
		shell()
	}
	// What the tests run begins without ignored signals, also below nohup: those that
	// are caught here are not inherited.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	os.Exit(m.Run())
}

// shell is as much of a shell with job control as it takes to see a program
// stopped: it says so and lets it go on after a line of input.
func shell() {
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), "CHAT_TEST=main")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Foreground: true, Ctty: 0}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	for {
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil {
			panic(err)
		}
		if !status.Stopped() {
			os.Exit(status.ExitStatus())
		}
		own := int32(syscall.Getpgrp())
		signal.Ignore(syscall.SIGTTOU) // it's the terminal's owner
		vt.Control(os.Stdin, syscall.TIOCSPGRP, unsafe.Pointer(&own))
		fmt.Println("stopped by", status.StopSignal())
		io.ReadFull(os.Stdin, make([]byte, 1))
		group := int32(cmd.Process.Pid)
		vt.Control(os.Stdin, syscall.TIOCSPGRP, unsafe.Pointer(&group))
		syscall.Kill(-cmd.Process.Pid, syscall.SIGCONT)
	}
}

// A session is the program, running on a terminal of its own.
type session struct {
	t             *testing.T
	cmd           *exec.Cmd
	master, slave *os.File
	screen        *vt.Terminal
	before        syscall.Termios
	changed       chan struct{} // something was written

	mu  sync.Mutex
	raw bytes.Buffer // all that was written
}

type settings struct {
	width, height int
	mode          string // CHAT_TEST
	env           []string
}

func start(t *testing.T, set settings, args ...string) *session {
	t.Helper()
	if set.width == 0 {
		set.width, set.height = 60, 20
	}
	if set.mode == "" {
		set.mode = "main"
	}
	s := &session{t: t, screen: vt.New(set.width, set.height), changed: make(chan struct{}, 1)}
	s.openPTY(set.width, set.height)
	s.before = s.termios()
	s.cmd = exec.Command(os.Args[0], args...)
	s.cmd.Env = append(os.Environ(), "CHAT_TEST="+set.mode, "TERM=xterm", "NO_COLOR=", "GORACE=atexit_sleep_ms=10", "XDG_STATE_HOME="+t.TempDir())
	s.cmd.Env = append(s.cmd.Env, set.env...)
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = s.slave, s.slave, s.slave
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill() })
	go s.copy()
	return s
}

func (s *session) openPTY(width, height int) {
	t := s.t
	var err error
	// The terminal stays open, so that there is one to look at after the program.
	if s.master, s.slave, err = vt.OpenPTY(width, height); err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { s.master.Close(); s.slave.Close() })
}

func (s *session) resizePTY(width, height int) {
	if err := vt.ResizePTY(s.master, width, height); err != nil {
		s.t.Fatal(err)
	}
}

func (s *session) termios() (t syscall.Termios) {
	if err := vt.Control(s.slave, syscall.TCGETS, unsafe.Pointer(&t)); err != nil {
		s.t.Fatal(err)
	}
	return t
}

func (s *session) copy() {
	b := make([]byte, 4096)
	for {
		n, err := s.master.Read(b)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.raw.Write(b[:n])
		s.mu.Unlock()
		s.screen.Write(b[:n])
		select {
		case s.changed <- struct{}{}:
		default:
		}
	}
}

func (s *session) written() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raw.String()
}

// typed types keys.
func (s *session) typed(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.master, keys); err != nil {
		s.t.Fatal(err)
	}
}

// volatile is what differs each time.
var volatile = regexp.MustCompile(`127\.0\.0\.1:\d+|\b[\d.]+(µs|ms|s)\b|\d\d:\d\d:\d\d`)

// shows waits until the screen shows want.
func (s *session) shows(want string) {
	s.t.Helper()
	s.until(func() string {
		got := volatile.ReplaceAllStringFunc(s.screen.Screen(), func(v string) string {
			switch {
			case strings.HasPrefix(v, "127"):
				return "ADDR"
			case strings.HasSuffix(v, "s"):
				return "TIME"
			}
			return "CLOCK"
		})
		return cmp.Diff(want, got)
	})
}

// until waits until what is wrong is nothing.
func (s *session) until(wrong func() string) {
	s.t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		diff := wrong()
		if diff == "" {
			return
		}
		select {
		case <-s.changed:
		case <-time.After(50 * time.Millisecond): // not all changes are of the screen
		case <-deadline:
			s.t.Fatalf("the screen is not what it should be:\n%s\n%q", diff, s.written())
		}
	}
}

// exitCode returns what a shell shows of a program that has ended.
func exitCode(cmd *exec.Cmd) int {
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		return exitSignal + int(status.Signal())
	}
	return cmd.ProcessState.ExitCode()
}

// ends waits for the end of the program with one of the codes, and looks that the
// terminal is what it was before.
func (s *session) ends(codes ...int) {
	s.t.Helper()
	done := make(chan error, 1)
	go func() { done <- s.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		s.t.Fatalf("the program doesn't end:\n%s", s.screen.Screen())
	}
	if got := exitCode(s.cmd); !slices.Contains(codes, got) {
		s.t.Errorf("exit code %d, want %d\n%s", got, codes, s.screen.Screen())
	}
	if diff := cmp.Diff(s.before, s.termios()); diff != "" {
		s.t.Errorf("the modes of the terminal have changed:\n%s", diff)
	}
	s.until(func() string {
		if s.screen.Mode("?2004") {
			return "bracketed paste is still on"
		}
		return ""
	})
	if strange := s.screen.Strange(); strange != nil {
		s.t.Errorf("written to the terminal: %s", strange)
	}
}
