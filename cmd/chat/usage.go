package main

const usage = `usage: chat [flags] [url]

Talks with the WebSocket server at url, by default ws://localhost:3000. A url
without a scheme is a ws one; http and https stand for ws and wss.

Connection
  -H 'name: value'      send a header; may be repeated; -H @file reads them from a file
  -origin origin        send this origin; with -listen, accept pages of it (* for all)
  -subprotocol name     offer a subprotocol; may be repeated, best first
  -user name:password   log in with basic authentication; -user @file reads it from a file
  -proxy url            use a proxy (http, https, socks5), or none; default: the environment's
  -unix path            connect to this Unix socket; the url has the host to name and the path
  -follow n             follow up to n redirects
  -connect-timeout d    give up connecting after d (default 30s)
  -reconnect            connect again, after growing delays, when the connection is lost
  -listen host:port     be the server: talk with all clients that connect
  -v                    show the handshake, pings and pongs; credentials are shown as ***

TLS (wss)
  -cacert file          trust these certificates instead of the system's
  -cert file            the own certificate
  -key file             and its key
  -insecure             don't verify the server's certificate
  -http2                use HTTP/2 if the server takes WebSockets over it; with ws
                        it's taken for granted that it does

Messages
  -binary               send binary messages instead of text, each byte as it is
  -0                    a NUL ends each message, in and out, instead of a newline
  -whole                send all of the input as one message
  -save dir             save the binary messages received as 1.bin, 2.bin... there
  -json                 indent the JSON received, if that isn't much longer
  -compress level       compress, if the peer agrees: fast or better (default off)
  -max-message bytes    of the longest message and line (default 16777216)
  -ping d               ping after a silence of d; 0 for never (default 30s)

Scripts
  -n count              end after so many messages were received
  -timeout d            end after d, with exit code 5
  -wait d               at the end of the input, close after a silence of d; of a tenth of
                        d once as many messages came as were sent, and then after five
                        times d at most; 0 closes at once, forever waits for the
                        server to close (default 2s)

Terminal
  -history file         keep the history there; '' for none
  -timestamps           show the time of each line
  -no-color             use no colors; so does a non-empty NO_COLOR in the environment

  -version              show what was built
  -completion shell     show what makes bash, zsh or fish complete flags:
                        eval "$(chat -completion bash)"
  -help                 show this

A d is a number with a unit, such as 500ms, 5s or 2m.

Exit codes: 0 closed normally, 1 wrong usage or input, 2 not connected, 3 protocol
error, 4 cut off or closed with another code than 1000 and 1001, 5 timeout, 130 after
Ctrl-C (128 and the number of any other signal).

Examples
  chat wss://example.org/chat
  chat -H 'Authorization: Bearer xyz' -subprotocol chat wss://example.org
  seq 3 | chat ws://localhost:3000/echo
  chat -wait forever wss://example.org/feed </dev/null >feed.log
  echo '{"subscribe":"news"}' | chat -n 1 -timeout 5s wss://example.org
  chat -whole wss://example.org <request.json
  chat -listen localhost:3000
`
