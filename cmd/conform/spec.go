package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"hawser/websocket/cmd/conform/internal/cases"
)

// specification is what Autobahn's suite is told by a file. Both of its modes have
// cases, exclude-cases, exclude-agent-cases, outdir and options; fuzzingclient has
// servers, fuzzingserver url.
type specification struct {
	Servers       []serverSpec        `json:"servers"`
	URL           string              `json:"url"`
	Outdir        string              `json:"outdir"`
	Cases         []string            `json:"cases"`
	Exclude       []string            `json:"exclude-cases"`
	ExcludeAgents map[string][]string `json:"exclude-agent-cases"`
}

// serverSpec is a server to test.
type serverSpec struct {
	Agent     string   `json:"agent"`
	URL       string   `json:"url"`
	Origin    string   `json:"origin"`
	Protocols []string `json:"protocols"`
}

// readSpec reads the file that -spec names into the flags that it stands for.
func (o *options) readSpec() error {
	text, err := os.ReadFile(o.spec)
	if err != nil {
		return err
	}
	var s specification
	if err := json.Unmarshal(text, &s); err != nil {
		line := ""
		if e, ok := err.(*json.SyntaxError); ok {
			line = fmt.Sprintf(" line %d", 1+bytes.Count(text[:min(int(e.Offset), len(text))], []byte("\n")))
		}
		return fmt.Errorf("%s%s: %w", o.spec, line, err)
	}
	switch {
	case o.mode == "client" && len(s.Servers) == 0:
		return fmt.Errorf("%s has no servers, as -mode client needs", o.spec)
	case o.mode == "server" && s.URL == "":
		return fmt.Errorf("%s has no url, as -mode server needs", o.spec)
	}
	seen := map[string]bool{}
	for i, server := range s.Servers {
		if server.Agent == "" {
			s.Servers[i].Agent = "UnknownServer"
		}
		if seen[s.Servers[i].Agent] {
			return fmt.Errorf("%s has two servers with the agent %q", o.spec, s.Servers[i].Agent)
		}
		seen[s.Servers[i].Agent] = true
		if server.URL == "" {
			return fmt.Errorf("%s: the server %q has no url", o.spec, server.Agent)
		}
	}
	o.servers, o.url = s.Servers, s.URL
	if len(o.cases) == 0 {
		o.cases = s.Cases
	}
	o.exclude = append(o.exclude, s.Exclude...)
	if o.out == "" {
		o.out = s.Outdir
	}
	o.excludeAgents = s.ExcludeAgents
	return nil
}

// skips reports whether the specification excludes a case for an agent.
func (o *options) skips(agent string, c *cases.Case) bool {
	for a, patterns := range o.excludeAgents {
		if !cases.Match(a, agent) {
			continue
		}
		for _, p := range patterns {
			if cases.Match(p, c.ID) {
				return true
			}
		}
	}
	return false
}

// withoutEmpty leaves out patterns of sections of Autobahn's suite that have no cases,
// which are no mistake in a specification.
func withoutEmpty(patterns []string) (kept []string) {
	for _, p := range patterns {
		if section, _, _ := strings.Cut(p, "."); section != "8" && section != "11" {
			kept = append(kept, p)
		}
	}
	return kept
}
