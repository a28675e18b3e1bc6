package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// program returns the program, to be run in another process.
func program(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), "CHAT_TEST=main", "XDG_STATE_HOME="+t.TempDir())
	var errs bytes.Buffer
	cmd.Stderr = &errs
	return cmd, &errs
}

// TestSignalWhileAFileIsAwaited: Ctrl-C and SIGTERM end the program though a file
// that a flag names gives nothing.
func TestSignalWhileAFileIsAwaited(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"-H", "-user", "-cacert"} {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(flag+"_"+sig.String(), func(t *testing.T) {
				t.Parallel()
				fifo := filepath.Join(t.TempDir(), "fifo")
				if err := syscall.Mkfifo(fifo, 0o600); err != nil {
					t.Fatal(err)
				}
				name := "@" + fifo
				if flag == "-cacert" {
					name = fifo
				}
				cmd, errs := program(t, flag, name, "ws://127.0.0.1:1")
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				// This waits until the program reads, and gives it nothing.
				w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer w.Close()
				cmd.Process.Signal(sig)
				cmd.Wait()
				if code := exitCode(cmd); code != exitSignal+int(sig) {
					t.Errorf("exit code %d, %q", code, errs)
				}
			})
		}
	}
}

// TestSignalsEndAShellsLoop: a shell goes on with its loop unless what it runs died
// of the signal.
func TestSignalsEndAShellsLoop(t *testing.T) {
	t.Parallel()
	url := serve(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		cmd, _ := program(t, url+"/echo")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		in.Write([]byte("x\n"))
		out.Read(make([]byte, 2))
		cmd.Process.Signal(sig)
		cmd.Wait()
		if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != sig {
			t.Errorf("%v: %v", sig, cmd.ProcessState)
		}
	}
}

// TestBelowNohup: with a standard input that can't be read and a hangup that is
// ignored the program receives until the server closes.
func TestBelowNohup(t *testing.T) {
	t.Parallel()
	say, url := make(chan string), ""
	url = speaker(t, say)
	cmd, errs := program(t, "-wait", "forever", url)
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell here:", err)
	}
	cmd.Path, cmd.Args = shell, append([]string{"sh", "-c", `trap '' HUP; exec "$@" 0>/dev/null`, "sh"}, cmd.Args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 6)
	for range 2 {
		say <- "hello"
		if n, err := out.Read(line); string(line[:n]) != "hello\n" {
			t.Fatalf("%q, %v", line[:n], err)
		}
		cmd.Process.Signal(syscall.SIGHUP)
	}
	close(say)
	cmd.Wait()
	if code := exitCode(cmd); code != exitNormal || strings.Contains(errs.String(), "error") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}

// TestTerminalGone: a standard input that can no longer be read is at its end.
func TestTerminalGone(t *testing.T) {
	t.Parallel()
	url := serve(t)
	for name, in := range map[string]failing{"EIO": {syscall.EIO}, "EBADF": {&os.PathError{Op: "read", Path: "/dev/stdin", Err: syscall.EBADF}}} {
		for _, args := range [][]string{nil, {"-0"}, {"-whole"}, {"-binary"}} {
			var errs bytes.Buffer
			code := run(append(args, url+"/echo"), console{in: in, out: new(bytes.Buffer), err: &errs})
			if code != exitNormal || errs.String() != "# socket open\n# socket closed 1000\n" {
				t.Errorf("%s %s: exit code %d, %q", name, args, code, &errs)
			}
		}
	}
	var errs bytes.Buffer
	if code := run([]string{url + "/echo"}, console{in: failing{syscall.EISDIR}, out: new(bytes.Buffer), err: &errs}); code != exitUsage || !strings.Contains(errs.String(), "# input error: line 1 is a directory") {
		t.Errorf("exit code %d, %q", code, &errs)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
