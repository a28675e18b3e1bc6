package frame

// Role is the side of a connection that an endpoint is on. Clients mask the frames that
// they send, servers don't (RFC 6455 section 5.1).
type Role byte

// The two roles. Server is the zero value.
const (
	Server Role = iota
	Client
)

// String returns "server" or "client".
func (r Role) String() string {
	if r == Client {
		return "client"
	}
	return "server"
}

// Rules checks the headers of the frames that one endpoint receives, in their order
// (RFC 6455 sections 5.1 to 5.5). The zero value is for a server without extensions, at
// the beginning of a connection. A [Reader] has its own; use Rules with [ParseHeader].
// It is for one goroutine at a time.
type Rules struct {
	// Role is the side of the endpoint that receives the frames, not of the peer that
	// sends them.
	Role Role
	// Rsv is the reserved bits that a negotiated extension allows on the first frame
	// of a message: Rsv1 for permessage-deflate (RFC 7692 section 6). By default none
	// are allowed.
	Rsv byte

	open Opcode // the opcode of the message that is not yet complete, or 0
}

// Open reports whether a message has begun whose last frame has not come yet.
func (r *Rules) Open() bool { return r.open != 0 }

// Check checks that a frame with the header h may come next, and takes note of it. If it
// may not, the error is an *[Error] with [CodeProtocolError], and nothing is noted. The
// length of data frames is not limited here.
func (r *Rules) Check(h *Header) error {
	if h.Masked != (r.Role == Server) || h.Opcode.IsReserved() || h.Rsv != 0 {
		if err := r.checkFlags(h); err != nil {
			return err
		}
	}
	if h.Opcode.IsControl() {
		if !h.Fin {
			return protocolError("5.5", "%v frame is fragmented", h.Opcode)
		}
		if h.Length > MaxControlPayload {
			return protocolError("5.5", "%v frame of %d bytes, %d are allowed", h.Opcode, h.Length, MaxControlPayload)
		}
		return nil
	}
	if (h.Opcode == Continuation) != (r.open != 0) {
		if r.open == 0 {
			return protocolError("5.4", "continuation frame with no message to continue")
		}
		return protocolError("5.4", "%v frame inside of an unfinished %v message", h.Opcode, r.open)
	}
	switch {
	case h.Fin:
		r.open = 0
	case h.Opcode != Continuation:
		r.open = h.Opcode
	}
	return nil
}

// plain reports whether h is what most frames have and allowed as it is: a message in
// one frame, without extensions. Check would note nothing for it. It is short enough
// to be inlined.
func (r *Rules) plain(h *Header) bool {
	return h.Fin && h.Rsv == 0 && (h.Opcode == Text || h.Opcode == Binary) &&
		r.open == 0 && h.Masked == (r.Role == Server)
}

// checkFlags checks the opcode, the reserved bits and the mask.
func (r *Rules) checkFlags(h *Header) error {
	if h.Opcode.IsReserved() {
		return protocolError("5.2", "%v is reserved", h.Opcode)
	}
	allowed := r.Rsv
	if h.Opcode == Continuation || h.Opcode.IsControl() {
		allowed = 0
	}
	if bad := h.Rsv &^ allowed; bad != 0 {
		return protocolError("5.2", "reserved bits %03b set on a %v frame", bad>>4, h.Opcode)
	}
	if h.Masked != (r.Role == Server) {
		if h.Masked {
			return protocolError("5.1", "%v frame from a server is masked", h.Opcode)
		}
		return protocolError("5.1", "%v frame from a client is not masked", h.Opcode)
	}
	return nil
}
