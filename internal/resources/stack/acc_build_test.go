package stack_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/versions"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"golang.org/x/crypto/ssh"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/archive"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
)

// inDirectory is the argument by which a stack reads files below dir.
func inDirectory(dir string) string { return fmt.Sprintf("project_directory = %q", dir) }

// noAccount fails the test where the text is to be found in what the engine
// says of an image, or in the image itself.
func (b *bench) noAccount(ref, text string) error {
	history, err := b.engine.ImageHistory(b.Context(), ref)
	b.must(err)
	inspected, err := b.engine.ImageInspect(b.Context(), ref)
	b.must(err)
	told, err := json.Marshal([]any{history, inspected})
	b.must(err)
	saved, err := b.engine.ImageSave(b.Context(), []string{ref})
	b.must(err)
	defer saved.Close()
	content, err := io.ReadAll(saved)
	b.must(err)
	if bytes.Contains(told, []byte(text)) || bytes.Contains(content, []byte(text)) {
		return fmt.Errorf("the secret is in image %s", ref)
	}
	return nil
}

// knows reports whether the engine speaks an API version.
func (b *bench) knows(api string) bool {
	version, err := b.engine.ServerVersion(b.Context())
	b.must(err)
	return versions.GreaterThanOrEqualTo(version.APIVersion, api)
}

func TestAccStack_BuildSecret_IsMountedAndKeptNowhere(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"filed": "filed-" + b.name, "Dockerfile": `FROM homelab.test/app:1
ARG COLOR=none
RUN --mount=type=secret,id=token ["/app", "job", "-print", "/run/secrets/token", "-sum", "/run/secrets/token:/token"]
RUN --mount=type=secret,id=filed,target=/elsewhere ["/app", "job", "-sum", "/elsewhere:/filed"]
ENV COLOR=$COLOR
`})
	config := func(token, color string) string {
		return b.config(`
services:
  made:
    build: {context: ., secrets: [token, {source: file, target: filed}], args: {COLOR: `+color+`}}
secrets: {token: {environment: TOKEN}, file: {file: ./filed}}
`, inDirectory(dir), fmt.Sprintf("secrets = { TOKEN = %q }", token))
	}
	sum := func(text string) string { return fmt.Sprintf("%x\n", sha256.Sum256([]byte(text))) }
	token := "token-" + b.name
	hidden := holds(func() error { return b.noAccount(b.name+"-made", token) })
	outOfState := acctest.StateCheck(func(state *tfjson.State) error {
		text, err := json.Marshal(state)
		if err == nil && bytes.Contains(text, []byte(token)) {
			err = errors.New("the secret is in state")
		}
		return err
	})
	b.test(
		b.step(config(token, "red"), hidden, outOfState, b.expectFile("made", "/token", sum(token)), b.expectFile("made", "/filed", sum("filed-"+b.name))),
		unchanged(config(token, "red")),
		unchanged(config("rotated", "red")), // as BuildKit's cache, which does not look at secrets
	)
}

func TestAccStack_BuildSSH_ReachesTheStepThatAsksForIt(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	b.must(err)
	block, err := ssh.MarshalPrivateKey(key, "")
	b.must(err)
	writeFiles(t, dir, map[string]string{"key": string(pem.EncodeToMemory(block))})
	config := b.config(`
services:
  made:
    build:
      context: .
      ssh: ["deploy=./key"]
      dockerfile_inline: |
        FROM homelab.test/app:1
        RUN --mount=type=ssh,id=deploy,required=true,target=/agent ["/app", "job"]
`, inDirectory(dir))
	b.test(b.step(config), unchanged(config))
}

