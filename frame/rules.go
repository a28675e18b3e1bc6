package frame

// Role is the side of a connection that an endpoint is on. Clients mask what
// they send, servers don't (RFC 6455 section 5.1).
type Role byte

// The two roles.
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

// Rules checks the headers that one endpoint receives, in their order. Its zero
// value is for a server without extensions at the beginning of a connection.
type Rules struct {
	Role Role // of the endpoint that receives
	// Rsv has the reserved bits that a negotiated extension allows on the first
	// frame of a message (RFC 6455 section 5.2; RFC 7692 section 6).
	Rsv byte

	open Opcode // of the message whose last frame is yet to come, or 0
}

// Open reports whether the last frame of a message is yet to come.
func (r *Rules) Open() bool { return r.open != 0 }

// Check reports what forbids the next frame to have the header h, as an
// *[Error] with [CodeProtocolError], or takes note of it and returns nil.
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

// plain reports whether h is what most frames have, of a whole message without
// extensions, and allowed. Then Check would note nothing. It's short enough to be
// inlined.
func (r *Rules) plain(h *Header) bool {
	return h.Fin && h.Rsv == 0 && (h.Opcode == Text || h.Opcode == Binary) &&
		r.open == 0 && h.Masked == (r.Role == Server)
}

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
