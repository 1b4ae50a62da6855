package desired

import "fmt"

// ContainerName is the name of a replica, as Docker Compose builds it.
func ContainerName(stack string, s *Service, number int) string {
	if s.ContainerName != "" {
		return s.ContainerName
	}
	return fmt.Sprintf("%s-%s-%d", stack, s.Name, number)
}
