package compose

import (
	"maps"
	"reflect"
	"strings"
	"testing"
)

// besides are files with a .env beside each, which says FROM differently.
func besides() map[string]string {
	return map[string]string{
		".env": "FROM=root", "sub/.env": "FROM=sub", "deep/.env": "FROM=deep\nthis is no .env file",
		"inner.yaml":       "services: {inner: {image: \"inner:${FROM-none}\", environment: [FROM]}}\n",
		"sub/compose.yaml": "include: [../deep/c.yaml]\nservices: {sub: {image: \"sub:${FROM-none}\"}}\n",
		"deep/c.yaml":      "services: {deep: {image: \"deep:${FROM-none}\", volumes: [\"./data:/d:ro\"], env_file: [deep.list]}}\n",
		"deep/data/f":      "1", "deep/deep.list": "A=1",
	}
}

func images(t *testing.T, in Input) (map[string]string, []string) {
	t.Helper()
	stack := mustLoad(t, in)
	got := map[string]string{}
	for name, service := range stack.Services {
		got[name] = service.Image.Reference
	}
	return got, stack.Warnings
}

func TestLoad_DotEnvBesideAnIncludedFile_IsNotRead(t *testing.T) {
	dir := filesIn(t, besides())
	for name, include := range map[string]string{
		"paths":           "include:\n  - inner.yaml\n  - sub/compose.yaml\n",
		"block":           "include:\n  - path: inner.yaml\n  - path:\n      - sub/compose.yaml\n    project_directory: sub\n",
		"flow":            "include: [{path: inner.yaml}, {\"path\": \"sub/compose.yaml\"}]\n",
		"after a letter":  "include: [ { project_directory: ., path: é/../inner.yaml }, &b {path: sub/compose.yaml} ]\n",
		"named elsewhere": "x-sub: &sub\n  path: sub/compose.yaml\ninclude:\n  - *sub\n  - <<: {path: inner.yaml}\n",
		"several":         "include:\n  - path: inner.yaml\n---\ninclude:\n  - {path: sub/compose.yaml}\n",
	} {
		t.Run(name, func(t *testing.T) {
			for from, variables := range map[string]map[string]string{"none": nil, "mine": {"FROM": "mine"}} {
				got, warnings := images(t, Input{Dir: dir, Compose: include, Variables: variables})
				if want := map[string]string{"inner": "inner:" + from, "sub": "sub:" + from, "deep": "deep:" + from}; !maps.Equal(got, want) {
					t.Errorf("got %v", got)
				}
				if !contains(warnings, "include does not read .env, deep/.env, sub/.env: Docker Compose would") ||
					!contains(warnings, "Put the values into variables and secrets, or name the file in env_file of the entry of include") {
					t.Errorf("got %q", warnings)
				}
			}
		})
	}
}

func TestLoad_IncludeBesideDotEnv_KeepsItsPathsAndItsEnvironment(t *testing.T) {
	dir := filesIn(t, besides())
	stack := mustLoad(t, Input{Dir: dir, Compose: "include: [inner.yaml, sub/compose.yaml]\n"})
	if deep := stack.Services["deep"]; deep.Files[0].Name != "deep/data" || !reflect.DeepEqual(deep.Config.Env, []string{"A=1"}) {
		t.Errorf("got %+v", deep)
	}
	if got := stack.Services["inner"].Config.Env; !reflect.DeepEqual(got, []string{"FROM"}) {
		t.Errorf("got %q", got)
	}
}

func TestLoad_IncludeWithEnvFile_ReadsIt(t *testing.T) {
	dir := filesIn(t, besides())
	for file, from := range map[string]string{"/dev/null": "none", ".env": "root", "sub/.env": "sub"} {
		got, warnings := images(t, Input{Dir: dir, Compose: "include: [{path: inner.yaml, env_file: " + file + "}]\n"})
		if got["inner"] != "inner:"+from || contains(warnings, "include does not read") {
			t.Errorf("%s: got %v, %q", file, got, warnings)
		}
	}
	// What an entry names holds for what its file includes, too.
	got, warnings := images(t, Input{Dir: dir, Compose: "include: [{path: sub/compose.yaml, env_file: sub/.env}]\n"})
	if got["sub"] != "sub:sub" || got["deep"] != "deep:sub" || !contains(warnings, "include does not read deep/.env: ") {
		t.Errorf("got %v, %q", got, warnings)
	}
}

func TestLoad_DotEnvBesideAnIncludedEntryInLongForm_MustBeNamed(t *testing.T) {
	files := besides()
	files["sub/compose.yaml"] = "include: [{path: ../deep/c.yaml}]\n"
	dir := filesIn(t, files)
	errs := mustFail(t, Input{Dir: dir, Compose: webService("tty: true") + "include:\n  - inner.yaml\n  - path: sub/compose.yaml\n"})
	if len(errs) != 1 || errs[0].Line != 7 || !strings.Contains(errs[0].Detail, "/deep/.env: write env_file in this entry") {
		t.Errorf("got %v", errs)
	}
}

func TestLoad_MistakeBesideDotEnv_KeepsItsLine(t *testing.T) {
	dir := filesIn(t, besides())
	errs := mustFail(t, Input{Dir: dir, Compose: "include:\n  - path: inner.yaml\nservices:\n  web:\n    image: x\n    image: x\n"})
	if len(errs) != 1 || errs[0].Line != 6 || errs[0].Attribute != "compose" {
		t.Errorf("got %v", errs)
	}
}
