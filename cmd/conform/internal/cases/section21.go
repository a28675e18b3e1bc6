package cases

func section21() []*Case { return nil }
