package cases

func section15() []*Case { return nil }
