package desired

import (
	"path"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
)

func processFields(v View, s Spec) {
	c := v.Config
	commandField(s, "command", c.Cmd)
	commandField(s, "entrypoint", c.Entrypoint)
	s.text("user", c.User)
	if c.WorkingDir != "" {
		s["working_dir"] = path.Clean(c.WorkingDir) // as engines do
	}
	if c.Hostname != v.ShortID {
		s.text("hostname", c.Hostname)
	}
	s.text("domainname", c.Domainname)
	s.flag("tty", c.Tty)
	s.flag("stdin_open", c.OpenStdin)
	s.text("stop_signal", c.StopSignal)
	if c.StopTimeout != nil {
		s["stop_grace_period"] = (time.Duration(*c.StopTimeout) * time.Second).String()
	}
	if v.Host.Init != nil {
		s["init"] = strconv.FormatBool(*v.Host.Init)
	}
	s.text("restart", RestartText(v.Host.RestartPolicy))
}

// commandField distinguishes an empty list, which clears the image's, from no list.
func commandField(s Spec, key string, values []string) {
	if values != nil && len(values) == 0 {
		s[key] = "[]"
		return
	}
	s.list(key, values)
}

// RestartText spells a restart policy as Compose does: "on-failure:3". The
// engine's default, "no", is the empty text.
func RestartText(p container.RestartPolicy) string {
	name := string(p.Name)
	if name == "no" {
		return ""
	}
	if p.Name == container.RestartPolicyOnFailure && p.MaximumRetryCount > 0 {
		return name + ":" + strconv.Itoa(p.MaximumRetryCount)
	}
	return name
}

func healthFields(v View, s Spec) {
	h := v.Config.Healthcheck
	if h == nil {
		return
	}
	if len(h.Test) == 1 && h.Test[0] == "NONE" {
		s["healthcheck.disable"] = "true"
		return
	}
	s.list("healthcheck.test", h.Test)
	durationField(s, "healthcheck.interval", h.Interval)
	durationField(s, "healthcheck.timeout", h.Timeout)
	durationField(s, "healthcheck.start_period", h.StartPeriod)
	durationField(s, "healthcheck.start_interval", h.StartInterval)
	s.integer("healthcheck.retries", int64(h.Retries))
}

func durationField(s Spec, key string, d time.Duration) {
	if d != 0 {
		s[key] = d.String()
	}
}

func environmentFields(v View, s Spec) {
	for _, pair := range v.Config.Env {
		key, value, _ := strings.Cut(pair, "=")
		s["environment."+key] = value
	}
	for key, value := range v.Config.Labels {
		if !IsManagementLabel(key) {
			s["labels."+key] = value
		}
	}
	for key, value := range v.Host.Annotations {
		s["annotations."+key] = value
	}
}

func portFields(v View, s Spec) {
	for port := range v.Config.ExposedPorts {
		if _, published := v.Host.PortBindings[port]; !published {
			s["expose."+string(port)] = "exposed"
		}
	}
	for port, bindings := range v.Host.PortBindings {
		var published []string
		for _, b := range bindings {
			host := b.HostPort
			if host == "" || host == "0" {
				host = "chosen by the engine"
			}
			if ip := addresses([]string{b.HostIP})[0]; ip != "" && ip != "0.0.0.0" {
				host = hostAddress(ip) + ":" + host
			}
			published = append(published, host)
		}
		sort.Strings(published)
		s["ports."+string(port)] = strings.Join(published, ", ")
	}
	s.flag("publish_all", v.Host.PublishAllPorts)
}

func hostAddress(ip string) string {
	if strings.Contains(ip, ":") {
		return "[" + ip + "]"
	}
	return ip
}

func loggingFields(v View, s Spec) {
	s.text("logging.driver", v.Host.LogConfig.Type)
	for key, value := range v.Host.LogConfig.Config {
		s["logging.options."+key] = value
	}
}
