//go:build !race && !poison

// Poison, off: see poison_race.go.

package websocket

const poison = false

// lent is the message that Read has returned last.
type lent struct{}

func (in *inbound) lend([]byte) {}
func (in *inbound) recall()     {}
func (in *inbound) giveAway()   {}
