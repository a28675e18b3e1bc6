package main

import (
	"io"
	"net"
	"net/http"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
	"github.com/gobwas/ws/wsutil"
)

// startGobwas is the first echo of its README, upgraded through net/http.
func startGobwas(l net.Listener, o options) func([]byte) {
	wsutil.SetMaxMessageSize(max(1<<20, o.MaxMessage))
	var all members[net.Conn]
	serveHTTP(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nc, rw, _, err := ws.UpgradeHTTP(r, w)
		if err != nil {
			return
		}
		nc = buffered(nc, rw.Reader)
		go func() {
			defer nc.Close()
			all.add(nc)
			defer all.remove(nc)
			for {
				msg, op, err := wsutil.ReadClientData(nc)
				if err != nil {
					return
				}
				if err := wsutil.WriteServerMessage(nc, op, msg); err != nil {
					return
				}
			}
		}()
	}))
	return func(p []byte) {
		all.each(func(nc net.Conn) { wsutil.WriteServerMessage(nc, ws.OpBinary, p) })
	}
}

// startGobwasLow is the last echo of its README: frames are read and written
// by hand and echoed one by one, so that a fragmented message stays so. The
// upgrade doesn't go through net/http.
func startGobwasLow(l net.Listener, o options) func([]byte) {
	var all members[net.Conn]
	accept(l, func(nc net.Conn) {
		defer nc.Close()
		var u ws.Upgrader
		if o.Compress {
			e := wsflate.Extension{Parameters: wsflate.DefaultParameters}
			u.Negotiate = e.Negotiate
		}
		if _, err := u.Upgrade(nc); err != nil {
			return
		}
		all.add(nc)
		defer all.remove(nc)
		for {
			header, err := ws.ReadHeader(nc)
			if err != nil {
				return
			}
			payload := make([]byte, header.Length)
			if _, err := io.ReadFull(nc, payload); err != nil {
				return
			}
			if header.Masked {
				ws.Cipher(payload, header.Mask, 0)
			}
			header.Masked = false
			if yes, err := wsflate.IsCompressed(header); err == nil && yes {
				if header, payload, err = recompress(header, payload); err != nil {
					return
				}
			}
			if err := ws.WriteHeader(nc, header); err != nil {
				return
			}
			if _, err := nc.Write(payload); err != nil {
				return
			}
			if header.OpCode == ws.OpClose {
				return
			}
		}
	})
	return func(p []byte) {
		frame := ws.MustCompileFrame(ws.NewBinaryFrame(p))
		all.each(func(nc net.Conn) { nc.Write(frame) })
	}
}

// recompress inflates a message and deflates it again, as its README does.
func recompress(h ws.Header, payload []byte) (ws.Header, []byte, error) {
	f, err := wsflate.DecompressFrame(ws.Frame{Header: h, Payload: payload})
	if err == nil {
		f, err = wsflate.CompressFrame(f)
	}
	return f.Header, f.Payload, err
}