// TestAccStack_BuildFromURL_IsFetchedByTheEngine serves the Dockerfile from a
// container, where only the node can reach it.
func TestAccStack_BuildFromURL_IsFetchedByTheEngine(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	source, err := b.engine.ContainerCreate(ctx, &container.Config{Image: images.AppV1}, nil, nil, nil, b.name+"-source")
	b.must(err)
	var files bytes.Buffer
	b.must(archive.Tar(ctx, &files, []desired.Entry{{Path: "Dockerfile", Mode: 0o644, Content: []byte("FROM homelab.test/app:1\nENV FETCHED=yes\n")}}))
	b.must(b.engine.CopyToContainer(ctx, source.ID, "/", &files, container.CopyToContainerOptions{}))
	b.must(b.engine.ContainerStart(ctx, source.ID, container.StartOptions{}))
	running, err := b.engine.ContainerInspect(ctx, source.ID)
	b.must(err)
	config := b.config(fmt.Sprintf("services:\n  made: {build: \"http://%s:8080/file?path=/Dockerfile\"}\n", running.NetworkSettings.Networks["bridge"].IPAddress))
	b.test(b.step(config, holds(func() error {
		if env := b.container("made").Config.Env; !slices.Contains(env, "FETCHED=yes") {
			return fmt.Errorf("made has %v", env)
		}
		return nil
	})), unchanged(config))
}

func TestAccStack_BuildOfOtherServices_GoesInOrderAndOnce(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	recorder := b.record()
	base := b.name + "-root:1"
	writeFiles(t, dir, map[string]string{"page": "one\n", ".dockerignore": "app\n", "app/Dockerfile": "ARG BASE\nFROM $BASE AS all\nCOPY extra /extra\nFROM all AS unused\nCOPY missing /\nFROM all\n",
		"app/extra": "1\n", "docker/root.Dockerfile": "FROM homelab.test/app:1\nCOPY page /page\n"})
	config := b.config(fmt.Sprintf(`
services:
  app: {build: {context: ./app, target: all, args: {BASE: %[1]q}}}
  root: {image: %[1]q, build: {context: ., dockerfile: docker/root.Dockerfile, tags: ["%[2]s-also:2"]}}
  twin: {image: %[1]q, build: {context: ., dockerfile: docker/root.Dockerfile, tags: ["%[2]s-also:2"]}}
  alone: {image: "homelab.test/app:1"}
`, base, b.name), inDirectory(dir))
	builds := func(want int) acctest.StateCheck {
		return holds(func() error {
			sessions := 0
			for _, r := range recorder.Take() {
				if r.Path == "/session" {
					sessions++
				}
			}
			if sessions != want {
				return fmt.Errorf("%d builds, want %d", sessions, want)
			}
			return nil
		})
	}
	w := &witness{b: b}
	look := holds(func() error { w.look(); return nil })
	b.test(
		b.step(config, look, builds(2), b.expectFile("app", "/page", "one\n"), b.expectFile("app", "/extra", "1\n"), holds(func() error {
			tagged, err := b.engine.ImageInspect(b.Context(), b.name+"-also:2")
			if err == nil && !slices.Contains(tagged.RepoTags, base) {
				err = fmt.Errorf("the additional tag is on %v", tagged.RepoTags)
			}
			return err
		})),
		unchanged(config),
		after(func() { writeFiles(t, dir, map[string]string{"app/extra": "2\n"}) },
			b.step(config, w.onlyTouched("app/1"), look, builds(1), b.expectFile("app", "/extra", "2\n"))),
		after(func() { writeFiles(t, dir, map[string]string{"page": "two\n"}) },
			b.step(config, w.onlyTouched("app/1", "root/1", "twin/1"), builds(2), b.expectFile("app", "/page", "two\n"))),
	)
}

