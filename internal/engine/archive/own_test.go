package archive

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
)

const state = "{\n  \"version\": 4,\n  \"terraform_version\": \"1.11.4\",\n  \"serial\": 7, \"lineage\": \"x\"}"

// planFile is as Terraform writes it, of whatever name.
func planFile(t *testing.T) string {
	t.Helper()
	var content bytes.Buffer
	w := zip.NewWriter(&content)
	for _, name := range []string{"tfplan", "tfstate"} {
		f := must[interface{ Write([]byte) (int, error) }](t)(w.Create(name))
		_, _ = f.Write([]byte("secret"))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return content.String()
}

// project is a directory that Terraform and Git work in, with an application.
func project(t *testing.T, more map[string]string) string {
	content := map[string]string{
		"main.tf": "", "app/a": "1", "Dockerfile": "FROM x", "data.json": `{"version": 4, "name": "mine"}`, "short": "PK",
		".git/HEAD": "", "sub/.git": "gitdir: ..", ".terraform/x/y": "", "app/.terraform/z": "", ".terraform.lock.hcl": "",
		"terraform.tfstate": "", "terraform.tfstate.backup": "", "terraform.tfstate.1700000000.backup": "", ".terraform.tfstate.lock.info": "", "errored.tfstate": "",
		"terraform.tfstate.d/prod/terraform.tfstate": "", "crash.log": "", "crash.20260101.log": "", "a.tfplan": "", "tfplan": "",
		"saved": planFile(t), "sub/custom": state,
	}
	for name, text := range more {
		content[name] = text
	}
	return files(t, content)
}

func TestWalk_WhatTerraformAndGitKeepForThemselves_IsLeftOutAndSaid(t *testing.T) {
	tree := must[Tree](t)(Walk(t.Context(), project(t, nil)))
	if got := paths(tree.Entries); got != "Dockerfile app app/a data.json main.tf short sub" {
		t.Errorf("delivers %s", got)
	}
	const left = ".git .terraform .terraform.lock.hcl .terraform.tfstate.lock.info a.tfplan app/.terraform crash.20260101.log crash.log errored.tfstate saved sub/.git sub/custom " +
		"terraform.tfstate terraform.tfstate.1700000000.backup terraform.tfstate.backup terraform.tfstate.d tfplan"
	if got := strings.Join(tree.LeftOut, " "); got != left {
		t.Errorf("leaves out %s", got)
	}
}

func TestWalk_IgnoreFile_LeavesOutWithoutAWordAndTakesBackWhatItNames(t *testing.T) {
	for name, tt := range map[string]struct{ ignore, sent, left string }{
		"known":      {".git*\n*.tfstate*\n.terraform*\n**/.terraform\ncrash*\n*tfplan\nsaved\nsub\n.*.info\n", "Dockerfile app app/a data.json main.tf short", ""},
		"taken back": {"*\n!sub/.git\n!saved\n", "saved sub/.git", ""},
		"whitelist":  {"*\n!app\n!sub/**\n", "app app/a", "app/.terraform sub/.git sub/custom"},
	} {
		tree := must[Tree](t)(Walk(t.Context(), project(t, map[string]string{IgnoreFile: tt.ignore})))
		if got := paths(tree.Entries); got != tt.sent {
			t.Errorf("%s: delivers %s", name, got)
		}
		if got := strings.Join(tree.LeftOut, " "); got != tt.left {
			t.Errorf("%s: leaves out %s", name, got)
		}
	}
}

func TestBuildContext_WhatTerraformKeepsForItself_IsLeftOutWhateverDockerignoreSays(t *testing.T) {
	for name, tt := range map[string]struct{ ignore, sent string }{
		"nothing":    {"", ".dockerignore Dockerfile app app/a data.json main.tf short sub"},
		"whitelist":  {"*\n!app\n", ".dockerignore Dockerfile app app/a"},
		"taken back": {"*\n!.git\n!main.tf\n", ".dockerignore .git .git/HEAD Dockerfile main.tf"},
	} {
		tree := must[Tree](t)(BuildContext(t.Context(), project(t, map[string]string{".dockerignore": tt.ignore}), "Dockerfile"))
		if got := paths(tree.Entries); got != tt.sent {
			t.Errorf("%s: sends %s", name, got)
		}
	}
}
