package cases

func section24() []*Case { return nil }