func TestAccStack_BuildWithAdditionalContexts_ReadsThem(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"lib/file": "one\n", "lib/ignored": "", "lib/.dockerignore": "ignored\n", "app/x": ""})
	config := b.config(`
services:
  app:
    build:
      context: ./app
      additional_contexts: {lib: ./lib, start: "service:root", image: "docker-image://homelab.test/app:2"}
      dockerfile_inline: |
        FROM start
        COPY --from=lib . /lib/
        COPY --from=image /version /version
        COPY <<EOT /here
        a document
        EOT
  pulled: {build: {context: ./app, pull: true, additional_contexts: {start: "service:root"}, dockerfile_inline: "FROM start\nENV PULLED=yes\n"}}
  root: {build: {context: ./app, dockerfile_inline: "FROM homelab.test/app:1\nENV ROOT=yes\n"}}
`, inDirectory(dir))
	if !b.knows("1.42") {
		b.test(resource.TestStep{Config: config, ExpectError: wording(`does not know build.additional_contexts, here-documents: that needs Docker Engine 23.0 or newer`)})
		return
	}
	w := &witness{b: b}
	b.test(
		b.step(config, b.expectFile("app", "/lib/file", "one\n"), b.expectFile("app", "/version", "2\n"), b.expectFile("app", "/here", "a document\n"), holds(func() error {
			w.look()
			if env := b.container("app").Config.Env; !slices.Contains(env, "ROOT=yes") {
				return fmt.Errorf("app has %v", env)
			}
			if env := b.container("pulled").Config.Env; !slices.Contains(env, "ROOT=yes") || !slices.Contains(env, "PULLED=yes") {
				return fmt.Errorf("pulled has %v", env)
			}
			if _, err := b.engine.ContainerStatPath(b.Context(), b.container("app").ID, "/lib/ignored"); !errdefs.IsNotFound(err) {
				return fmt.Errorf("the context's .dockerignore does not count: %w", err)
			}
			return nil
		})),
		after(func() { writeFiles(t, dir, map[string]string{"lib/ignored": "2"}) }, unchanged(config)),
		after(func() { writeFiles(t, dir, map[string]string{"lib/file": "two\n"}) },
			b.step(config, w.onlyTouched("app/1"), b.expectFile("app", "/lib/file", "two\n"))),
	)
}

func TestAccStack_BuildFails_SaysTheStepAndStopsNothing(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	dockerfile := func(line string) map[string]string {
		return map[string]string{"Dockerfile": "FROM homelab.test/app:1\n" + line + "\n"}
	}
	writeFiles(t, dir, dockerfile("ENV X=1"))
	config := b.config(`
services:
  made: {build: {context: ., secrets: [token]}}
  other: {image: "homelab.test/app:1"}
secrets: {token: {environment: TOKEN}}
`, inDirectory(dir), `secrets = { TOKEN = "swordfish" }`)
	w := &witness{b: b}
	failing := `RUN --mount=type=secret,id=token ["/app", "job", "-log", "it is broken", "-print", "/run/secrets/token", "-code", "7"]`
	b.test(
		b.step(config, holds(func() error { w.look(); return nil })),
		after(func() { writeFiles(t, dir, dockerfile(failing)) }, resource.TestStep{Config: config,
			ExpectError: wordings("build image "+b.name+"-made", "exit code: 7", "RUN --mount=type=secret,id=token", "it is broken", "(secret)")}),
		resource.TestStep{Config: config, PlanOnly: true, ExpectNonEmptyPlan: true, ConfigPlanChecks: resource.ConfigPlanChecks{
			PostApplyPreRefresh: []plancheck.PlanCheck{acctest.PlanCheck(func(*tfjson.Plan) error { return expectContinuity(w.before, b.lives()) })},
		}},
	)
}

func TestAccStack_TimeIsUpWhileBuilding_EndsTheBuildOnTheNode(t *testing.T) {
	b := newBench(t)
	config := b.config(fmt.Sprintf(`
services:
  made:
    build:
      context: .
      dockerfile_inline: |
        FROM homelab.test/app:1
        RUN ["/app", "sleep", "-log", %q]
`, b.name), inDirectory(t.TempDir()), `timeouts = { create = "10s" }`)
	b.test(resource.TestStep{Config: config, ExpectError: wording("was not finished within 10s")})
	b.eventually("the end of the build", func() bool {
		usage, err := b.engine.DiskUsage(b.Context(), types.DiskUsageOptions{Types: []types.DiskUsageObject{types.BuildCacheObject}})
		b.must(err)
		return !slices.ContainsFunc(usage.BuildCache, func(r *build.CacheRecord) bool { return r.InUse && strings.Contains(r.Description, b.name) })
	})
}

