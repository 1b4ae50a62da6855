package desired

import (
	"reflect"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"
)

func TestPublished_InOrderAndOnlyWhereTheContainerHasItsOwnNetwork(t *testing.T) {
	s := Service{Host: container.HostConfig{PortBindings: nat.PortMap{
		"53/udp": {{HostPort: "53"}}, "53/tcp": {{HostIP: "127.0.0.1", HostPort: "53"}}, "80/tcp": {{HostPort: ""}, {HostPort: ""}},
	}}}
	want := []Published{
		{Target: "80", Protocol: "tcp"}, {Address: "127.0.0.1", Port: "53", Target: "53", Protocol: "tcp"}, {Port: "53", Target: "53", Protocol: "udp"},
	}
	if got := s.Published(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, mode := range []container.NetworkMode{"host", "none", "container:a", "service:a"} {
		s.Host.NetworkMode = mode
		if got := s.Published(); got != nil {
			t.Errorf("%s: got %+v", mode, got)
		}
	}
}

func TestRedactor_LongestFirst_EachLineToo(t *testing.T) {
	r := NewRedactor(append(RedactSecret("abcd\nxy\nabcd-efgh", "(secret A)"), Redaction{"bcd-", "(b)"}))
	if got := r.Replace("abcd-efgh abcd xy"); got != "(secret A) (secret A) xy" {
		t.Errorf("got %q", got)
	}
}
