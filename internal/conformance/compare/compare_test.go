package compare

import (
	"slices"
	"testing"
)

// compared compares one object of which the sides differ in some fields.
func compared(object string, compose, provider map[string]string) []string {
	return Records(Record{object: compose}, Record{object: provider}, make([]int, len(Differences)))
}

func TestCompareRecords_FieldDiffers_IsReportedWithBothValues(t *testing.T) {
	got := compared("container web-1", map[string]string{"HostConfig.Memory": "64", "Id": "a"}, map[string]string{"HostConfig.Memory": "32", "Id": "b"})
	want := []string{"container web-1 HostConfig.Memory: Docker Compose 64, provider 32"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestCompareRecords_ObjectOfOneSideOnly_IsReported(t *testing.T) {
	got := Records(Record{"volume a": {}}, Record{"volume b": {}}, nil)
	want := []string{"volume a: made by Docker Compose only", "volume b: made by the provider only"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

// TestDifferences_JustOutsideTheirCondition_AreReported shows that what may differ
// is no wider than it says.
func TestDifferences_JustOutsideTheirCondition_AreReported(t *testing.T) {
	const endpoint = "NetworkSettings.Networks.front."
	for name, sides := range map[string][2]map[string]string{
		"an address that was asked for": {
			{endpoint + "IPAddress": `"10.9.0.2"`, endpoint + "IPAMConfig.IPv4Address": `"10.9.0.2"`},
			{endpoint + "IPAddress": `"10.9.0.3"`, endpoint + "IPAMConfig.IPv4Address": `"10.9.0.2"`},
		},
		"no address on one side":   {{endpoint + "IPAddress": `"10.64.0.2"`}, {endpoint + "IPAddress": `""`}},
		"a MAC that was asked for": {{endpoint + "MacAddress": `"02:c0:de:00:00:01"`}, {endpoint + "MacAddress": `"02:42:0a:40:00:02"`}},
		"a port that was asked for": {
			{"NetworkSettings.Ports.80/tcp[0].HostPort": `"8080"`}, {"NetworkSettings.Ports.80/tcp[0].HostPort": `"32768"`},
		},
		"a label that is not ours":        {{}, {"Config.Labels.io.example": `"x"`}},
		"the hash of a plain service":     {{"Config.Labels.com.docker.compose.config-hash": `"a"`}, {"Config.Labels.com.docker.compose.config-hash": `"b"`}},
		"an image that was there":         {{"Image": `"a"`, "Config.Image": `"homelab.test/app:1"`}, {"Image": `"b"`, "Config.Image": `"homelab.test/app:1"`}},
		"a volume instead of a node path": {{"Mounts[/a].Source": `"/srv/a"`}, {"Mounts[/a].Source": `"/var/lib/docker/volumes/x_volumes_a_1/_data"`}},
		"what is in a delivered file":     {{"Files./a.Content": `"1"`}, {"Files./a.Content": `"2"`}},
		"an empty list and a value":       {{"HostConfig.Dns": "[]"}, {"HostConfig.Dns[0]": `"10.0.0.1"`}},
	} {
		if got := compared("container web-1", sides[0], sides[1]); len(got) == 0 {
			t.Errorf("%s: the sides are taken as equal", name)
		}
	}
}