func TestAccStack_BuildContextOf50MB_ArrivesAsItIs(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	big := bytes.Repeat([]byte("0123456789abcde\n"), 50<<20/16)
	writeFiles(t, dir, map[string]string{".dockerignore": "ignored\n", "ignored": string(big), "big": string(big), "tree/run.sh": "#!", "tree/private": "p",
		"Dockerfile": "FROM homelab.test/app:1\nCOPY big /big\nCOPY tree /tree/\n"})
	b.must(errors.Join(os.Chmod(filepath.Join(dir, "tree/run.sh"), 0o755), os.Chmod(filepath.Join(dir, "tree/private"), 0o640),
		os.Symlink("run.sh", filepath.Join(dir, "tree/link"))))
	config := b.config("services:\n  made: {build: .}\n", inDirectory(dir))
	stat := func(path, want string) acctest.StateCheck {
		return holds(func() error {
			info, err := b.engine.ContainerStatPath(b.Context(), b.container("made").ID, path)
			if got := fmt.Sprintf("%s %d %s", info.Mode, info.Size, info.LinkTarget); err == nil && got != want {
				err = fmt.Errorf("%s is %s, want %s", path, got, want)
			}
			return err
		})
	}
	b.test(
		b.step(config, stat("/big", fmt.Sprintf("-rw-r--r-- %d ", len(big))), stat("/tree/run.sh", "-rwxr-xr-x 2 "),
			stat("/tree/private", "-rw-r----- 1 "), b.expectFile("made", "/tree/link", "#!")),
		after(func() { writeFiles(t, dir, map[string]string{"ignored": ""}) }, unchanged(config)),
	)
}

func TestAccStack_BuildLimits_HoldInTheBuild(t *testing.T) {
	b := newBench(t)
	config := b.config(`
services:
  made:
    build:
      context: .
      ulimits: {nofile: {soft: 100, hard: 200}}
      shm_size: 32m
      extra_hosts: ["far=192.0.2.1", "node=host-gateway"]
      dockerfile_inline: |
        FROM homelab.test/app:1
        RUN ["/app", "job", "-copy", "/etc/hosts:/hosts"]
        RUN ["/app", "job", "-copy", "/proc/self/limits:/limits"]
        RUN ["/app", "job", "-copy", "/proc/mounts:/mounts"]
`, inDirectory(t.TempDir()))
	says := func(path string, patterns ...string) acctest.StateCheck {
		return holds(func() error {
			var text string
			b.eventually("an answer", func() bool {
				text, _ = b.fileIn("made", path)
				return !strings.HasPrefix(text, "unhealthy:")
			})
			for _, pattern := range patterns {
				if !regexp.MustCompile(pattern).MatchString(text) {
					return fmt.Errorf("%s has no %s:\n%s", path, pattern, text)
				}
			}
			return nil
		})
	}
	b.test(
		b.step(config, says("/limits", `Max open files +\d+ +200 `), says("/mounts", `/dev/shm tmpfs .*size=32768k`),
			says("/hosts", `192\.0\.2\.1\s+far`, `[0-9.]+\s+node`)),
		unchanged(config),
	)
}

