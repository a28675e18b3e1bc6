package cases

func section17() []*Case { return nil }
