package compose

// IsComplete reports whether a document is complete, with all of its services: it
// includes no other, and none of its services extends another or takes its environment from a
// file. A text that is not YAML is not complete.
func IsComplete(text string) bool {
	doc, problem := parse("compose", text)
	if problem != nil {
		return false
	}
	for _, root := range doc.roots {
		if _, include := step(resolve(root), "include"); include != nil {
			return false
		}
		_, services := step(resolve(root), "services")
		if services = resolve(services); services == nil {
			continue
		}
		for i := 1; i < len(services.Content); i += 2 {
			service := resolve(services.Content[i])
			if service == nil {
				continue
			}
			for _, key := range []string{"extends", "env_file"} {
				if _, other := step(service, key); other != nil {
					return false
				}
			}
		}
	}
	return true
}
