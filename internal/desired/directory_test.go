package desired

import (
	"strings"
	"testing"
)

func TestParseMode_FourOctalDigits(t *testing.T) {
	for text, want := range map[string]Mode{"0750": 0o750, "2775": 0o2775, "1777": 0o1777, "0000": 0} {
		got, err := ParseMode(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v (%v)", text, got, err)
		}
	}
	for _, text := range []string{"", "750", "00750", "0o750", "0788", "rwxr", "-750", "+750", " 750"} {
		if got, err := ParseMode(text); err == nil || !strings.Contains(err.Error(), `"0750"`) {
			t.Errorf("%q is %v (%v)", text, got, err)
		}
	}
}

func TestCheckDirectory_UnfitPath_SaysWhatToWrite(t *testing.T) {
	for path, want := range map[string]string{
		"srv/media": "is not absolute", "": "is not absolute", "/": "the root of the node", "/srv/": `write "/srv"`, "/srv/../data": `write "/data"`,
		"/srv//x": `write "/srv/x"`, "/srv/./x": `write "/srv/x"`, "/proc/1": "belongs to the kernel", "/sys": "belongs to the kernel",
		"/dev/shm/x": "belongs to the kernel", "/var/lib/docker": "Docker engine", "/var/lib/docker/volumes/x": "Docker engine",
		"/disk/engine/x": "keeps its own data in /disk/engine", "/srv/a:b": "colon", "/srv/a\nb": "control character",
	} {
		if err := CheckDirectory(path, "/disk/engine"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", path, err, want)
		}
	}
	for _, path := range []string{"/srv", "/data", "/var/lib/dockerish", "/development", "/srv/with space", "/srv/ünï", "/disk/engines"} {
		if err := CheckDirectory(path, "/disk/engine"); err != nil {
			t.Error(err)
		}
	}
}
