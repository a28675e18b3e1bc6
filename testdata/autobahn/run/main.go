// Command run runs Autobahn's test suite against cmd/echo and against a client,
// holds the verdicts against what is required, and records them.
//
//	go run ./testdata/autobahn/run [-role server|client] [-cases '1.*,7.1.1'] [-tls] [-http2] [-record] [-docker]
//
// It fails if a verdict isn't as required, or isn't as recorded. It is to be run at the root of the repository. The suite is kosoku, which is
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
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"hawser/websocket/testdata/autobahn/report"
)

const here = "testdata/autobahn"

// options are the flags.
type options struct {
	role, cases                string
	tls, http2, record, docker bool
}

func main() {
	var o options
	flag.StringVar(&o.role, "role", "both", "server, client or both")
	flag.StringVar(&o.cases, "cases", "", "comma-separated `patterns` of the cases to run instead of all")
	flag.BoolVar(&o.tls, "tls", false, "let the endpoint speak wss")
	flag.BoolVar(&o.http2, "http2", false, "let the endpoint speak HTTP/2, behind HAProxy")
	flag.BoolVar(&o.record, "record", false, "record the verdicts, if they are as required")
	flag.BoolVar(&o.docker, "docker", false, "use the image crossbario/autobahn-testsuite")
	timeout := flag.Duration("timeout", 20*time.Minute, "bound on all of it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	if err := run(ctx, o); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%w (%w)", ctx.Err(), err)
		}
		fmt.Fprintln(os.Stderr, "autobahn:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.role != "both" && o.role != "server" && o.role != "client" {
		return fmt.Errorf("-role %q is none of server, client and both", o.role)
	}
	if o.record && (o.cases != "" || o.tls || o.http2) {
		return errors.New("-record is for all cases, without -tls and -http2")
	}
	if o.tls && o.http2 {
		return errors.New("-tls and -http2 exclude each other: the HTTP/2 is without TLS")
	}
	var patterns []string
	for _, s := range report.Sections {
		patterns = append(patterns, s+".*")
	}
	for _, mode := range []string{"fuzzingclient", "fuzzingserver"} {
		if err := checkConfig(filepath.Join(here, mode+".json"), patterns); err != nil {
			return err
		}
	}
	cases, err := report.LoadCases(here + "/cases.txt")
	if err != nil {
		return err
	}
	if o.cases != "" {
		patterns = strings.Split(o.cases, ",")
		cases = slices.DeleteFunc(cases, func(id string) bool {
			return !slices.ContainsFunc(patterns, func(p string) bool { ok, _ := path.Match(p, id); return ok })
		})
	}
	if len(cases) == 0 {
		return fmt.Errorf("-cases %s matches none of cases.txt", o.cases)
	}
	temp, err := os.MkdirTemp("", "autobahn")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	var s suite = dockerImage{}
	if !o.docker {
		if s, err = installKosoku(ctx); err != nil {
			return err
		}
	}
	for _, r := range []struct {
		name string
		run  func(ctx context.Context, s suite, patterns []string, o options, temp string) (string, error)
	}{{"server", runServer}, {"client", runClient}} {
		if o.role != "both" && o.role != r.name {
			continue
		}
		start := time.Now()
		dir, err := r.run(ctx, s, patterns, o, temp)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		got, err := report.Read(dir)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		if err := judge(got, cases, filepath.Join(here, "reports", r.name+".txt"), o); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		fmt.Printf("autobahn: %s: all %d cases as required (tls: %v, HTTP/2: %v, %.0f s)\n", r.name, len(got), o.tls, o.http2, time.Since(start).Seconds())
	}
	return nil
}

// judge holds a report against what is required and what is recorded in file,
// and records it if told to.
func judge(got report.Report, cases []string, file string, o options) error {
	if faults := got.Check(cases); len(faults) > 0 {
		return fmt.Errorf("%d faults, nothing is recorded:\n%s", len(faults), strings.Join(faults, "\n"))
	}
	if o.record {
		return got.Save(file, strings.TrimSuffix(filepath.Base(file), ".txt"))
	}
	recorded, err := report.Load(file)
	if err != nil {
		return err
	}
	d := got.Diff(recorded)
	if len(d) == 0 {
		return nil
	}
	err = fmt.Errorf("%d cases are as required but not as recorded; -record if that's meant:\n%s", len(d), strings.Join(d, "\n"))
	if o.docker || o.http2 { // recorded is what kosoku says by itself, which need not be the same to the last code
		fmt.Println(err)
		return nil
	}
	return err
}

// runServer tests cmd/echo and returns the folder with the report.
func runServer(ctx context.Context, s suite, patterns []string, o options, temp string) (dir string, err error) {
	args := []string{"-addr", "127.0.0.1:0", "-quiet"}
	if o.tls {
		args = append(args, "-self-signed")
	}
	if o.http2 {
		args = append(args, "-http2")
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
		if end := cmd.Wait(); end != nil && err == nil {
			err = fmt.Errorf("cmd/echo: %w", end)
		}
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
	if o.http2 {
		front, stop, err := bridgeHTTP2(ctx, addr, true, temp)
		if err != nil {
			return "", err
		}
		defer stop()
		addr = front
	}
	if o.tls { // the suite doesn't speak it
		b, err := bridgeToTLS(addr)
		if err != nil {
			return "", err
		}
		defer b.Close()
		addr = b.Addr().String()
	}
	dir = filepath.Join(temp, "servers")
	return dir, s.fuzzingclient(ctx, patterns, "ws://"+addr+"/echo", dir)
}

// runClient tests the client testee and returns the folder with the report.
func runClient(ctx context.Context, s suite, patterns []string, o options, temp string) (string, error) {
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
	ended := make(chan error, 1)
	go func() {
		ended <- s.fuzzingserver(ctx, patterns, addr, dir)
		close(ended)
	}()
	defer func() {
		cancel()
		<-ended // leaves nothing behind
	}()
	if err := waitFor(ctx, addr, ended); err != nil {
		return "", err
	}
	args := []string{"-insecure"}
	if o.http2 {
		front, stop, err := bridgeHTTP2(ctx, addr, false, temp)
		if err != nil {
			return "", err
		}
		defer stop()
		addr = front
		args = append(args, "-http2")
	}
	url := "ws://" + addr
	if o.tls {
		b, err := bridgeFromTLS(addr)
		if err != nil {
			return "", err
		}
		defer b.Close()
		url = "wss://" + b.Addr().String()
	}
	cmd := exec.CommandContext(ctx, client, append(args, "-url", url)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", err
	}
	// What ends by itself does so once its report is complete; that takes a while
	// on a busy machine. The other has written it when the client's last
	// connection ends.
	if s.endsItself() {
		return dir, <-ended
	}
	return dir, nil
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
