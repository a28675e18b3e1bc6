package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Versions of the peers that are no modules of Go.
const (
	wsVersion         = "8.23.0"
	websocketsVersion = "15.0.1"
)

func installWS(ctx context.Context) error {
	dir, err := cached("conform-ws-" + wsVersion)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "ws", "package.json")); err == nil {
		return exec.CommandContext(ctx, "node", "--version").Run()
	}
	return quietly(exec.CommandContext(ctx, "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", dir, "ws@"+wsVersion))
}

// node is a command that runs a script with ws.
func node(ctx context.Context, script string, args ...string) (*exec.Cmd, error) {
	dir, err := cached("conform-ws-" + wsVersion)
	cmd := exec.CommandContext(ctx, "node", append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"))
	return cmd, err
}

func installWebsockets(ctx context.Context) error {
	venv, err := cached("conform-websockets-" + websocketsVersion)
	if err != nil {
		return err
	}
	_, err = pip(ctx, venv, "python3", "websockets=="+websocketsVersion)
	return err
}

// pythonOf is a command that runs a script with websockets.
func pythonOf(ctx context.Context, script string, args ...string) (*exec.Cmd, error) {
	venv, err := cached("conform-websockets-" + websocketsVersion)
	return exec.CommandContext(ctx, filepath.Join(venv, "bin", "python3"), append([]string{script}, args...)...), err
}

type language func(ctx context.Context, script string, args ...string) (*exec.Cmd, error)

// command serves with a script that prints "port" and its port.
func command(l language, script string) func(context.Context) (string, func(), error) {
	return func(ctx context.Context) (string, func(), error) {
		cmd, err := l(ctx, script)
		if err != nil {
			return "", nil, err
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return "", nil, err
		}
		if err := cmd.Start(); err != nil {
			return "", nil, err
		}
		stop := func() {
			cmd.Process.Kill()
			cmd.Wait()
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if port, ok := strings.CutPrefix(strings.TrimSpace(line), "port "); ok {
			return "ws://127.0.0.1:" + port + "/", stop, nil
		}
		stop()
		return "", nil, fmt.Errorf("%s printed %q, %v", script, line, err)
	}
}

// script runs all cases with a script, which gets the URL, its name and the number
// of cases.
func script(l language, file string) func(context.Context, string, string) error {
	return func(ctx context.Context, url, agent string) error {
		n, err := count(ctx, url)
		if err != nil {
			return err
		}
		cmd, err := l(ctx, file, url, agent, strconv.Itoa(n))
		if err != nil {
			return err
		}
		if err := quietly(cmd); err != nil {
			return err
		}
		return update(ctx, url, agent)
	}
}
