package deflate

import "fmt"

// CorruptError is what a decoder returns for data that isn't a message as RFC
// 7692 section 7.2 defines it. Find it with [errors.As].
type CorruptError struct {
	Offset  int64  // bytes of the compressed message that were looked at
	Section string // of RFC 1951, unless it begins with "RFC"
	Text    string // what was wrong
}

// Error says what was wrong, where, and which section of the RFC forbids it.
func (e *CorruptError) Error() string {
	section := e.Section
	if len(section) < 3 || section[:3] != "RFC" {
		section = "RFC 1951 section " + section
	}
	return fmt.Sprintf("websocket: corrupt compressed data: %s before byte %d (%s)", e.Text, e.Offset, section)
}

// LimitError is what a decoder returns for a message that inflates to more than
// it may. Find it with [errors.As].
type LimitError struct {
	Limit int64 // in bytes of the inflated message
}

// Error tells the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("websocket: message inflates to more than %d bytes", e.Limit)
}
