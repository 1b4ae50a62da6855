package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// files writes files below a new directory; a name that ends in "/" is a
// directory.
func files(t *testing.T, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func paths(entries []desired.Entry) string {
	var names []string
	for _, e := range entries {
		names = append(names, e.Path)
	}
	return strings.Join(names, " ")
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestWalk_Tree_GivesFilesDirectoriesAndLinks(t *testing.T) {
	dir := files(t, map[string]string{"b/x": "1", "a.txt": "22", "empty/": "", "b/run.sh": "#!"})
	if err := errors.Join(os.Chmod(filepath.Join(dir, "b/run.sh"), 0o750), os.Symlink("../missing", filepath.Join(dir, "b/link"))); err != nil {
		t.Fatal(err)
	}
	entries := must[Tree](t)(Walk(t.Context(), dir)).Entries
	if got := paths(entries); got != "a.txt b b/link b/run.sh b/x empty" {
		t.Errorf("got %s", got)
	}
	if e := entries[0]; e.Type != desired.EntryFile || e.SizeBytes != 2 || e.Local != filepath.Join(dir, "a.txt") || e.Content != nil || e.UID != 0 {
		t.Errorf("got %+v", e)
	}
	if e := entries[2]; e.Type != desired.EntrySymlink || e.Link != "../missing" {
		t.Errorf("got %+v", e)
	}
	if e := entries[3]; os.FileMode(e.Mode).Perm() != 0o750 {
		t.Errorf("mode %o", e.Mode)
	}
}

func TestWalk_LinkedRoot_IsFollowed(t *testing.T) {
	dir := files(t, map[string]string{"real/x": "1"})
	if err := os.Symlink("real", filepath.Join(dir, "root")); err != nil {
		t.Fatal(err)
	}
	if got := paths(must[Tree](t)(Walk(t.Context(), filepath.Join(dir, "root"))).Entries); got != "x" {
		t.Errorf("got %s", got)
	}
}

func TestWalk_Ignore_LeavesOutAndTakesBack(t *testing.T) {
	dir := files(t, map[string]string{"a.log": "", "keep.log": "", "d/e/f": "", "d/g": ""})
	tests := map[string]struct {
		ignore []string
		want   string
	}{
		"none":      {nil, "a.log d d/e d/e/f d/g keep.log"},
		"pattern":   {[]string{"*.log"}, "d d/e d/e/f d/g"},
		"negated":   {[]string{"*.log", "!keep.log"}, "d d/e d/e/f d/g keep.log"},
		"directory": {[]string{"d"}, "a.log keep.log"},
		"one of it": {[]string{"d", "!d/e/f"}, "a.log d/e/f keep.log"},
	}
	for name, tt := range tests {
		if got := paths(must[Tree](t)(walk(t.Context(), dir, tt.ignore, false)).Entries); got != tt.want {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

func TestWalk_WhatCannotBeDelivered_IsNamed(t *testing.T) {
	dir := files(t, map[string]string{"sub/": ""})
	socket := filepath.Join(dir, "sub", "s")
	listener := must[net.Listener](t)(net.Listen("unix", socket))
	defer listener.Close()
	_, err := Walk(t.Context(), dir)
	if err == nil || !strings.Contains(err.Error(), socket) || !strings.Contains(err.Error(), "it is a socket") {
		t.Errorf("got %v", err)
	}
	if _, err := Walk(t.Context(), filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) || strings.Count(err.Error(), dir) != 1 {
		t.Errorf("got %v", err)
	}
	if _, err := walk(t.Context(), dir, []string{"["}, false); err == nil {
		t.Error("a bad pattern is accepted")
	}
}

func TestWalk_CancelledContext_ReturnsItsError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Walk(ctx, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestDigest_AnyDifference_ChangesIt(t *testing.T) {
	base := desired.Entry{Path: "a", Mode: 0o644, Content: []byte("x"), SizeBytes: 1}
	digest := func(entries ...desired.Entry) string { return must[string](t)(Digest(t.Context(), entries)) }
	want := digest(base)
	if !strings.HasPrefix(want, "sha256:") || len(want) != len("sha256:")+64 {
		t.Errorf("got %s", want)
	}
	for name, change := range map[string]func(*desired.Entry){
		"path": func(e *desired.Entry) { e.Path = "b" }, "mode": func(e *desired.Entry) { e.Mode = 0o600 },
		"uid": func(e *desired.Entry) { e.UID = 1 }, "gid": func(e *desired.Entry) { e.GID = 1 },
		"content": func(e *desired.Entry) { e.Content = []byte("y") },
		"type":    func(e *desired.Entry) { e.Type = desired.EntryDirectory },
		"link":    func(e *desired.Entry) { e.Type, e.Link = desired.EntrySymlink, "z" },
	} {
		changed := base
		if change(&changed); digest(changed) == want {
			t.Errorf("%s does not count", name)
		}
	}
	other := desired.Entry{Path: "b"}
	if digest(base, other) != digest(other, base) {
		t.Error("the order counts")
	}
}

func TestDigest_LocalAndInline_AreEqualWhateverTheTime(t *testing.T) {
	dir := files(t, map[string]string{"a": "content"})
	local := desired.Entry{Path: "a", Local: filepath.Join(dir, "a"), SizeBytes: 7}
	inline := desired.Entry{Path: "a", Content: []byte("content"), SizeBytes: 7}
	want := must[string](t)(Digest(t.Context(), []desired.Entry{inline}))
	for range 2 {
		if got := must[string](t)(Digest(t.Context(), []desired.Entry{local})); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if err := os.Chtimes(local.Local, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	local.Local += ".missing"
	if _, err := Digest(t.Context(), []desired.Entry{local}); err == nil || !strings.Contains(err.Error(), local.Local) {
		t.Errorf("got %v", err)
	}
}

func TestTar_Entries_AreReadBackUnchanged(t *testing.T) {
	dir := files(t, map[string]string{"a": "local"})
	entries := []desired.Entry{
		{Path: "d", Type: desired.EntryDirectory, Mode: uint32(os.ModeDir | os.ModeSetgid | 0o755)},
		{Path: "d/a", Mode: 0o600, UID: 5, GID: 6, Local: filepath.Join(dir, "a"), SizeBytes: 5},
		{Path: "d/b", Mode: 0o444, Content: []byte("inline"), SizeBytes: 6},
		{Path: "l", Type: desired.EntrySymlink, Link: "d/a", Mode: 0o777},
	}
	var first, second bytes.Buffer
	if err := errors.Join(Tar(t.Context(), &first, entries), Tar(t.Context(), &second, entries)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two streams differ")
	}
	var got []string
	reader := tar.NewReader(&first)
	for {
		h, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		content := must[[]byte](t)(io.ReadAll(reader))
		got = append(got, strings.Join([]string{h.Name, string(h.Typeflag), h.Linkname, string(content)}, "|"))
		if !h.ModTime.Equal(time.Unix(0, 0)) {
			t.Errorf("%s: time %v", h.Name, h.ModTime)
		}
		if h.Name == "d/" && h.Mode != 0o2755 || h.Name == "d/a" && (h.Mode != 0o600 || h.Uid != 5 || h.Gid != 6) {
			t.Errorf("got %+v", h)
		}
	}
	want := []string{"d/|5||", "d/a|0||local", "d/b|0||inline", "l|2|d/a|"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestTar_FileChangedSincePlan_IsAnError(t *testing.T) {
	dir := files(t, map[string]string{"a": "12345"})
	for _, size := range []int64{4, 6} {
		err := Tar(t.Context(), io.Discard, []desired.Entry{{Path: "a", Local: filepath.Join(dir, "a"), SizeBytes: size}})
		if err == nil || !strings.Contains(err.Error(), "the file changed since it was planned") {
			t.Errorf("%d: got %v", size, err)
		}
	}
}

func TestTar_CancelledContext_ReturnsItsError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Tar(ctx, io.Discard, []desired.Entry{{Path: "a"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestBuildContext_Dockerignore_IsHonoured(t *testing.T) {
	everything := map[string]string{"Dockerfile": "", "docker/Dockerfile": "", "src/a.go": "", "a.log": ""}
	with := func(extra map[string]string) string {
		all := map[string]string{}
		for _, m := range []map[string]string{everything, extra} {
			for k, v := range m {
				all[k] = v
			}
		}
		return files(t, all)
	}
	tests := map[string]struct {
		ignore           map[string]string
		dockerfile, want string
	}{
		"none":              {nil, "Dockerfile", "Dockerfile a.log docker docker/Dockerfile src src/a.go"},
		"patterns":          {map[string]string{".dockerignore": "# no logs\n*.log\nsrc\n"}, "Dockerfile", ".dockerignore Dockerfile docker docker/Dockerfile"},
		"everything":        {map[string]string{".dockerignore": "*"}, "Dockerfile", ".dockerignore Dockerfile"},
		"of the Dockerfile": {map[string]string{".dockerignore": "src", "docker/Dockerfile.dockerignore": "**\n!a.log"}, "docker/Dockerfile", "a.log docker/Dockerfile docker/Dockerfile.dockerignore"},
		"inline":            {map[string]string{".dockerignore": "*"}, "", ".dockerignore"},
	}
	for name, tt := range tests {
		if got := paths(must[Tree](t)(BuildContext(t.Context(), with(tt.ignore), tt.dockerfile)).Entries); got != tt.want {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

func TestBuildContext_DockerfileMissing_IsAnError(t *testing.T) {
	dir := files(t, map[string]string{"a/": ""})
	for _, dockerfile := range []string{"Dockerfile", "../Dockerfile"} {
		if _, err := BuildContext(t.Context(), filepath.Join(dir, "a"), dockerfile); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: got %v", dockerfile, err)
		}
	}
}

func TestBuildContext_DockerfileOutside_ComesLastWithItsOwnIgnoreFile(t *testing.T) {
	dir := files(t, map[string]string{"a/x": "", "a/y": "", "a/.dockerignore": "x", "docker/Dockerfile": "FROM z", "docker/other": "FROM w", "docker/other.dockerignore": "y"})
	for dockerfile, want := range map[string]string{
		"../docker/Dockerfile": ".dockerignore y " + OutsideDockerfile,
		"../docker/other":      ".dockerignore x " + OutsideDockerfile,
	} {
		entries := must[Tree](t)(BuildContext(t.Context(), filepath.Join(dir, "a"), dockerfile)).Entries
		if got := paths(entries); got != want {
			t.Errorf("%s: got %s, want %s", dockerfile, got, want)
		}
		if last := entries[len(entries)-1]; last.SizeBytes != 6 || last.Local != filepath.Join(dir, "a", dockerfile) {
			t.Errorf("%s: got %+v", dockerfile, last)
		}
	}
}

func TestReadDockerfile_Images_AreWhatIsNoStage(t *testing.T) {
	for text, want := range map[string]string{
		"FROM a":                           "a",
		"FROM scratch":                     "",
		"FROM a AS b\nFROM b\nFROM B":      "a",
		"FROM --platform=linux/amd64 a:1":  "a:1",
		"ARG V=1\nARG W=$V\nFROM a:${W}\n": "a:1",
		"ARG SET=1\nFROM a:$SET":           "a:given",
		"ARG SET\nFROM a:$SET":             "a:given",
		"FROM scratch\nCOPY --from=c / /":  "c",
		"FROM a AS b\nCOPY --from=0 / /":   "a",
		"FROM scratch\nRUN --mount=type=bind,from=d,target=/d --mount=type=secret,id=from x": "d",
		"FROM a\nRUN <<EOT\nFROM not\nEOT\n":                                                 "a",
		"nonsense without an instruction":                                                    "",
		"":                                                                                   "",
	} {
		if got := strings.Join(ReadDockerfile([]byte(text), map[string]string{"SET": "given"}).Images, " "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestReadDockerfile_Syntax_IsWhatTheClassicBuilderLacks(t *testing.T) {
	for text, want := range map[string]string{
		"FROM --platform=linux/amd64 a\nRUN x\nCOPY --from=b --chown=1:2 / /\nADD x /": "",
		"FROM a\nRUN --mount=type=cache,target=/c x\nCOPY --link --chmod=755 a /":      "COPY --chmod,COPY --link,RUN --mount",
		"FROM a\nCOPY <<EOT /x\ntext\nEOT\n":                                           "here-documents",
	} {
		got := ReadDockerfile([]byte(text), nil)
		if strings.Join(got.Syntax, ",") != want || got.Frontend {
			t.Errorf("%q: got %+v, want %q", text, got, want)
		}
	}
	if !ReadDockerfile([]byte("# syntax=docker/dockerfile:1\nFROM a"), nil).Frontend {
		t.Error("the frontend is not noticed")
	}
}
