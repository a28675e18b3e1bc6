// Command run runs Autobahn's test suite against cmd/echo and against a client,
// holds the verdicts against what is required, and records them.
//
//	go run ./testdata/autobahn/run [-role server|client] [-tls] [-record] [-docker]
//
// It is to be run at the root of the repository. The suite is kosoku, which is
// Autobahn's cases on Python 3, installed into a folder of the user's cache, or
// with -docker Autobahn's own image.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"hawser/websocket/testdata/autobahn/report"
)

const here = "testdata/autobahn"

func main() {
	role := flag.String("role", "", "server or client; both by default")
	tls := flag.Bool("tls", false, "let the endpoint speak wss; what it records doesn't count")
	record := flag.Bool("record", false, "record the verdicts, if they are as required")
	docker := flag.Bool("docker", false, "use the image crossbario/autobahn-testsuite")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *role, *tls, *record, *docker); err != nil {
		fmt.Fprintln(os.Stderr, "autobahn:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, role string, tls, record, docker bool) error {
	if role != "" && role != "server" && role != "client" {
		return fmt.Errorf("-role %q is neither server nor client", role)
	}
	cases, err := report.LoadCases(here + "/cases.txt")
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "autobahn")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	var s suite = dockerImage{}
	if !docker {
		if s, err = installKosoku(ctx); err != nil {
			return err
		}
	}
	for _, r := range []struct {
		name string
		run  func(ctx context.Context, s suite, tls bool, temp string) (string, error)
	}{{"server", runServer}, {"client", runClient}} {
		if role != "" && role != r.name {
			continue
		}
		start := time.Now()
		dir, err := r.run(ctx, s, tls, temp)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		got, err := report.Read(dir)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		if faults := got.Check(cases); len(faults) > 0 {
			return fmt.Errorf("%s: %d faults, nothing is recorded:\n%s", r.name, len(faults), strings.Join(faults, "\n"))
		}
		fmt.Printf("autobahn: %s: all %d cases as required (tls: %v, %.0f s)\n", r.name, len(got), tls, time.Since(start).Seconds())
		if record {
			if err := got.Save(filepath.Join(here, "reports", r.name+".txt"), r.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// runServer tests cmd/echo and returns the folder with the report.
func runServer(ctx context.Context, s suite, tls bool, temp string) (string, error) {
	args := []string{"-addr", "127.0.0.1:0", "-quiet"}
	if tls {
		args = append(args, "-self-signed")
	}
	echo, err := build(ctx, "./cmd/echo", temp)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, echo, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	defer func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", err
	}
	var port int
	if _, err := fmt.Sscanf(line, "listening on port %d", &port); err != nil {
		return "", fmt.Errorf("cmd/echo says %q", line)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	if tls { // the suite doesn't speak it
		b, err := bridgeToTLS(addr)
		if err != nil {
			return "", err
		}
		defer b.Close()
		addr = b.Addr().String()
	}
	dir := filepath.Join(temp, "servers")
	return dir, s.fuzzingclient(ctx, "ws://"+addr+"/echo", dir)
}

// runClient tests the client testee and returns the folder with the report.
func runClient(ctx context.Context, s suite, tls bool, temp string) (string, error) {
	client, err := build(ctx, "./"+here+"/client", temp)
	if err != nil {
		return "", err
	}
	addr, err := freeAddr()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(temp, "clients")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.fuzzingserver(ctx, addr, dir) }()
	if err := waitFor(ctx, addr, ended); err != nil {
		return "", err
	}
	url := "ws://" + addr
	if tls {
		b, err := bridgeFromTLS(addr)
		if err != nil {
			return "", err
		}
		defer b.Close()
		url = "wss://" + b.Addr().String()
	}
	cmd := exec.CommandContext(ctx, client, "-url", url, "-insecure")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", err
	}
	// The report may be complete only when the suite ends, as one of them does by
	// itself.
	select {
	case err := <-ended:
		return dir, err
	case <-time.After(5 * time.Second):
		return dir, nil
	}
}

func build(ctx context.Context, pkg, dir string) (string, error) {
	file := filepath.Join(dir, filepath.Base(pkg))
	cmd := exec.CommandContext(ctx, "go", "build", "-o", file, pkg)
	cmd.Stderr = os.Stderr
	return file, cmd.Run()
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// waitFor waits until something listens on addr.
func waitFor(ctx context.Context, addr string, ended <-chan error) error {
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		if c, err := net.Dial("tcp", addr); err == nil {
			return c.Close()
		}
		select {
		case err := <-ended:
			return errors.Join(errors.New("the suite has ended"), err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("the suite doesn't listen")
}
