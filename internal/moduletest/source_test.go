package moduletest

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/catalog"
)

func TestModules_FromAPathAndFromGit_FindWhatTheyAreBuiltOn(t *testing.T) {
	terraform, err := exec.LookPath(cmp.Or(os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform"))
	if err != nil {
		t.Skipf("modules are fetched by Terraform: %v", err)
	}
	run := func(t *testing.T, dir, program string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_AUTHOR_NAME=test", "GIT_AUTHOR_EMAIL=test@homelab.test", "GIT_COMMITTER_NAME=test", "GIT_COMMITTER_EMAIL=test@homelab.test")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
		}
	}
	copied, repository, calls := t.TempDir(), "", map[string]string{}
	eachModule(t, func(t *testing.T, root string, module catalog.Module) {
		if repository == "" {
			repository = copied
			if err := os.CopyFS(filepath.Join(copied, "modules"), os.DirFS(filepath.Join(root, "modules"))); err != nil {
				t.Fatal(err)
			}
		}
		files, _ := filepath.Glob(filepath.Join(module.Dir, "*.tf")) // the pattern is well formed
		for _, file := range files {
			if strings.Contains(read(t, file), `"../service"`) {
				calls[module.Name] = "//modules/" + module.Name
			}
		}
	})
	if len(calls) == 0 {
		t.Fatal("no module uses ../service")
	}
	run(t, copied, "git", "init", "-q", "-b", "main")
	run(t, copied, "git", "add", ".")
	run(t, copied, "git", "commit", "-q", "-m", "modules")
	run(t, copied, "git", "tag", "v0.1.0")
	for kind, source := range map[string]string{"path": repository + "%s", "git": "git::file://" + repository + "%s?ref=v0.1.0"} {
		t.Run(kind, func(t *testing.T) {
			var text strings.Builder
			for name, at := range calls {
				fmt.Fprintf(&text, "module %q {\n  source = %q\n}\n", name, fmt.Sprintf(source, at))
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, dir, terraform, "get", "-no-color")
		})
	}
}
