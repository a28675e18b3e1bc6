//go:build unix

package main

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"hawser/websocket/frame"
)

// TestSignals: a first signal lets clients go, and a second one ends it at once. It
// runs in a process of its own, as signals are for all of one.
func TestSignals(t *testing.T) {
	if os.Getenv("ECHO_FOR_SIGNALS") != "" {
		// As if this test were not run below nohup.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
		os.Args = []string{"echo", "-addr", "localhost:0", "-drain", "1h", "-close-timeout", "1h"}
		main()
	}
	t.Parallel()
	begin := func() (*exec.Cmd, string) {
		out := newOutput()
		cmd := exec.Command(os.Args[0], "-test.run=^TestSignals$")
		cmd.Env = append(os.Environ(), "ECHO_FOR_SIGNALS=1")
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Start(); err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { cmd.Process.Kill() })
		return cmd, "localhost:" + out.waitLine("listening on port ")
	}
	t.Run("one", func(t *testing.T) {
		t.Parallel()
		cmd, addr := begin()
		c := dial(t, addr)
		go c.Read(ctx)
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	t.Run("hangup", func(t *testing.T) { // of the terminal: clients are told, however often it's said
		t.Parallel()
		cmd, addr := begin()
		c := dial(t, addr)
		cmd.Process.Signal(syscall.SIGHUP)
		waitDraining(t, addr)
		cmd.Process.Signal(syscall.SIGHUP)
		wantClose(t, c, frame.CodeGoingAway, "")
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	t.Run("two", func(t *testing.T) {
		t.Parallel()
		cmd, addr := begin()
		dial(t, addr) // doesn't read, so doesn't go
		cmd.Process.Signal(os.Interrupt)
		waitDraining(t, addr)
		ended := make(chan error)
		go func() { ended <- cmd.Wait() }()
		again := time.Tick(50 * time.Millisecond) // the first may come before it's ready for a second one
		var err error
		for waiting := true; waiting; {
			cmd.Process.Signal(os.Interrupt)
			select {
			case err = <-ended:
				waiting = false
			case <-again:
			}
		}
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
			t.Error(err)
		}
	})
}

// waitDraining waits until the server has taken in that it's to stop.
func waitDraining(t *testing.T, addr string) {
	t.Helper()
	patience := time.Now().Add(30 * time.Second)
	for {
		status, _ := get(t, "http://"+addr+"/healthz")
		if status == http.StatusServiceUnavailable {
			return
		}
		if time.Now().After(patience) {
			t.Fatal("it goes on as before")
		}
	}
}
