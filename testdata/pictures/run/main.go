// Command run draws the pictures of the README anew: a session of cmd/chat with
// cmd/echo in a terminal, and the page that cmd/echo serves, in Chromium.
//
//	go run ./testdata/pictures/run
//
// It's for Linux, at the root of the project, with port 3000 free, as the programs
// are shown the way they come. Chromium is Debian's package.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const folder = "testdata/pictures"

func main() {
	only := flag.String("only", "", "`name` of the one picture to draw: chat.svg or page.png")
	flag.Parse()
	if err := run(*only); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func run(only string) error {
	bin, err := os.MkdirTemp("", "pictures")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)
	build := exec.Command("go", "build", "-o", bin, "./cmd/echo", "./cmd/chat")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return err
	}
	stop, err := serve(filepath.Join(bin, "echo"))
	if err != nil {
		return err
	}
	defer stop()
	for _, picture := range []struct {
		name string
		draw func() ([]byte, error)
	}{
		{"chat.svg", func() ([]byte, error) { return drawChat(filepath.Join(bin, "chat")) }},
		{"page.png", func() ([]byte, error) { return drawPage("http://localhost:3000/") }},
	} {
		if only != "" && only != picture.name {
			continue
		}
		content, err := picture.draw()
		if err != nil {
			return fmt.Errorf("%s: %w", picture.name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, picture.name), content, 0o644); err != nil {
			return err
		}
		fmt.Println(filepath.Join(folder, picture.name), len(content), "bytes")
	}
	return nil
}

// serve starts cmd/echo.
func serve(echo string) (stop func(), err error) {
	cmd := exec.Command(echo)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "listening") {
		stop()
		return nil, errors.New("cmd/echo doesn't listen")
	}
	go func() {
		for lines.Scan() {
		}
	}()
	return stop, nil
}
