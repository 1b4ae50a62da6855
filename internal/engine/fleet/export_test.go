package fleet

// Unreached lets tests explain errors that root cannot provoke.
func Unreached(name string, c NodeConfig, err error) error { return unreachable(name, c, err) }

// PortainerMessage lets tests see how long texts of Portainer are shortened.
func PortainerMessage(token, body string) (string, bool) { return portainerMessage(token, body) }
