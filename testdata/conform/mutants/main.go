// Command mutants plants faults into copies of the packages frame, frame/deflate
// and handshake, one at a time, and tells how many of them cmd/conform finds, in
// the server or in the client that is built from them. The tree stays as it is: a
// fault is a change of one piece of text, which go build gets as an overlay.
//
//	go run -C testdata/conform ./mutants             # all of them, some minutes
//	go run -C testdata/conform ./mutants -every 10   # every tenth
//	go run -C testdata/conform ./mutants -only utf8  # those with a word in them
//
// It fails if one is not found, and if one can't be planted, as the text has
// changed.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

func main() {
	every := flag.Int("every", 1, "plant only every so many")
	only := flag.String("only", "", "plant only those with a `word` in their file or description")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, max(*every, 1), *only); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// suite has what the mutants are tested with.
type suite struct{ root, temp, conform string }

func run(ctx context.Context, every int, only string) error {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "hawser/websocket").Output()
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	s := &suite{root: strings.TrimSpace(string(out)), temp: temp, conform: filepath.Join(temp, "conform")}
	if err := s.build(ctx, "cmd/conform", s.conform, ""); err != nil {
		return err
	}
	found, planted := 0, 0
	for i, m := range mutants {
		if i%every != 0 || !strings.Contains(m.file+" "+m.what, only) {
			continue
		}
		planted++
		by, err := s.try(ctx, m)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", m.file, m.what, err)
		}
		if by == "" {
			by = "NOT FOUND"
		} else {
			found++
		}
		fmt.Printf("%s: %s: %s\n", m.file, m.what, by)
	}
	fmt.Printf("%d of %d faults found\n", found, planted)
	if found < planted || planted == 0 {
		return errors.New("not all were found")
	}
	return nil
}

// try returns which case finds a mutant first, or "".
func (s *suite) try(ctx context.Context, m mutant) (by string, err error) {
	file := filepath.Join(s.root, m.file)
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return "", fmt.Errorf("%q is there %d times", m.old, n)
	}
	changed, overlay := filepath.Join(s.temp, "changed.go"), filepath.Join(s.temp, "overlay.json")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(text), m.old, m.new, 1)), 0o666); err != nil {
		return "", err
	}
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{file: changed}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(overlay, replace, 0o666); err != nil {
		return "", err
	}
	if by, err = s.server(ctx, overlay); by != "" || err != nil {
		return by, err
	}
	if by, err = s.client(ctx, overlay, []string{"-short"}); by != "" || err != nil {
		return by, err
	}
	return s.client(ctx, overlay, []string{"-cases", "14.5.19", "-strict"}, "-demand")
}

func (s *suite) build(ctx context.Context, pkg, to, overlay string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", to, "./"+pkg)
	if overlay == "" {
		cmd = exec.CommandContext(ctx, "go", "build", "-o", to, "./"+pkg)
	}
	cmd.Dir = s.root
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, text)
	}
	return nil
}

var listening = regexp.MustCompile(`listening on (?:port )?(\S+)`)

// start starts a program that prints where it listens.
func start(cmd *exec.Cmd) (where string, lines *bufio.Scanner, err error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	lines = bufio.NewScanner(out)
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			return m[1], lines, nil
		}
	}
	return "", nil, errors.Join(errors.New("it doesn't say where it listens"), cmd.Wait())
}

var failed = regexp.MustCompile(`(?m)^(\d+(?:\.\d+)+) .*(?:FAILED|WRONG CODE|UNCLEAN|NON-STRICT).*?: sends`)

// verdict makes of what conform printed and how it exited the case that failed.
func verdict(role, text string, err error) (string, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "", nil
	case !errors.As(err, &exit) || exit.ExitCode() != 2:
		return "", fmt.Errorf("conform: %w\n%s", err, text)
	}
	if m := failed.FindStringSubmatch(text); m != nil {
		return "case " + m[1] + " of the " + role, nil
	}
	return "the " + role + " fails", nil
}

// server tests a mutant of cmd/echo.
func (s *suite) server(ctx context.Context, overlay string) (string, error) {
	echo := filepath.Join(s.temp, "echo")
	if err := s.build(ctx, "cmd/echo", echo, overlay); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, echo, "-addr", "127.0.0.1:0", "-quiet")
	port, _, err := start(cmd)
	if err != nil {
		return "", err
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	text, err := exec.CommandContext(ctx, s.conform, "-mode", "client", "-url", "ws://127.0.0.1:"+port+"/echo",
		"-short", "-fail-fast", "-parallel", "16", "-patience", "3").CombinedOutput()
	return verdict("server", string(text), err)
}

// client tests a mutant of the client that Autobahn's suite tests as well.
func (s *suite) client(ctx context.Context, overlay string, cases []string, flags ...string) (string, error) {
	client := filepath.Join(s.temp, "client")
	if err := s.build(ctx, "testdata/autobahn/client", client, overlay); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, s.conform, append(cases, "-mode", "server", "-url", "ws://127.0.0.1:0", "-fail-fast", "-patience", "3")...)
	url, lines, err := start(cmd)
	if err != nil {
		return "", err
	}
	testee := exec.CommandContext(ctx, client, append(flags, "-url", url)...)
	if err := testee.Start(); err != nil {
		return "", err
	}
	go func() {
		if testee.Wait() != nil { // a mutant may not get as far as asking for the report
			time.Sleep(time.Second)
			cmd.Process.Signal(os.Interrupt)
		}
	}()
	var text strings.Builder
	for lines.Scan() {
		fmt.Fprintln(&text, lines.Text())
	}
	err = cmd.Wait()
	testee.Process.Kill()
	return verdict("client", text.String(), err)
}