func TestAccStack_BuildSettings_AreNoChangeAfterwards(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"page": "1"})
	config := b.config(`
services:
  made:
    build:
      context: .
      labels: {mine: yes}
      network: host
      no_cache: true
      no_cache_filter: [one]
      entitlements: [network.host]
      extra_hosts: ["far=192.0.2.1"]
      cache_from: [homelab.test/app:1]
      cache_to: ["type=inline"]
      platforms: [`+b.platform()+`]
      provenance: false
      sbom: false
      dockerfile_inline: |
        FROM homelab.test/app:1 AS one
        RUN ["/app", "job", "-copy", "/etc/hosts:/hosts"]
`, inDirectory(dir))
	b.test(
		b.step(config, holds(func() error {
			made, err := b.engine.ImageInspect(b.Context(), b.name+"-made")
			if err != nil {
				return err
			}
			for label, want := range map[string]string{"mine": "yes", desired.LabelProject: b.name, desired.LabelService: "made", desired.LabelComposeVer: "5.5.1"} {
				if got := made.Config.Labels[label]; got != want {
					return fmt.Errorf("label %s is %q, want %q", label, got, want)
				}
			}
			return nil
		})),
		unchanged(config),
	)
}

// platform is the engine's own.
func (b *bench) platform() string {
	version, err := b.engine.ServerVersion(b.Context())
	b.must(err)
	return version.Os + "/" + version.Arch
}

func TestAccStack_BuildInNetworkByName_IsTheClassicBuilders(t *testing.T) {
	b := newBench(t)
	config := b.config(`
services:
  made: {build: {context: ., network: bridge, dockerfile_inline: "FROM homelab.test/app:1\nENV MADE=yes\n"}}
`, inDirectory(t.TempDir()))
	b.test(b.step(config, holds(func() error {
		if env := b.container("made").Config.Env; !slices.Contains(env, "MADE=yes") {
			return fmt.Errorf("made has %v", env)
		}
		return nil
	})), unchanged(config))
}

// TestAccStack_BuildForPlatforms_NeedsAStoreThatKeepsThem is about engines of
// three kinds; an image for two platforms is no use to run here, only to have.
func TestAccStack_BuildForPlatforms_NeedsAStoreThatKeepsThem(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	program, err := images.BuildApp(t.Context(), "")
	b.must(err)
	b.must(os.WriteFile(filepath.Join(dir, "app"), program, 0o755))
	config := b.config(`
services:
  made: {build: {context: ., platforms: [linux/amd64, linux/arm64], dockerfile_inline: "FROM scratch\nCOPY app /app\nENTRYPOINT [\"/app\"]\n"}}
`, inDirectory(dir))
	info, err := b.engine.Info(t.Context())
	b.must(err)
	store := slices.ContainsFunc(info.DriverStatus, func(entry [2]string) bool { return entry[1] == "io.containerd.snapshotter.v1" })
	switch {
	case !b.knows("1.42"):
		b.test(resource.TestStep{Config: config, ExpectError: wording(`does not know build.platforms: that needs Docker Engine 23.0 or newer`)})
	case !store:
		b.test(resource.TestStep{Config: config, ExpectError: wording(`build.platforms with several platforms: this engine keeps images in its classic store`)})
	default:
		b.test(b.step(config, b.expectFile("made", "/proc/1/comm", "app\n")), unchanged(config))
	}
}

// TestAccStack_BuildAgain_MakesTheSameImage shows that what is unchanged comes
// from the cache: an image that was deleted by hand is recreated with its ID.
func TestAccStack_BuildAgain_MakesTheSameImage(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"page": "1", "Dockerfile": "FROM homelab.test/app:1\nCOPY page /page\nRUN [\"/app\", \"job\", \"-sum\", \"/page:/sum\"]\n"})
	config := b.config("services:\n  made: {build: {context: ., provenance: false}}\n", inDirectory(dir))
	var before string
	id := func(ctx context.Context) string {
		made, err := b.engine.ImageInspect(ctx, b.name+"-made")
		b.must(err)
		return made.ID
	}
	b.test(
		b.step(config, holds(func() error { before = id(t.Context()); return nil })),
		after(func() {
			b.remove("made")
			_, err := b.engine.ImageRemove(t.Context(), b.name+"-made", image.RemoveOptions{Force: true})
			b.must(err)
		}, b.step(config, holds(func() error {
			if got := id(t.Context()); strings.TrimSpace(got) != before {
				return fmt.Errorf("the image is %s, was %s", got, before)
			}
			return nil
		}))),
	)
}
