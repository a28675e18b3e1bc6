//go:build !race && !poison

// Poison, off: see poison_race.go.

package websocket

const poison = false

// lent is the message that Read has returned last.
type lent struct{}

func (c *Conn) lend([]byte) {}
func (c *Conn) recall()     {}
func (c *Conn) giveAway()   {}
