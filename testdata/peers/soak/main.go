// Command soak keeps an echo server busy with clients of all kinds for a while
// and checks that nothing of it stays behind.
//
//	go run ./soak [-for 1m] [-conns 2000]
//
// Good clients must get back all that they send, once and in order, while
// others read slowly, say nothing, break the rules or come and go. In the end
// the server must have as many files and goroutines as in the beginning, no more memory
// than the first wave of clients took, and end by itself when told to. If not,
// the exit code is 1.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
	}
	if !ok {
		os.Exit(1)
	}
}

// run reports whether no promise was broken. An interrupt only shortens it.
func run(ctx context.Context, args []string, out io.Writer) (bool, error) {
	f := flag.NewFlagSet("soak", flag.ExitOnError)
	var (
		duration = f.Duration("for", time.Minute, "how long, without the wave before and the check after")
		conns    = f.Int("conns", 2000, "connections of all kinds together")
		path     = f.String("echo", "", "the echo server's program (built from the tree)")
	)
	f.Parse(args)

	s, err := startServer(ctx, *path)
	if err != nil {
		return false, err
	}
	defer s.kill()
	j := newJudge(out)

	// The first wave shows how much memory so many clients take at all, and
	// how many files the server has open without any.
	empty := s.usage()
	fmt.Fprintf(out, "server of process %d at %s: %s\n", s.cmd.Process.Pid, s.addr, empty)
	crowd := newCrowd(s.addr, *conns, j)
	first := time.Second + time.Duration(*conns)*3*time.Millisecond
	fmt.Fprintf(out, "first wave of %d connections, %v\n", *conns, first)
	wave := crowd.run(ctx, first, s, out)
	resting := s.settle(ctx, empty, out)
	if ctx.Err() == nil {
		fmt.Fprintf(out, "now for %v\n", *duration)
		crowd.run(ctx, *duration, s, out)
	}
	last := s.settle(context.WithoutCancel(ctx), empty, out)

	fmt.Fprintf(out, "\nserver: %s before, %s in the first wave, %s after it, %s at the end\n", empty, wave, resting, last)
	j.check(last.files <= empty.files, "%d files are still open, %d were in the beginning", last.files, empty.files)
	j.check(empty.goroutines > 0 && last.goroutines <= empty.goroutines, "%d goroutines are left, %d were in the beginning", last.goroutines, empty.goroutines)
	// What was free after the wave may be used again, but not much more than that.
	most := wave.memory + wave.memory/2 + 32<<20
	j.check(last.memory <= most, "%s are resident, at most %s were to be after a wave with %s", size(last.memory), size(most), size(wave.memory))
	j.check(last.threads <= wave.threads+8, "%d threads, %d in the first wave", last.threads, wave.threads)
	j.check(s.end() == nil, "the server did not end well: %v", s.end())
	return j.verdict(), nil
}
