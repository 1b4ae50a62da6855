package compose_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
)

// plant makes empty files, directories (that end with a slash), and symbolic links
// (that have an arrow) in a new directory, which becomes the working directory.
func plant(t *testing.T, paths ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, path := range paths {
		name, target, link := strings.Cut(path, " -> ")
		dir := filepath.Dir(name)
		if strings.HasSuffix(name, "/") {
			dir = name
		}
		err := os.MkdirAll(dir, 0o700)
		switch {
		case err != nil:
		case link:
			err = os.Symlink(target, name)
		case dir != name:
			err = os.WriteFile(name, nil, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestFolders_Repository_ListsProjectsWithTheirFiles(t *testing.T) {
	plant(t, "nodes/README.md", "nodes/atlas/notes.txt", "nodes/empty/",
		"nodes/atlas/media/compose.yaml", "nodes/atlas/media/docker-compose.yml", "nodes/atlas/media/.env", "nodes/atlas/media/config/compose.yaml",
		"nodes/atlas/dns/docker-compose.yml", "nodes/atlas/dns/docker-compose.yaml", "nodes/atlas/dns/docker-compose.override.yaml", "nodes/atlas/dns/compose.override.yaml",
		"nodes/atlas/venv/compose.yml", "nodes/atlas/venv/compose.yaml.bak", "nodes/atlas/venv/.env/bin/python", "nodes/atlas/Data/notes.txt",
		"nodes/atlas/only-override/compose.override.yml", "nodes/atlas/.hidden/compose.yaml", "nodes/.git/x/compose.yaml",
		"nodes/helios/media/docker-compose.yaml")
	for given, dir := range map[string]string{"nodes": "nodes", "./nodes/": "./nodes", "nodes/../nodes": "nodes/../nodes"} {
		atlas := dir + "/atlas"
		want := []compose.Folder{
			{Node: "atlas", Name: "dns", Directory: atlas + "/dns",
				Documents: []string{atlas + "/dns/docker-compose.yml", atlas + "/dns/compose.override.yaml"}},
			{Node: "atlas", Name: "media", Directory: atlas + "/media", Documents: []string{atlas + "/media/compose.yaml"}, EnvFile: atlas + "/media/.env"},
			{Node: "atlas", Name: "venv", Directory: atlas + "/venv", Documents: []string{atlas + "/venv/compose.yml"}},
			{Node: "helios", Name: "media", Directory: dir + "/helios/media", Documents: []string{dir + "/helios/media/docker-compose.yaml"}},
		}
		if got, err := compose.Folders(given); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s has\n%v (%v), not\n%v", given, got, err, want)
		}
	}
}

func TestFolders_SymbolicLinks_AreFollowedAndNeverLoop(t *testing.T) {
	plant(t, "stacks/web/compose.yaml", "nodes/atlas/web -> ../../stacks/web", "nodes/atlas/up -> ..", "nodes/atlas/notes -> web/compose.yaml",
		"nodes/atlas/dns/compose.yml -> ../../../stacks/web/compose.yaml", "nodes/helios -> atlas", "nodes/self -> .", "link -> nodes")
	folders, err := compose.Folders("link")
	var got []string
	for _, f := range folders {
		got = append(got, f.Documents...)
	}
	want := []string{"link/atlas/dns/compose.yml", "link/atlas/web/compose.yaml", "link/helios/dns/compose.yml", "link/helios/web/compose.yaml"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("found %v (%v), not %v", got, err, want)
	}
}

func TestFolders_NothingThere_IsEmpty(t *testing.T) {
	plant(t, "nodes/atlas/")
	if got, err := compose.Folders("nodes"); err != nil || len(got) > 0 {
		t.Errorf("found %v (%v)", got, err)
	}
}

func TestFolders_Error_NamesThePathAndWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		paths []string
		want  string
	}{
		"missing":                {nil, `"nodes" is not a directory: name the one that has NODE/STACK/compose.yaml below it, such as "${path.module}/nodes"`},
		"a file":                 {[]string{"nodes"}, `"nodes" is not a directory: name the one`},
		"a name":                 {[]string{"nodes/atlas/Media_1/compose.yaml"}, `nodes/atlas/Media_1: a stack cannot be named "Media_1": use lower-case letters, digits, "-" and "_", beginning with a letter or digit. Rename the directory, to "media_1" for example`},
		"a name without letters": {[]string{"nodes/atlas/_/compose.yaml"}, `nodes/atlas/_: a stack cannot be named "_": `},
		"dangling directory":     {[]string{"nodes/atlas/media -> nowhere"}, "nodes/atlas/media is a symbolic link that leads to nothing: correct or remove it"},
		"a link to itself":       {[]string{"nodes/atlas -> atlas"}, "nodes/atlas is a symbolic link that leads to nothing: correct or remove it"},
		"dangling file":          {[]string{"nodes/atlas/media/compose.yaml -> nowhere"}, "nodes/atlas/media/compose.yaml is a symbolic link that leads to nothing"},
		"dangling .env":          {[]string{"nodes/atlas/media/compose.yaml", "nodes/atlas/media/.env -> nowhere"}, "nodes/atlas/media/.env is a symbolic link that leads to nothing"},
		"a directory":            {[]string{"nodes/atlas/media/compose.yaml/"}, "nodes/atlas/media/compose.yaml is a directory where a Compose file is expected: remove or rename it"},
		"a device":               {[]string{"nodes/atlas/media/compose.yaml -> /dev/null"}, "nodes/atlas/media/compose.yaml cannot be read (it is a device, and only regular files"},
		"no nodes":               {[]string{"nodes/media/compose.yaml"}, `there is no NODE/STACK/compose.yaml below "nodes", but there is nodes/media/compose.yaml: if "nodes" is the directory of one node, name the directory above it`},
	} {
		t.Run(name, func(t *testing.T) {
			plant(t, c.paths...)
			if got, err := compose.Folders("nodes"); err == nil || !strings.HasPrefix(err.Error(), c.want) || got != nil {
				t.Errorf("found %v (%v), and should be refused: %s", got, err, c.want)
			}
		})
	}
}
