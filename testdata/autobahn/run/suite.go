package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"hawser/websocket/testdata/autobahn/report"
)

// A suite is a way to run the cases of report.Sections. Both roles write their
// report into dir.
type suite interface {
	fuzzingclient(ctx context.Context, url, dir string) error
	fuzzingserver(ctx context.Context, addr, dir string) error
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
	if _, err := os.Stat(string(command)); err == nil {
		return command, nil
	}
	for _, args := range [][]string{
		{"python3", "-m", "venv", venv},
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

func (k kosoku) run(ctx context.Context, args ...string) error {
	for _, s := range report.Sections {
		args = append(args, "-i", s+".*")
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

func (k kosoku) fuzzingclient(ctx context.Context, url, dir string) error {
	return k.run(ctx, "-m", "fuzzingclient", "-o", dir, url)
}

func (k kosoku) fuzzingserver(ctx context.Context, addr, dir string) error {
	return k.run(ctx, "-m", "fuzzingserver", "-o", dir, addr)
}

// dockerImage runs Autobahn's own image, with the configurations beside this
// folder, on the host's network.
type dockerImage struct{}

func (dockerImage) run(ctx context.Context, mode, dir string, set map[string]any) error {
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
	cmd := exec.CommandContext(ctx, "docker", "run", "--rm", "--network", "host", "-v", dir+":/reports",
		"crossbario/autobahn-testsuite", "wstest", "-m", mode, "-s", "/reports/spec.json")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

func (d dockerImage) fuzzingclient(ctx context.Context, url, dir string) error {
	return d.run(ctx, "fuzzingclient", dir, map[string]any{
		"servers": []map[string]string{{"agent": "hawser", "url": url}},
	})
}

func (d dockerImage) fuzzingserver(ctx context.Context, addr, dir string) error {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return err
	}
	return d.run(ctx, "fuzzingserver", dir, map[string]any{"url": "ws://" + addr})
}
