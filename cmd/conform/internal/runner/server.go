package runner

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"hawser/websocket/cmd/conform/internal/cases"
	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
)

// Server runs cases against the clients that connect to it. Its resources are
// those of Autobahn's fuzzing server:
//
//	/getCaseCount                   a text message with the number of cases
//	/getCaseInfo?case=N             {"id": ..., "description": ...}
//	/runCase?case=N&agent=NAME      the case
//	/getCaseStatus?case=N&agent=NAME  {"behavior": ...}
//	/updateReports?agent=NAME       writes the report, and then closes
type Server struct {
	Env   cases.Env // without a testee
	Cases []*cases.Case
	Done  func(agent string, number int, r *cases.Result) // gets every result, one at a time
	Skip  func(agent string, c *cases.Case) bool          // may be nil
	// Update gets the agent whose report is asked for, and writes it. If it returns
	// true, the server ends.
	Update func(agent string) (end bool)

	mu     sync.Mutex                       // held for Done as well
	status map[string]map[int]cases.Verdict // by agent and number; guarded by mu
	active map[string]int                   // cases under way, by agent; guarded by mu
	idle   *sync.Cond                       // active has become less
}

// maxClients is how many connections are served at a time.
const maxClients = 256

// Serve serves the connections that l accepts until a client has its report and
// Update says that this was all, or until ctx or l ends. It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.status, s.active, s.idle = map[string]map[int]cases.Verdict{}, map[string]int{}, sync.NewCond(&s.mu)
	s.Env.Keys = &cases.Keys{}
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	defer l.Close()
	var group sync.WaitGroup
	defer group.Wait()
	slots := make(chan struct{}, maxClients)
	for {
		nc, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				nc.Close()
			}
			if cause := context.Cause(ctx); errors.Is(cause, errFinished) {
				return nil
			}
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			defer nc.Close()
			if s.serve(ctx, nc) {
				cancel(errFinished)
			}
		})
	}
}

var errFinished = errors.New("a client has its report")

// serve serves one connection.
func (s *Server) serve(ctx context.Context, nc net.Conn) (end bool) {
	unwatch := context.AfterFunc(ctx, func() { nc.Close() })
	defer unwatch()
	limits := engine.DefaultLimits(s.Env.Patience)
	if t, ok := nc.(*tls.Conn); ok {
		handshaking, cancel := context.WithTimeout(ctx, limits.Open)
		defer cancel()
		if t.HandshakeContext(handshaking) != nil {
			return false
		}
	}
	r, err := engine.ReadRequest(nc, limits.Open)
	if err != nil {
		refuse(nc, http.StatusBadRequest, err.Error())
		return false
	}
	s.Env.Keys.Add(r.HTTP.Header.Get("Sec-WebSocket-Key"))
	q := r.Query()
	agent := q.Get("agent")
	switch r.HTTP.URL.Path {
	case "/runCase":
		s.run(ctx, r, q, agent)
	case "/getCaseCount":
		tell(ctx, r, limits, fmt.Sprint(len(s.Cases)))
	case "/getCaseInfo":
		if i, ok := s.number(r, q); ok {
			c := s.Cases[i-1]
			tell(ctx, r, limits, fmt.Sprintf(`{"id": %q, "description": %s}`, c.ID, strconv.Quote(c.Sends)))
		}
	case "/getCaseStatus":
		if i, ok := s.number(r, q); ok {
			s.mu.Lock()
			v := s.status[agent][i]
			s.mu.Unlock()
			tell(ctx, r, limits, fmt.Sprintf(`{"behavior": %q}`, v))
		}
	case "/updateReports":
		// A client may be here before the suite has seen the end of its last case.
		s.mu.Lock()
		for s.active[agent] > 0 {
			s.idle.Wait()
		}
		s.mu.Unlock()
		end = s.Update(agent)
		tell(ctx, r, limits, "")
	default:
		refuse(nc, http.StatusNotFound, "there is no "+r.HTTP.URL.Path)
	}
	return end
}

// number is that of the case that a request is about. If it's none the request is
// refused.
func (s *Server) number(r *engine.Request, q url.Values) (int, bool) {
	n, err := strconv.Atoi(q.Get("case"))
	if err != nil || n < 1 || n > len(s.Cases) {
		refuse(r.Conn, http.StatusNotFound, fmt.Sprintf("there is no case %q, only 1 to %d", q.Get("case"), len(s.Cases)))
		return 0, false
	}
	return n, true
}

func (s *Server) run(ctx context.Context, r *engine.Request, q url.Values, agent string) {
	i, ok := s.number(r, q)
	if !ok {
		return
	}
	if agent == "" {
		if agent = r.HTTP.UserAgent(); agent == "" {
			agent = "UnknownClient"
		}
	}
	c := s.Cases[i-1]
	if s.Skip != nil && s.Skip(agent, c) {
		tell(ctx, r, engine.DefaultLimits(s.Env.Patience), "")
		return
	}
	env := s.Env
	env.Request = r
	s.mu.Lock()
	s.active[agent]++
	s.mu.Unlock()
	result := cases.Run(ctx, c, env)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active[agent]--
	s.idle.Broadcast()
	if ctx.Err() != nil {
		return // it was cut short
	}
	if s.status[agent] == nil {
		s.status[agent] = map[int]cases.Verdict{}
	}
	s.status[agent][i] = result.Behavior
	s.Done(agent, i, result)
}

// tell answers a request that is about no case: with a text message, unless it's
// empty, and a close.
func tell(ctx context.Context, r *engine.Request, limits engine.Limits, text string) {
	ctx, cancel := context.WithTimeout(ctx, 4*limits.Close)
	defer cancel()
	r.Reply(r.Answer(""), 0, nil)
	c := engine.NewConn(ctx, r.Conn, engine.Setup{Role: frame.Server, Before: r.Before, Limits: limits, Log: engine.NewLog()})
	if text != "" {
		c.Send(engine.Frame{Opcode: frame.Text, Payload: []byte(text)})
	}
	c.CloseWith(frame.CodeNormal)
	c.Finish(func(engine.Event) {})
}

// refuse answers with an error in a line.
func refuse(nc net.Conn, status int, why string) {
	nc.SetWriteDeadline(time.Now().Add(time.Second))
	fmt.Fprintf(nc, "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n",
		status, http.StatusText(status), len(why)+1, why)
}
