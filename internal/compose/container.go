package compose

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/strslice"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// image says where a service's image comes from, all but the build.
func (l *load) image(s types.ServiceConfig) desired.Image {
	image := desired.Image{Reference: l.reference(s), Platform: desired.PlatformText(s.Platform)}
	image.Pull, image.RefreshAfter = l.pullPolicy(s)
	image.OwnPolicy = s.PullPolicy != ""
	if _, err := reference.ParseAnyReference(image.Reference); err != nil {
		l.addServiceError(s.Name, "image", "%q is not an image name: %v", image.Reference, err)
	}
	return image
}

func (l *load) reference(s types.ServiceConfig) string {
	if s.Image == "" {
		return l.in.Name + "-" + s.Name
	}
	return s.Image
}

// pullPolicy says when a service's image is pulled, and for PullRefresh how old
// it may be.
func (l *load) pullPolicy(s types.ServiceConfig) (desired.PullPolicy, time.Duration) {
	if s.PullPolicy == "" {
		return desired.PullPolicy(cmp.Or(l.in.Pull, string(desired.PullMissing))), 0
	}
	policy, after, err := s.GetPullPolicy()
	switch {
	case err != nil || after < 0:
		l.addServiceError(s.Name, "pull_policy", "pull_policy %q is not one of always, missing, never, build, daily, weekly and every_<duration>, such as every_12h", s.PullPolicy)
	case policy == types.PullPolicyAlways:
		return desired.PullAlways, 0
	case policy == types.PullPolicyNever:
		return desired.PullNever, 0
	case policy == types.PullPolicyRefresh:
		return desired.PullRefresh, after
	case policy == types.PullPolicyBuild && s.Build == nil:
		l.addServiceError(s.Name, "pull_policy", "pull_policy is build, but there is no build section")
	}
	return desired.PullMissing, 0
}

func (l *load) config(s types.ServiceConfig) container.Config {
	exposed := l.exposed(s)
	config := container.Config{
		Hostname:     s.Hostname,
		Domainname:   s.DomainName,
		User:         s.User,
		ExposedPorts: exposed,
		Tty:          s.Tty,
		OpenStdin:    s.StdinOpen,
		AttachStdout: true,
		AttachStderr: true,
		Env:          l.environment(s),
		Cmd:          command(s.Command),
		Entrypoint:   command(s.Entrypoint),
		Healthcheck:  l.health(s),
		Image:        l.reference(s),
		WorkingDir:   s.WorkingDir,
		Labels:       ownLabels("services", s.Labels),
		StopSignal:   s.StopSignal,
	}
	if len(s.Entrypoint) == 1 && s.Entrypoint[0] == "" {
		config.Entrypoint = strslice.StrSlice{} // engines take both for none at all
	}
	if config.Cmd != nil && len(config.Cmd) == 0 && len(config.Entrypoint) == 0 {
		// moby merges so (daemon: merge of the image's configuration).
		config.Cmd = nil
		l.warn("service " + quote(s.Name) + ": command is empty, and engines then take the image's own, as under Docker Compose: to run the image's entrypoint without it, set entrypoint too")
	}
	if s.StopGracePeriod != nil {
		seconds := int(durationOf(s.StopGracePeriod).Seconds())
		if seconds < 0 {
			l.addServiceError(s.Name, "stop_grace_period", "stop_grace_period must not be negative")
		}
		config.StopTimeout = &seconds
	}
	return config
}

// command keeps none (the image's own) apart from an empty list (none at all).
func command(c types.ShellCommand) strslice.StrSlice {
	if c == nil {
		return nil
	}
	return strslice.StrSlice(append([]string{}, c...))
}

// environment lists KEY=value, sorted. A key without a value has no equals sign: by
// that the engine knows to leave it out even if the image sets it.
func (l *load) environment(s types.ServiceConfig) []string {
	var env []string
	for key, value := range s.Environment {
		if value == nil {
			l.warn("service " + quote(s.Name) + ": environment names " + quote(key) + " without a value, and neither variables nor secrets has one, so it is not set")
			env = append(env, key)
			continue
		}
		env = append(env, key+"="+*value)
	}
	slices.Sort(env)
	return env
}

func (l *load) health(s types.ServiceConfig) *container.HealthConfig {
	h := s.HealthCheck
	if h == nil {
		return nil
	}
	if h.Disable {
		return &container.HealthConfig{Test: []string{"NONE"}}
	}
	if h.StartInterval != nil && h.StartPeriod == nil {
		l.addServiceError(s.Name, "healthcheck.start_interval", "healthcheck.start_interval needs healthcheck.start_period: the interval applies within that period")
	}
	if len(h.Test) > 0 && !slices.Contains([]string{"NONE", "CMD", "CMD-SHELL"}, h.Test[0]) {
		l.addServiceError(s.Name, "healthcheck.test", "healthcheck.test must begin with CMD, CMD-SHELL or NONE, or be one text that a shell runs")
	}
	for key, d := range map[string]*types.Duration{"interval": h.Interval, "timeout": h.Timeout, "start_period": h.StartPeriod, "start_interval": h.StartInterval} {
		// The engine takes 0 for its default, and nothing else under 1 ms.
		if d := durationOf(d); d < 0 || d > 0 && d < time.Millisecond {
			l.addServiceError(s.Name, "healthcheck."+key, "healthcheck.%s must be at least 1ms", key)
		}
	}
	check := &container.HealthConfig{
		Test: h.Test, Interval: durationOf(h.Interval), Timeout: durationOf(h.Timeout),
		StartPeriod: durationOf(h.StartPeriod), StartInterval: durationOf(h.StartInterval),
	}
	if h.Retries != nil {
		check.Retries = int(*h.Retries)
	}
	return check
}

func durationOf(d *types.Duration) time.Duration {
	if d == nil {
		return 0
	}
	return time.Duration(*d)
}

func (l *load) restart(s types.ServiceConfig) container.RestartPolicy {
	name, count, counted := strings.Cut(s.Restart, ":")
	key, attempts := "restart", 0
	if counted {
		attempts = l.number(s, key, count)
	}
	if s.Deploy != nil && s.Deploy.RestartPolicy != nil {
		name, key, counted = s.Deploy.RestartPolicy.Condition, "deploy.restart_policy", false
		attempts = 0
		if limit := s.Deploy.RestartPolicy.MaxAttempts; limit != nil {
			attempts, counted = int(*limit), *limit > 0
		}
	}
	policy := container.RestartPolicy{Name: restartModes[name], MaximumRetryCount: attempts}
	if _, ok := restartModes[name]; !ok {
		l.addServiceError(s.Name, key, "%s %q is not a restart policy: use no, always, unless-stopped or on-failure[:attempts]", key, name)
	}
	if counted && policy.Name != container.RestartPolicyOnFailure {
		l.addServiceError(s.Name, key, "%s: only on-failure takes a number of attempts", key)
	}
	return policy
}

// restartModes maps the values of restart and of deploy.restart_policy.
var restartModes = map[string]container.RestartPolicyMode{
	"": "", "no": container.RestartPolicyDisabled, "none": container.RestartPolicyDisabled,
	"always": container.RestartPolicyAlways, "any": container.RestartPolicyAlways,
	"on-failure": container.RestartPolicyOnFailure, "unless-stopped": container.RestartPolicyUnlessStopped,
}
