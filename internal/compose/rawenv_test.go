package compose

import (
	"maps"
	"strings"
	"testing"
)

func TestReadRawEnv_Lines_AreTakenAsTheyStand(t *testing.T) {
	got := map[string]string{}
	text := "\ufeffA='$x' # kept \n\n  # a comment\n\tB==1=\nC=\nKNOWN\nUNKNOWN\nD=\"two\r\n"
	err := readRawEnv(strings.NewReader(text), "x.env", got, func(name string) (string, bool) { return "v", name == "KNOWN" })
	want := map[string]string{"A": "'$x' # kept ", "B": "=1=", "C": "", "KNOWN": "v", "D": "\"two"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %q", err, got)
	}
}

func TestReadRawEnv_BadLine_IsNamedByNumberOnly(t *testing.T) {
	for _, text := range []string{"A=1\nhunter2 =x", "A=1\n=hunter2", "A=1\nhunter2\xff=x"} {
		err := readRawEnv(strings.NewReader(text), "x.env", map[string]string{}, nil)
		if err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}

func TestLoad_RawEnvFile_IsNotInterpolated(t *testing.T) {
	dir := filesIn(t, map[string]string{"x.env": "A='$x'\n", "y.env": "B='$x'\n"})
	web := mustLoad(t, Input{Dir: dir, Compose: webService("env_file:\n  - {path: x.env, format: raw}\n  - y.env")}).Services["web"]
	if env := strings.Join(web.Config.Env, " "); env != "A='$x' B=$x" {
		t.Errorf("%s", env)
	}
}
