package cases

func section19() []*Case { return nil }
