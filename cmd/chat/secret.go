package main

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const hidden = "***"

var (
	// secretWord is in the names of headers, of parameters and of subprotocols that
	// have to do with credentials, and of some others that are hidden with them.
	secretWord = regexp.MustCompile(`(?i)auth|bearer|cookie|credential|jwt|key|pass|secret|session|sig|token`)
	// secretValue is how credentials begin, whatever header they are in.
	secretValue = regexp.MustCompile(`^(?i:basic|bearer|digest|negotiate|token)\s|^eyJ`)
	userinfo    = regexp.MustCompile(`//[^/?#\s]*@`)
	parameter   = regexp.MustCompile(`([?&;#]\s*)([^=&;?#\s]*)=([^&;#\s]*)`)
)

// public are the headers whose names only look as if they were secret.
var public = map[string]bool{
	"Sec-Websocket-Key": true, "Sec-Websocket-Accept": true, "Www-Authenticate": true, "Proxy-Authenticate": true,
	":authority": true, "Access-Control-Allow-Credentials": true,
}

// withoutSecret returns the value of a header fit to be shown to anybody. The
// scheme of an authorization stays.
func withoutSecret(name, value string) string {
	switch name = http.CanonicalHeaderKey(name); {
	case public[name]:
		return value
	case name == "Sec-Websocket-Protocol":
		return hideInProtocols(value)
	case name == "Authorization" || name == "Proxy-Authorization":
		if scheme, _, ok := strings.Cut(value, " "); ok {
			return scheme + " " + hidden
		}
		return hidden
	case secretWord.MatchString(name), secretValue.MatchString(value):
		return hidden
	}
	return hideInURL(value)
}

// hideInProtocols hides the tokens that programs in browsers put among the
// subprotocols, as they can't set headers. A token comes after a word for it, in
// the same element, as in "bearer.xyz", or in the next one, as in "bearer, xyz".
func hideInProtocols(list string) string {
	names := strings.Split(list, ",")
	found := false
	for i, name := range names {
		name = strings.TrimSpace(name)
		word := secretWord.FindStringIndex(name)
		switch {
		case word != nil:
			if n := strings.IndexAny(name[word[1]:], ".-_=:+~"); n >= 0 {
				name = name[:word[1]+n+1] + hidden
			}
		case found, len(name) > maxProtocolName, secretValue.MatchString(name):
			name = hidden
		}
		found = found || word != nil
		names[i] = name
	}
	return strings.Join(names, ", ")
}

// maxProtocolName is the length up to which an element is not taken for a token.
const maxProtocolName = 40

// hideInURL hides who logs in with the URLs in s, and the values of the parameters
// that have to do with credentials.
func hideInURL(s string) string {
	s = userinfo.ReplaceAllString(s, "//"+hidden+"@")
	return parameter.ReplaceAllStringFunc(s, func(p string) string {
		if parts := parameter.FindStringSubmatch(p); secretWord.MatchString(parts[2]) {
			return parts[1] + parts[2] + "=" + hidden
		}
		return p
	})
}

// minSecret is the length of a secret that isn't in a text by chance.
const minSecret = 4

// secrets returns what we log in with, to be hidden in what a server sends: there
// are refusals that quote the request.
func (o *options) secrets() (list []string) {
	for name, values := range o.header {
		for _, value := range values {
			if withoutSecret(name, value) != value {
				list = append(list, strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" ;,", r) })...)
			}
		}
	}
	if protocols := strings.Join(o.subprotocols, ","); strings.Contains(hideInProtocols(protocols), hidden) {
		list = append(list, o.subprotocols...)
	}
	if u, err := url.Parse(o.url); err == nil && u.User != nil {
		password, _ := u.User.Password()
		list = append(list, password, base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)))
	}
	for _, part := range list {
		_, cookie, _ := strings.Cut(part, "=")
		login, _ := base64.StdEncoding.DecodeString(part) // nothing if it's none
		_, password, _ := strings.Cut(string(login), ":")
		list = append(list, cookie, password)
	}
	return slices.DeleteFunc(list, func(s string) bool { return len(s) < minSecret })
}

// hide hides the secrets in a line.
func hide(line string, secrets []string) string {
	for _, s := range secrets {
		line = strings.ReplaceAll(line, s, hidden)
	}
	return hideInURL(line)
}
