// Dialing, from one origin to another: whether a redirect is followed, and what of the
// request goes along. It connects to nothing.

package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// credentials are the headers that stay at the origin that they were meant for:
// those that net/http's client takes care of. So does Host.
var credentials = []string{"Authorization", "Www-Authenticate", "Cookie", "Cookie2", "Proxy-Authorization", "Proxy-Authenticate"}

func isRedirect(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// follow makes a the attempt that resp, the answer to req, redirects to. It
// returns false if resp is final, and an error if it can't be followed.
func (a *attempt) follow(ctx context.Context, req *http.Request, resp *http.Response) (again bool, err error) {
	if !isRedirect(resp) || a.d.MaxRedirects <= 0 {
		return false, nil
	}
	if len(a.via) >= a.d.MaxRedirects {
		return false, fmt.Errorf("the server answers with status %q after %d redirects, which is as many as are followed", resp.Status, len(a.via))
	}
	location := resp.Header.Get("Location")
	if location == "" {
		return false, fmt.Errorf("the server answers with status %q and no Location to go to", resp.Status)
	}
	to, err := a.resolve(location)
	if err != nil {
		return false, err
	}
	if !sameOrigin(a.u, to) {
		for _, name := range credentials {
			delete(a.header, name)
		}
		a.host = ""
	} else if to.User == nil {
		to.User = a.u.User
	}
	a.u = to
	a.via = append(a.via, req)
	if a.e.checkRedirect == nil {
		return true, nil
	}
	next, _, err := a.request(ctx)
	if err != nil {
		return false, err
	}
	next.Response = resp
	err = a.e.checkRedirect(next, a.via)
	if errors.Is(err, http.ErrUseLastResponse) {
		return false, nil
	}
	return err == nil, err
}

// resolve returns the URL that a Location header stands for (RFC 9110 section
// 10.2.2). Its fragment is of no use here.
func (a *attempt) resolve(location string) (*url.URL, error) {
	p := splitURL(strings.Trim(location, " "))
	switch p.scheme {
	case "", "http", "https":
	case "ws":
		p.scheme = "http"
	case "wss":
		p.scheme = "https"
	default:
		return nil, fmt.Errorf("redirect to the scheme %q", p.scheme)
	}
	if p.scheme != "" && !p.hasAuthority {
		return nil, errors.New("redirect to a malformed URL: it has no // after its scheme")
	}
	ref, err := p.url()
	if err != nil {
		return nil, fmt.Errorf("redirect to a malformed URL: %w", err)
	}
	to := a.u.ResolveReference(ref)
	if a.u.Scheme == "https" && to.Scheme == "http" {
		return nil, errors.New("redirect from wss to ws")
	}
	return to, nil
}

func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && address(a) == address(b) }
