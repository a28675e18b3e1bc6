package cases

func section18() []*Case { return nil }
