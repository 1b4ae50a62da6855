package desired

import (
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
)

// fixed is a service that uses every kind of field. It must never change: its
// hash below is that of the containers in everybody's homes.
func fixed() *Service {
	grace := 30
	return &Service{
		Name: "web", Replicas: 2, ContainerName: "the-web", Image: Image{Reference: "nginx:1.27", Platform: "linux/amd64"},
		Config: container.Config{
			Env: []string{"TZ=Europe/Zurich", "EMPTY="}, Cmd: []string{"nginx", "-g", "daemon off;"}, User: "1000:1000", StopTimeout: &grace,
			Labels:      map[string]string{"traefik.enable": "true"},
			Healthcheck: &container.HealthConfig{Test: []string{"CMD", "curl", "localhost"}, Interval: 30 * time.Second, Retries: 3},
		},
		Host: container.HostConfig{
			RestartPolicy: container.RestartPolicy{Name: "unless-stopped"}, CapAdd: []string{"NET_ADMIN"}, ExtraHosts: []string{"nas:192.0.2.7"},
			PortBindings: nat.PortMap{"80/tcp": {{HostIP: "2001:db8::1", HostPort: "8080"}, {HostPort: "80"}}},
			LogConfig:    container.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "10m"}},
			Resources:    container.Resources{Memory: 256 << 20, NanoCPUs: 1_500_000_000},
		},
		Mounts:   []Mount{{Type: MountVolume, Source: "home_data", Target: "/data"}, {Type: MountBind, Source: "/srv", Target: "/srv", ReadOnly: true}},
		Files:    []File{{Kind: FileConfig, Name: "conf", Target: "/etc/conf", Digest: "sha256:0123"}, {Kind: FileSecret, Name: "pw", Target: "/run/secrets/pw"}},
		Networks: []Attachment{{Network: "home_default", Settings: network.EndpointSettings{Aliases: []string{"web"}}}},
	}
}

// A hash that differs without a new hashVersion recreates every container of
// every user.
func TestHash_FixedService_NeverChanges(t *testing.T) {
	const golden = "v1:275bde840d9cdd47ba4aa939bde1afb38fbc8c2ab37bf2364952715b9d9c9627"
	if got := fixed().Hash(); got != golden {
		t.Errorf("hash is %s; if that is meant, raise hashVersion", got)
	}
}

func TestHash_OrderOfListsThatHaveNone_MakesNoDifference(t *testing.T) {
	s := fixed()
	s.Config.Env = []string{"EMPTY=", "TZ=Europe/Zurich"}
	s.Mounts[0], s.Mounts[1] = s.Mounts[1], s.Mounts[0]
	s.Files[0], s.Files[1] = s.Files[1], s.Files[0]
	b := s.Host.PortBindings["80/tcp"]
	b[0], b[1] = b[1], b[0]
	if s.Hash() != fixed().Hash() {
		t.Error("the hash depends on the order")
	}
}

func TestHash_AnyField_MakesADifference(t *testing.T) {
	for name, change := range map[string]func(*Service){
		"environment":    func(s *Service) { s.Config.Env[0] = "TZ=UTC" },
		"command order":  func(s *Service) { s.Config.Cmd = []string{"-g", "nginx", "daemon off;"} },
		"image":          func(s *Service) { s.Image.Reference = "nginx:1.28" },
		"container name": func(s *Service) { s.ContainerName = "" },
		"platform":       func(s *Service) { s.Image.Platform = "" },
		"file content":   func(s *Service) { s.Files[0].Digest = "sha256:4567" },
		"mount":          func(s *Service) { s.Mounts[1].ReadOnly = false },
		"secret's name":  func(s *Service) { s.Secret = map[string][]string{"environment.TZ": {"zone"}} },
	} {
		t.Run(name, func(t *testing.T) {
			s := fixed()
			change(s)
			if s.Hash() == fixed().Hash() {
				t.Error("the hash is the same")
			}
		})
	}
}

func TestHash_WhatAContainerCanTakeLater_MakesNoDifference(t *testing.T) {
	for name, change := range map[string]func(*Service){
		"replicas": func(s *Service) { s.Replicas = 5 },
		"network":  func(s *Service) { s.Networks = append(s.Networks, Attachment{Network: "lan"}) },
		"digest":   func(s *Service) { s.Image.Digest = "sha256:89ab" },
		"compose":  func(s *Service) { s.ComposeHash = NewComposeHash("x") },
	} {
		t.Run(name, func(t *testing.T) {
			s := fixed()
			change(s)
			if s.Hash() != fixed().Hash() {
				t.Error("the hash differs")
			}
		})
	}
}

func TestHash_Secrets_AreNotInIt(t *testing.T) {
	with := func(value string) string {
		s := fixed()
		s.Config.Env = append(s.Config.Env, "PW="+value)
		s.Secret = map[string][]string{"environment.PW": {"pw"}}
		s.Files[1].Entries = []Entry{{Path: FileEntry, Content: []byte(value)}}
		return s.Hash()
	}
	if with("hunter2") != with("swordfish") {
		t.Error("the hash distinguishes secrets, so it can be guessed against")
	}
}

func TestSameHashVersion_OtherVersions_AreNotComparable(t *testing.T) {
	for hash, want := range map[string]bool{"v1:00": true, "v2:00": false, "v11:00": false, "v1": false, "": false} {
		if SameHashVersion(hash) != want {
			t.Errorf("%q: %t", hash, !want)
		}
	}
}

func TestMasked_SecretFields_ShowTheirVersion(t *testing.T) {
	spec := Spec{"environment.PW": "hunter2", "environment.TZ": "UTC"}
	masked := spec.Masked(map[string][]string{"environment.PW": {"pw"}, "environment.ABSENT": nil}, 3)
	if len(masked) != 2 || masked["environment.PW"] != "secret (version 3)" || masked["environment.TZ"] != "UTC" {
		t.Errorf("masked: %v", masked)
	}
	if spec["environment.PW"] != "hunter2" {
		t.Error("the original changed")
	}
}

func TestSpec_DeliveredSecret_ShowsItsVersionOnly(t *testing.T) {
	s := fixed()
	s.Files[1].Entries = []Entry{{Content: []byte("hunter2")}}
	if got := s.Spec(map[string]int{"/run/secrets/pw": 4})["secrets./run/secrets/pw"]; got != "secret (version 4)" {
		t.Error(got)
	}
	if got := s.Spec(nil)["secrets./run/secrets/pw"]; got != "secret (version 1)" {
		t.Error(got)
	}
}

func TestSecretCheck_Matches_ItsValueAndNoOther(t *testing.T) {
	check, err := NewSecretCheck([]byte("hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	if !check.Matches([]byte("hunter2")) {
		t.Error("does not match its own value")
	}
	if check.Matches([]byte("hunter3")) {
		t.Error("matches another value")
	}
	for _, garbage := range []SecretCheck{"", "$$", "scrypt-1", "scrypt-1$!$!", "scrypt-1$AAAA$!", "scrypt-2" + check[len("scrypt-1"):], check + "$x"} {
		if garbage.Matches([]byte("hunter2")) {
			t.Errorf("%q matches", garbage)
		}
	}
}
