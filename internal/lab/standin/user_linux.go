package standin

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// stepDown does what the image's start does about its user.
//
// s6-overlay ends with "can only run as pid 1" elsewhere, writes to /run, and the
// images of linuxserver.io give /config to PUID and PGID, 911 each by default
// (https://docs.linuxserver.io/general/understanding-puid-and-pgid).
func (s Spec) stepDown() error {
	if s.Init != "s6" {
		return nil
	}
	if pid := os.Getpid(); pid != 1 {
		return fmt.Errorf("s6-overlay can only run as process 1, and is %d", pid)
	}
	if err := write("/run"); err != nil {
		return fmt.Errorf("s6-overlay cannot write to /run: %w", err)
	}
	if os.Getuid() != 0 {
		return nil // started as another user by the engine
	}
	fallback := 0
	if strings.Contains(s.Image, "linuxserver/") {
		fallback = 911
	}
	uid, err := id("PUID", fallback)
	if err != nil {
		return err
	}
	gid, err := id("PGID", fallback)
	if err != nil {
		return err
	}
	if _, err := os.Stat("/config"); err == nil {
		if err := os.Chown("/config", uid, gid); err != nil {
			return fmt.Errorf("cannot give /config to %d:%d: %w", uid, gid, err)
		}
	}
	if mask, err := strconv.ParseInt(os.Getenv("UMASK"), 8, 32); err == nil {
		syscall.Umask(int(mask))
	}
	if err := syscall.Setgroups([]int{gid}); err != nil {
		return fmt.Errorf("cannot become group %d: %w", gid, err)
	}
	if err := syscall.Setgid(gid); err != nil {
		return fmt.Errorf("cannot become group %d: %w", gid, err)
	}
	if err := syscall.Setuid(uid); err != nil {
		return fmt.Errorf("cannot become user %d: %w", uid, err)
	}
	return nil
}

// id reads a variable with the number of a user or group.
func id(variable string, fallback int) (int, error) {
	text := os.Getenv(variable)
	if text == "" {
		return fallback, nil
	}
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%s is %q, not a number", variable, text)
	}
	return number, nil
}
