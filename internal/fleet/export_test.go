package fleet

// Unreached lets tests put errors into words that root cannot provoke.
func Unreached(name string, c NodeConfig, err error) error { return unreachable(name, c, err) }
