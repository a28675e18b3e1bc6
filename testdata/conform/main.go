// Command conform compares cmd/conform with Autobahn's own cases, as kosoku runs
// them: it has both test the same servers and clients, which fail in different
// ways, and prints every verdict that differs.
//
//	go run -C testdata/conform .                        # all that is installed
//	go run -C testdata/conform . -peers gorilla,coder -role server -cases '6.*'
//	go run -C testdata/conform . -serve gorilla         # only a server, to be tested by hand
//
// kosoku needs Python 3 and PyPI, and so does Python's websockets; npm's ws needs
// Node and npm. What can't be installed is left out with the reason, unless CI is
// set in the environment. A difference that explained.go has no explanation for is
// an error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// sample are the cases that are run unless others are asked for: all short ones,
// and some of those that take long, of every kind.
const sample = "1.*,2.*,3.*,4.*,5.*,6.*,7.*,10.*,9.1.1,9.1.3,9.2.2,9.3.4,9.4.5,9.5.5,9.6.6,9.7.3,9.8.4," +
	"12.1.1,12.1.11,12.2.3,12.3.4,12.4.5,12.5.2,13.1.2,13.2.2,13.3.4,13.4.3,13.5.4,13.5.11,13.6.3,13.7.4"

func main() {
	cases := flag.String("cases", sample, "comma-separated `patterns` of cases")
	names := flag.String("peers", "", "comma-separated `names` of the peers, instead of all")
	role := flag.String("role", "both", "server, client or both")
	keep := flag.String("out", "", "`folder` for the reports of both suites")
	serve := flag.String("serve", "", "only serve with the peer of that `name`, until interrupted")
	timeout := flag.Duration("timeout", 30*time.Minute, "bound on all of it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	if *serve != "" {
		if err := only(ctx, *serve); err != nil {
			fmt.Fprintln(os.Stderr, "conform:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(ctx, *cases, *names, *role, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "conform:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, cases, names, role, out string) error {
	if role != "both" && role != "server" && role != "client" {
		return fmt.Errorf("-role %q is none of server, client and both", role)
	}
	temp, err := os.MkdirTemp("", "conform")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if out == "" {
		out = temp
	}
	peers, err := choose(names)
	if err != nil {
		return err
	}
	python, err := kosoku(ctx)
	if err != nil {
		return unless(fmt.Errorf("kosoku can't be installed: %w", err))
	}
	ours := filepath.Join(temp, "conform")
	if err := quietly(exec.CommandContext(ctx, "go", "build", "-o", ours, "hawser/websocket/cmd/conform")); err != nil {
		return err
	}
	c := &comparison{cases: cases, kosoku: python, conform: ours, out: out}
	for _, p := range peers {
		if p.install != nil {
			if err := p.install(ctx); err != nil {
				if err := unless(fmt.Errorf("%s is left out: %w", p.name, err)); err != nil {
					return err
				}
				continue
			}
		}
		if role != "client" && p.serve != nil {
			if err := c.server(ctx, p); err != nil {
				return fmt.Errorf("%s as server: %w", p.name, err)
			}
		}
		if role != "server" && p.client != nil {
			if err := c.client(ctx, p); err != nil {
				return fmt.Errorf("%s as client: %w", p.name, err)
			}
		}
	}
	fmt.Printf("%d verdicts compared, %d equal, %d explained, %d not\n", c.compared, c.compared-c.explained-c.unexplained, c.explained, c.unexplained)
	if c.unexplained > 0 {
		return errors.New("there are differences without an explanation")
	}
	if c.compared == 0 {
		return errors.New("nothing was compared")
	}
	return nil
}

// only serves with one peer.
func only(ctx context.Context, name string) error {
	chosen, err := choose(name)
	if err != nil {
		return err
	}
	p := chosen[0]
	if p.install != nil {
		if err := p.install(ctx); err != nil {
			return err
		}
	}
	url, stop, err := p.serve(ctx)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Println(url)
	<-ctx.Done()
	return nil
}

// unless returns an error if CI demands that everything runs, and else prints it.
func unless(err error) error {
	if os.Getenv("CI") != "" {
		return err
	}
	fmt.Println(err)
	return nil
}

func choose(names string) (chosen []*peer, err error) {
	if names == "" {
		return peers, nil
	}
	for _, name := range strings.Split(names, ",") {
		i := slices.IndexFunc(peers, func(p *peer) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no peer %q", name)
		}
		chosen = append(chosen, peers[i])
	}
	return chosen, nil
}

// kosoku returns the path of kosoku, which it installs unless an earlier run has,
// of this program or of testdata/autobahn/run.
func kosoku(ctx context.Context) (string, error) {
	venv, err := cached("kosoku-0.1.0")
	if err != nil {
		return "", err
	}
	return pip(ctx, venv, "kosoku", "kosoku==0.1.0")
}

func cached(name string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, name), os.MkdirAll(cache, 0o777)
}

// pip returns the path of a command in a virtual environment that has a package.
func pip(ctx context.Context, venv, command, pkg string) (string, error) {
	path := filepath.Join(venv, "bin", command)
	// It is tried, as such an environment breaks with the Python that it was made
	// from.
	if exec.CommandContext(ctx, path, "--help").Run() == nil && exec.CommandContext(ctx, filepath.Join(venv, "bin", "pip"), "show", "-q", strings.Split(pkg, "==")[0]).Run() == nil {
		return path, nil
	}
	if err := quietly(exec.CommandContext(ctx, "python3", "-m", "venv", "--clear", venv)); err != nil {
		return "", err
	}
	return path, quietly(exec.CommandContext(ctx, filepath.Join(venv, "bin", "pip"), "install", "--quiet", pkg))
}

// quietly runs a command, and shows what it prints only if it fails.
func quietly(cmd *exec.Cmd) error {
	text, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, text)
	}
	return err
}
