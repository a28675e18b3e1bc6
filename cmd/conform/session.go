package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"hawser/websocket/cmd/conform/internal/cases"
	"hawser/websocket/cmd/conform/internal/data"
	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/cmd/conform/internal/report"
	"hawser/websocket/cmd/conform/internal/runner"
	"hawser/websocket/cmd/internal/selfsigned"
)

// session is a run of the program.
type session struct {
	*options
	out    io.Writer
	env    cases.Env
	cases  []*cases.Case
	report *report.Report
	tls    *tls.Config
	start  time.Time
	count  int // of cases with a result
	stop   context.CancelFunc
}

// prepare finds everything that's wrong with the flags before anything runs.
func prepare(o *options, out io.Writer) (*session, error) {
	s := &session{options: o, out: out, env: cases.Env{Patience: o.patience, Data: data.New()}, start: time.Now()}
	if o.spec != "" {
		if err := o.readSpec(); err != nil {
			return nil, err
		}
	}
	who := cases.Servers
	if o.mode == "server" {
		who = cases.Clients
	}
	all := cases.All(who)
	include := withoutEmpty(o.cases)
	if len(o.cases) == 0 {
		include = []string{"*"}
	}
	var err error
	if s.cases, err = cases.Select(all, include, withoutEmpty(o.exclude)); err != nil {
		return nil, err
	}
	if o.short {
		var short []*cases.Case
		for _, c := range s.cases {
			if !c.Long {
				short = append(short, c)
			}
		}
		s.cases = short
	}
	if len(s.cases) == 0 {
		return nil, errors.New("no case is left to run")
	}
	if o.data != "" {
		if err := s.env.Data.Load(o.data); err != nil {
			return nil, fmt.Errorf("-data: %w", err)
		}
	}
	if s.tls, err = o.tlsConfig(); err != nil {
		return nil, err
	}
	if o.list {
		return s, nil
	}
	if len(o.servers) == 0 && o.mode == "client" {
		o.servers = []serverSpec{{Agent: o.agent, URL: o.url}}
	}
	for _, server := range o.servers {
		if _, err := engine.ParseURL(server.URL); err != nil {
			return nil, err
		}
	}
	s.report, err = report.New(o.out)
	return s, err
}

func (o *options) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: o.insecure}
	if o.caCert != "" {
		pem, err := os.ReadFile(o.caCert)
		if err != nil {
			return nil, err
		}
		if config.RootCAs, err = x509.SystemCertPool(); err != nil {
			config.RootCAs = x509.NewCertPool()
		}
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate", o.caCert)
		}
	}
	if o.cert != "" {
		c, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{c}
	}
	return config, nil
}

func (s *session) list() {
	for _, c := range s.cases {
		fmt.Fprintf(s.out, "%-8s sends %s. %s\n", c.ID, c.Sends, c.Wants)
	}
}

// client tests the servers.
func (s *session) client(ctx context.Context) error {
	for _, server := range s.servers {
		u, err := engine.ParseURL(server.URL)
		if err != nil {
			return err
		}
		header := s.header.Clone()
		if server.Origin != "" {
			header.Set("Origin", server.Origin)
		}
		if len(server.Protocols) > 0 {
			header.Set("Sec-WebSocket-Protocol", strings.Join(server.Protocols, ", "))
		}
		agent := server.Agent
		if agent == "" {
			agent = u.Host
		}
		env := s.env
		env.Target = &engine.Target{URL: u, Header: header, TLS: s.tls}
		if err := reach(ctx, env.Target); err != nil {
			return fmt.Errorf("%s can't be reached: %w", u.Redacted(), err)
		}
		client := &runner.Client{
			Env: env, Cases: s.cases, Parallel: s.parallel, Skip: s.skips,
			Done: func(n int, r *cases.Result) { s.done(agent, n, r) },
		}
		client.Run(ctx, agent)
	}
	return nil
}

// reach connects once, so that a wrong address is told in one line instead of in
// as many verdicts as there are cases.
func reach(ctx context.Context, t *engine.Target) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	nc, err := t.Connect(ctx)
	if err == nil {
		nc.Close()
	}
	return err
}

// server tests clients.
func (s *session) server(ctx context.Context) error {
	u, err := engine.ParseURL(s.url)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", engine.Addr(u))
	if err != nil {
		return err
	}
	shown := *u
	shown.Host = l.Addr().String()
	if u.Scheme == "wss" {
		if len(s.tls.Certificates) == 0 {
			c, err := selfsigned.Certificate()
			if err != nil {
				return err
			}
			s.tls.Certificates = []tls.Certificate{c}
		}
		s.tls.NextProtos = []string{"http/1.1"}
		l = tls.NewListener(l, s.tls)
	}
	fmt.Fprintf(s.out, "listening on %s with %d cases\n", shown.Redacted(), len(s.cases))
	server := &runner.Server{
		Env: s.env, Cases: s.cases, Skip: s.skips, Done: s.done,
		Update: func(string) bool {
			s.report.Write() // end tells what is wrong with it
			return !s.keep
		},
	}
	if err := server.Serve(ctx, l); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// done takes a result and tells of it.
func (s *session) done(agent string, number int, r *cases.Result) {
	first := s.report.Add(agent, number, r)
	if first {
		s.count++
	}
	if !r.Passed(s.strict) && s.failFast {
		s.stop()
	}
	if s.quiet {
		return
	}
	if !r.Passed(s.strict) {
		fmt.Fprintf(s.out, "%-8s %s, close %s: sends %s. %s\n         %s %s\n", r.Case.ID, r.Behavior, r.BehaviorClose, r.Case.Sends, r.Case.Wants, r.Text, r.CloseText)
	}
	if first && s.count%100 == 0 {
		fmt.Fprintf(s.out, "%d of %d cases\n", s.count, len(s.cases)*max(1, len(s.servers)))
	}
}

// end writes the report and the summary, and returns the exit code.
func (s *session) end(ctx context.Context) int {
	if err := s.report.Write(); err != nil {
		fmt.Fprintln(s.out, "the report can't be written:", err)
		return exitUsage
	}
	failed, total := s.report.Failed(s.strict)
	behavior, closes := s.report.Tally()
	fmt.Fprintf(s.out, "%d cases in %.1f s: %s; close %s\n", total, time.Since(s.start).Seconds(), tally(behavior), tally(closes))
	if s.options.out != "" {
		fmt.Fprintf(s.out, "report: %s\n", s.options.out+string(os.PathSeparator)+"index.html")
	}
	if ctx.Err() != nil {
		fmt.Fprintln(s.out, "interrupted: not all cases were run")
		return exitFailed
	}
	if total == 0 {
		fmt.Fprintln(s.out, "no case was run")
		return exitFailed
	}
	code := exitOK
	for agent, n := range s.report.Agents() {
		for _, c := range s.cases {
			if s.skips(agent, c) {
				n++
			}
		}
		if left := len(s.cases) - n; left > 0 && !(s.failFast && len(failed) > 0) {
			fmt.Fprintf(s.out, "%s has left out %d cases\n", agent, left)
			code = exitFailed
		}
	}
	if len(failed) > 0 {
		fmt.Fprintf(s.out, "%d cases failed\n", len(failed))
		code = exitFailed
	}
	return code
}

func tally(counts []report.Count) string {
	var s []string
	for _, c := range counts {
		s = append(s, fmt.Sprintf("%d %s", c.N, c.Verdict))
	}
	return strings.Join(s, ", ")
}
