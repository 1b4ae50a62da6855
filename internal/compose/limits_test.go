package compose

import (
	"strings"
	"testing"
)

func TestLoad_LongerThanLinuxTakes_IsRefusedWithTheLimit(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	file := ", the most that Linux passes to a program: give it as a config or secret, which is a file"
	tests := map[string]struct {
		document func(n int) string
		most     int
		want     string
	}{
		"volume": {func(n int) string {
			return webService("volumes: [data:/v]") + "volumes: {data: {name: " + x(n) + "}}\n"
		}, 255,
			`compose, line 5: volume "data": its name on the node has 256 bytes, and at most 255 are possible, because it is a directory's: set a shorter name`},
		"bridge": {func(n int) string {
			return webService("networks: [n]") + "networks: {n: {driver_opts: {com.docker.network.bridge.name: " + x(n) + "}}}\n"
		}, 15, `compose, line 5: network "n": the bridge's name "xxxxxxxxxxxxxxxx" has 16 bytes, and an interface's at most 15: shorten it`},
		"interface": {func(n int) string {
			return webService("networks: {n: {interface_name: "+x(n)+"}}") + "networks: {n: {}}\n"
		}, 15, `compose, line 4: service "web": networks: the interface's name on "demo_n" has more than 15 bytes, the most that Linux takes: shorten it`},
		"hostname": {func(n int) string { return webService("hostname: " + x(n)) }, 64, `compose, line 4: service "web": hostname has more than 64 bytes, the most that Linux takes: shorten it`},
		"variable": {func(n int) string { return webService("environment: {A: " + x(n-len("A=")) + "}") }, 131071,
			`compose, line 4: service "web": environment "A" has more than 131071 bytes with its name` + file},
		"command": {func(n int) string { return webService("command: [a, " + x(n) + "]") }, 131071,
			`compose, line 4: service "web": command: item 2 has more than 131071 bytes` + file},
		"entrypoint": {func(n int) string { return webService("entrypoint: [" + x(n) + "]") }, 131071,
			`compose, line 4: service "web": entrypoint: item 1 has more than 131071 bytes` + file},
		"health": {func(n int) string { return webService("healthcheck: {test: [CMD, " + x(n) + "]}") }, 131071,
			`compose, line 4: service "web": healthcheck.test: item 2 has more than 131071 bytes` + file},
		"hook": {func(n int) string { return webService("post_start: [{command: [" + x(n) + "]}]") }, 131071,
			`compose, line 4: service "web": post_start: item 1 has more than 131071 bytes` + file},
		"total": {func(n int) string {
			return webService("command: [" + strings.Repeat(x(100000-9)+", ", 20) + x(n-2000000-9) + "]")
		}, 2 << 20,
			`compose, line 2: service "web": environment, entrypoint and command have more than 2097152 bytes together, a quarter of the stack's limit and the most that Linux passes to a program: give large values as configs or secrets, which are files`},
		"name in a path": {func(n int) string { return webService("tmpfs: [/" + x(n) + "]") }, 255,
			`compose, line 4: service "web": tmpfs: a part of a path has more than 255 bytes, the most that file systems take: shorten it`},
		"path": {func(n int) string {
			return webService("volumes: [\"/srv:" + strings.Repeat("/"+x(99), 40) + "/" + x(n-4001) + "\"]")
		}, 4095,
			`compose, line 4: service "web": volumes: a path has more than 4095 bytes, the most that Linux takes: shorten it`},
		"working_dir": {func(n int) string { return webService("working_dir: /" + x(n)) }, 255,
			`compose, line 4: service "web": working_dir: a part of a path has more than 255 bytes, the most that file systems take: shorten it`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Load(t.Context(), Input{Name: "demo", Compose: test.document(test.most)}); err != nil {
				t.Errorf("at the limit: %.500s", err)
			}
			if _, err := Load(t.Context(), Input{Name: "demo", Compose: test.document(test.most + 1)}); err == nil || err.Error() != test.want {
				t.Errorf("one beyond: %.500v\nwant %s", err, test.want)
			}
		})
	}
}

func TestLoad_SecretLongerThanLinuxTakes_IsNotQuoted(t *testing.T) {
	_, err := Load(t.Context(), Input{Name: "demo", Compose: webService("environment: {A: \"${KEY}\"}"), Secrets: map[string]string{"KEY": strings.Repeat("hidden", 30000)}})
	if err == nil || strings.Contains(err.Error(), "hidden") || !strings.Contains(err.Error(), `environment "A" has more than 131071 bytes`) {
		t.Errorf("got %.500v", err)
	}
}

func TestLoad_MoreStack_TakesMoreArguments(t *testing.T) {
	long := "command: [" + strings.Repeat(strings.Repeat("x", 100000)+", ", 25) + "x]"
	if _, err := Load(t.Context(), Input{Name: "demo", Compose: webService(long + "\nulimits: {stack: 16777216}")}); err != nil {
		t.Errorf("%.500s", err)
	}
}
