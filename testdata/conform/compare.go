package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// comparison runs both suites and compares.
type comparison struct {
	cases, kosoku, conform, out      string
	compared, explained, unexplained int
}

// server has both suites test a server.
func (c *comparison) server(ctx context.Context, p *peer) error {
	url, stop, err := p.serve(ctx)
	if err != nil {
		return err
	}
	defer stop()
	theirs, ours := filepath.Join(c.out, p.name+"-server-kosoku"), filepath.Join(c.out, p.name+"-server")
	args := []string{"-m", "fuzzingclient", "-p", "4", "-o", theirs}
	for _, pattern := range strings.Split(c.cases, ",") {
		args = append(args, "-i", pattern)
	}
	if err := ran(exec.CommandContext(ctx, c.kosoku, append(args, url)...), "wrote reports"); err != nil {
		return err
	}
	if err := ran(exec.CommandContext(ctx, c.conform, "-mode", "client", "-url", url, "-cases", c.cases, "-quiet", "-out", ours), "report:"); err != nil {
		return err
	}
	return c.compare(p.name+" server", theirs, ours)
}

// client has both suites test a client.
func (c *comparison) client(ctx context.Context, p *peer) error {
	theirs, ours := filepath.Join(c.out, p.name+"-client-kosoku"), filepath.Join(c.out, p.name+"-client")
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	args := []string{"-m", "fuzzingserver", "-o", theirs}
	for _, pattern := range strings.Split(c.cases, ",") {
		args = append(args, "-i", pattern)
	}
	if err := c.clientOf(ctx, p, exec.CommandContext(ctx, c.kosoku, append(args, addr)...), "ws://"+addr); err != nil {
		return fmt.Errorf("kosoku: %w", err)
	}
	if err := c.clientOf(ctx, p, exec.CommandContext(ctx, c.conform, "-mode", "server", "-url", "ws://127.0.0.1:0", "-cases", c.cases, "-quiet", "-out", ours), ""); err != nil {
		return fmt.Errorf("cmd/conform: %w", err)
	}
	return c.compare(p.name+" client", theirs, ours)
}

// clientOf starts a fuzzing server and has the client run its cases. Without a url
// the server prints it.
func (c *comparison) clientOf(ctx context.Context, p *peer, server *exec.Cmd, url string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	server.Stdout, server.Stderr = w, w
	err = server.Start()
	w.Close()
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	lines := bufio.NewScanner(r)
	listening := make(chan string, 1)
	go func() {
		for lines.Scan() {
			if m := regexp.MustCompile(`listening on (wss?://\S+)`).FindStringSubmatch(lines.Text()); m != nil {
				listening <- m[1]
			}
		}
		err := server.Wait()
		var exit *exec.ExitError
		if errors.As(err, &exit) && (exit.ExitCode() == 2 || url != "") {
			err = nil // cases have failed
		}
		ended <- err
	}()
	defer server.Process.Kill()
	select {
	case shown := <-listening:
		if url == "" {
			url = shown
		}
	case err := <-ended:
		return fmt.Errorf("it has ended: %w", err)
	case <-time.After(time.Minute):
		return errors.New("it does not listen")
	}
	if err := p.client(ctx, url, p.name); err != nil {
		return err
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(2 * time.Minute):
		return errors.New("it does not end")
	}
}

// verdict is that on behavior and close, with what the report says of the reasons.
type verdict struct {
	behavior, close     string
	result, resultClose string
	dropTimeout         bool // the server did not close the transport in time
}

func (v verdict) String() string { return v.behavior + ", close " + v.close }

func (c *comparison) compare(what, theirs, ours string) error {
	a, err := read(theirs)
	if err != nil {
		return err
	}
	b, err := read(ours)
	if err != nil {
		return err
	}
	equal, explained, unexplained := 0, 0, 0
	for _, id := range slices.SortedFunc(maps.Keys(a), compareIDs) {
		switch v, ok := b[id]; {
		case !ok:
			unexplained++
			fmt.Printf("%s: case %s has no verdict\n", what, id)
		case v.String() == a[id].String():
			equal++
		default:
			why := explain(what, id, a[id], v)
			if why == "" {
				unexplained++
				why = "without an explanation"
			} else {
				explained++
			}
			fmt.Printf("%s: case %s: kosoku %v; conform %v: %s\n", what, id, a[id], v, why)
		}
	}
	for id := range b {
		if _, ok := a[id]; !ok {
			unexplained++
			fmt.Printf("%s: case %s has no verdict of kosoku\n", what, id)
		}
	}
	fmt.Printf("%s: %d verdicts: %d equal, %d explained, %d not; %s\n", what, len(a), equal, explained, unexplained, tally(b))
	c.compared += len(a)
	c.explained += explained
	c.unexplained += unexplained
	return nil
}

func tally(all map[string]verdict) string {
	n := map[string]int{}
	for _, v := range all {
		n[v.behavior]++
	}
	var s []string
	for _, k := range slices.Sorted(maps.Keys(n)) {
		s = append(s, fmt.Sprintf("%d %s", n[k], k))
	}
	return strings.Join(s, ", ")
}

// read reads a report. It has the cases of one agent, or of one with several names,
// as kosoku calls a server by what it says of itself, if it does.
func read(dir string) (map[string]verdict, error) {
	var index map[string]map[string]struct{ ReportFile string }
	if err := readJSON(filepath.Join(dir, "index.json"), &index); err != nil {
		return nil, err
	}
	all := map[string]verdict{}
	for _, cases := range index {
		for id, entry := range cases {
			var d struct {
				Behavior, BehaviorClose, Result, ResultClose string
				WasServerConnectionDropTimeout               bool
			}
			if err := readJSON(filepath.Join(dir, entry.ReportFile), &d); err != nil {
				return nil, err
			}
			if d.Behavior == "ERROR" { // kosoku's word for a handshake that failed, or for its own failure
				d.Behavior = "FAILED"
			}
			all[id] = verdict{d.Behavior, d.BehaviorClose, d.Result, d.ResultClose, d.WasServerConnectionDropTimeout}
		}
	}
	return all, nil
}

func readJSON(file string, v any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

func compareIDs(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(a, b string) int {
		m, _ := strconv.Atoi(a)
		n, _ := strconv.Atoi(b)
		return m - n
	})
}

// ran runs a suite, which also exits with an error when cases fail: that it has
// written its report is told by what it prints.
func ran(cmd *exec.Cmd, wrote string) error {
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && strings.Contains(string(text), wrote) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, text)
	}
	return nil
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
