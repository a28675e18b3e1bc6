package cases

func section14() []*Case { return nil }
