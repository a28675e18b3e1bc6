// Command chat is a line client for WebSocket servers.
//
//	go run ./cmd/chat [flags] [url]
//
// Without a URL it connects to ws://localhost:3000. On a terminal, what you type
// is sent line by line, with editing and a history, and what arrives is shown
// above the line being typed:
//
//	# socket open
//	< Welcome to Awesome Chat
//	> hello
//	< hello
//
// Lines that begin with a slash are commands: /help lists them. Two slashes begin
// a message with one. Each line of pasted text is sent as a message; Alt-Enter puts
// another line into the same one.
//
// In a pipe, every line of standard input is a message (with -0 what ends in NUL,
// with -whole all of it), standard output carries the messages received and nothing
// else, and the # lines go to standard error:
//
//	seq 3 | go run ./cmd/chat ws://localhost:3000/echo
//
// At the end of the input it waits until no more answers come (-wait), closes the
// connection, and goes on receiving until the server has closed it too.
//
// The exit code is 0 after a normal close (codes 1000, 1001 and none), 1 for
// wrong usage or what can't be read or written, 2 if the connection could not be
// made, 3 after a breach of the protocol, 4 if the connection was closed with
// another code, cut off, or closed before all was sent or received, 5 after a
// timeout. A signal closes the connection and then ends the program as signals do:
// for a shell the exit code is 130 after Ctrl-C.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"hawser/websocket/cmd/internal/signals"
	"hawser/websocket/cmd/internal/terminal"
	"hawser/websocket/cmd/internal/version"
)

func main() {
	caught := make(chan os.Signal, 2)
	exit(run(os.Args[1:], console{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		inTerminal:  terminal.Is(os.Stdin),
		outTerminal: terminal.Is(os.Stdout),
		errTerminal: terminal.Is(os.Stderr),
		signals:     caught,
		catch: func() {
			for _, sig := range append(signals.Hangup, os.Interrupt, syscall.SIGTERM) {
				if !signal.Ignored(sig) { // as below nohup
					signal.Notify(caught, sig)
				}
			}
		},
	}))
}

// console is what the program talks to its user through.
type console struct {
	in                                   io.Reader
	out, err                             io.Writer
	inTerminal, outTerminal, errTerminal bool
	signals                              <-chan os.Signal // to end the program
	// catch makes signals come through the channel. It's called when there is
	// something to end in order; until then they end the program by themselves,
	// also while a file that a flag names is waited for.
	catch func()
}

// The exit codes.
const (
	exitNormal = iota
	exitUsage
	exitConnect
	exitProtocol
	exitCutOff
	exitTimeout
	exitSignal = 128 // and the number of the signal
)

// exit ends the program. After a signal it leaves that to the signal: a shell
// that runs a loop ends it only if what it ran has died of Ctrl-C.
func exit(code int) {
	if code > exitSignal {
		sig := signals.Numbered(code - exitSignal)
		signal.Reset(sig)
		if p, err := os.FindProcess(os.Getpid()); err == nil && p.Signal(sig) == nil {
			time.Sleep(time.Second) // it's on its way, unless we are the first process
		}
	}
	os.Exit(code)
}

// run is main with everything that it depends on. It returns the exit code.
func run(args []string, con console) int {
	o, d, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		io.WriteString(con.out, usage)
		return exitNormal
	case err != nil:
		fmt.Fprintf(con.err, "chat: %v\n", err)
		return exitUsage
	case o.version:
		fmt.Fprintln(con.out, version.String("chat"))
		return exitNormal
	case o.completion != "":
		io.WriteString(con.out, completion(o.completion))
		return exitNormal
	}
	s := newScreen(o, con)
	defer s.rescue()
	t := newTalk(o, s)
	s.spawn(t.watch)
	code := 0
	if o.listen != "" {
		code = t.listen()
	} else {
		code = t.connect(d)
	}
	s.close()
	return code
}
