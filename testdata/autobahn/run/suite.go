package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A suite is a way to run cases, given as patterns. Both roles write their
// report into dir. A fuzzingserver that doesn't end by itself once it has written
// its report ends with ctx.
type suite interface {
	fuzzingclient(ctx context.Context, cases []string, url, dir string) error
	fuzzingserver(ctx context.Context, cases []string, addr, dir string) error
	endsItself() bool
}

// checkConfig makes sure that a configuration, which users can give to wstest as
// it is, has the same sections that are run here.
func checkConfig(file string, sections []string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var spec struct{ Cases []string }
	if err := json.Unmarshal(text, &spec); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if !slices.Equal(spec.Cases, sections) {
		return fmt.Errorf("%s has the cases %q; want %q, as in package report", file, spec.Cases, sections)
	}
	return nil
}

const kosokuVersion = "0.1.0"

// kosoku is the path of its command.
type kosoku string

// installKosoku installs kosoku from PyPI, unless an earlier run has.
func installKosoku(ctx context.Context) (suite, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	venv := filepath.Join(cache, "kosoku-"+kosokuVersion)
	command := kosoku(filepath.Join(venv, "bin", "kosoku"))
	// It is tried, as a venv breaks with the Python that it was made from.
	if exec.CommandContext(ctx, string(command), "--help").Run() == nil {
		return command, nil
	}
	for _, args := range [][]string{
		{"python3", "-m", "venv", "--clear", venv},
		{filepath.Join(venv, "bin", "pip"), "install", "--quiet", "kosoku==" + kosokuVersion},
	} {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("%s: %w", strings.Join(args, " "), err)
		}
	}
	return command, nil
}

func (kosoku) endsItself() bool { return true }

func (k kosoku) run(ctx context.Context, cases []string, args ...string) error {
	for _, c := range cases {
		args = append(args, "-i", c)
	}
	cmd := exec.CommandContext(ctx, string(k), args...)
	out, err := cmd.CombinedOutput()
	// It also exits with an error when a case fails; the report tells more.
	if _, ok := err.(*exec.ExitError); ok && strings.Contains(string(out), "wrote reports") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("kosoku: %w\n%s", err, out)
	}
	return nil
}

func (k kosoku) fuzzingclient(ctx context.Context, cases []string, url, dir string) error {
	return k.run(ctx, cases, "-m", "fuzzingclient", "-o", dir, url)
}

func (k kosoku) fuzzingserver(ctx context.Context, cases []string, addr, dir string) error {
	return k.run(ctx, cases, "-m", "fuzzingserver", "-o", dir, addr)
}

// dockerImage runs Autobahn's own image, with the configurations beside this
// folder, on the host's network.
type dockerImage struct{}

func (dockerImage) endsItself() bool { return false }

func (dockerImage) run(ctx context.Context, mode string, cases []string, dir string, set map[string]any) error {
	text, err := os.ReadFile(filepath.Join(here, mode+".json"))
	if err != nil {
		return err
	}
	var spec map[string]any
	if err := json.Unmarshal(text, &spec); err != nil {
		return err
	}
	for k, v := range set {
		spec[k] = v
	}
	spec["cases"] = cases
	spec["outdir"] = "/reports"
	if text, err = json.Marshal(spec); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "spec.json"), text, 0o644); err != nil {
		return err
	}
	// The name is for ending the container, which outlives the command otherwise.
	name := fmt.Sprintf("autobahn-%s-%d", mode, os.Getpid())
	cmd := exec.CommandContext(ctx, "docker", "run", "--rm", "--name", name, "--network", "host", "-v", dir+":/reports",
		"crossbario/autobahn-testsuite", "wstest", "-m", mode, "-s", "/reports/spec.json")
	cmd.Cancel = func() error { return exec.Command("docker", "rm", "-f", name).Run() }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

func (d dockerImage) fuzzingclient(ctx context.Context, cases []string, url, dir string) error {
	return d.run(ctx, "fuzzingclient", cases, dir, map[string]any{
		"servers": []map[string]string{{"agent": "hawser", "url": url}},
	})
}

func (d dockerImage) fuzzingserver(ctx context.Context, cases []string, addr, dir string) error {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return err
	}
	return d.run(ctx, "fuzzingserver", cases, dir, map[string]any{"url": "ws://" + addr})
}
