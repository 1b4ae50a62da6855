package stack_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// said is an error or warning as a person sees it: at is the line of the
// configuration that it points to, empty for none, and resource whose it is.
type said struct{ summary, detail, at, resource string }

// errorsOf runs a command that must fail and returns its errors.
func errorsOf(t *testing.T, c *acctest.CLI, command ...string) []said {
	t.Helper()
	return diagnosticsIn(t, c.Must(t, append(command, "-json"), 1), "error")
}

// diagnosticsIn reads the diagnostics of a severity from a command's output.
func diagnosticsIn(t *testing.T, result acctest.Result, severity string) []said {
	t.Helper()
	var found []said
	for line := range strings.Lines(result.Stdout) {
		var message struct {
			Diagnostic *struct {
				Severity, Summary, Detail, Address string
				Snippet                            *struct{ Code string }
			}
		}
		if err := json.Unmarshal([]byte(line), &message); err != nil {
			t.Fatalf("read %q: %v", line, err)
		}
		if d := message.Diagnostic; d != nil && d.Severity == severity {
			one := said{summary: d.Summary, detail: d.Detail, resource: strings.TrimPrefix(d.Address, "homelab_stack.")}
			if d.Snippet != nil {
				one.at = strings.TrimSpace(d.Snippet.Code)
			}
			found = append(found, one)
		}
	}
	return found
}

// requireSaid requires one error with a summary that points to an attribute and
// holds the words.
func requireSaid(t *testing.T, got []said, summary, attribute string, words ...string) {
	t.Helper()
	if len(got) != 1 || got[0].summary != summary || !strings.HasPrefix(got[0].at, attribute) {
		t.Fatalf("got the errors %+v, not one %q at %s", got, summary, attribute)
	}
	for _, word := range words {
		if !strings.Contains(got[0].detail, word) {
			t.Errorf("the error does not say %q:\n%s", word, got[0].detail)
		}
	}
}

// oneStack writes a configuration of one stack and returns its name.
func oneStack(t *testing.T, c *acctest.CLI, host, document string, arguments ...string) string {
	t.Helper()
	name := acctest.Name(t)
	c.Write(t, "compose.yaml", document)
	c.Write(t, "main.tf", acctest.Provider(host)+fmt.Sprintf(
		"resource \"homelab_stack\" \"this\" {\n  name = %q\n  compose = file(\"compose.yaml\")\n  %s\n}\n", name, strings.Join(arguments, "\n  ")))
	return name
}

const (
	atCompose = `compose = `
	atNode    = `node = `
	atName    = `name = `
	// atStack is what an error points to that no attribute is at fault for.
	atStack = `resource "homelab_stack" "this"`
)

const oneService = "services: {web: {image: homelab.test/app:1}}"

func TestAccStack_BadDocument_ErrorNamesPlaceAndWayOut(t *testing.T) {
	for name, tc := range map[string]struct {
		document, at string
		words        []string
	}{
		"syntax":      {"services:\n  web:\n    image: [app\n", atCompose, []string{"Line "}},
		"unknown key": {"services:\n  web:\n    image: homelab.test/app:1\n    imagge: x\n", atCompose, []string{"Line 4: ", `"imagge"`}},
		"required variable": {"services: {web: {image: \"app:${TAG:?say which version}\"}}", `variables = `,
			[]string{`"TAG"`, "say which version", "services.web.image", "set it in variables or secrets"}},
		"unknown dependency": {"services: {web: {image: homelab.test/app:1, depends_on: [ghost]}}", atCompose,
			[]string{`"web"`, `"ghost"`, "does not exist"}},
		"cycle": {"services: {a: {image: homelab.test/app:1, depends_on: [b]}, b: {image: homelab.test/app:1, depends_on: [a]}}", atCompose,
			[]string{"circle", "a -> b -> a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.NewCLI(t)
			oneStack(t, c, labtest.Host(t), tc.document, "variables = {}")
			requireSaid(t, errorsOf(t, c, "plan"), "Invalid Compose project", tc.at, tc.words...)
		})
	}
}

func TestAccStack_NodeUnusable_ErrorSaysWhichAndWhy(t *testing.T) {
	dead := filepath.Join(t.TempDir(), "dead.sock")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	listener.Close()
	for name, tc := range map[string]struct {
		host, node, summary, at string
		words                   []string
	}{
		"not configured": {"unix:///run/docker.sock", "overwatch", "Unknown node", atNode, []string{`"overwatch"`, `Known nodes: "local"`}},
		"no socket":      {"unix:///nowhere/docker.sock", "local", "Unable to reach node", atStack, []string{`"local"`, "there is no socket /nowhere/docker.sock", "Start the Docker engine"}},
		"no answer":      {"unix://" + dead, "local", "Unable to reach node", atStack, []string{`"local"`, dead, "refused", "Start the Docker engine"}},
		"too old": {oldEngine(t), "local", "Engine too old", atStack,
			[]string{`"local"`, "version 19.03.15", "API 1.40", "API 1.41", "Upgrade the engine"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.NewCLI(t)
			oneStack(t, c, tc.host, oneService, "node = \""+tc.node+"\"")
			requireSaid(t, errorsOf(t, c, "plan"), tc.summary, tc.at, tc.words...)
		})
	}
}

// oldEngine answers as Docker Engine 19.03 does, and returns its address.
func oldEngine(t *testing.T) string {
	return acctest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Api-Version", "1.40")
		if strings.HasSuffix(req.URL.Path, "/version") {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"Version":"19.03.15","ApiVersion":"1.40","MinAPIVersion":"1.12"}`))
		}
	}))
}

func TestAccStack_ImageMissingAndNeverPulled_PlanSaysSo(t *testing.T) {
	t.Parallel()
	c := acctest.NewCLI(t)
	oneStack(t, c, labtest.Host(t), "services: {web: {image: \"homelab.test/absent:1\"}}", `pull = "never"`)
	requireSaid(t, errorsOf(t, c, "plan"), "Stack cannot be applied", atCompose, `"homelab.test/absent:1"`, `service "web"`, `pull = "missing"`)
}

func TestAccStack_RegistryDoesNotAnswer_ApplySaysWhichAndWhy(t *testing.T) {
	t.Parallel()
	c := acctest.NewCLI(t)
	name := oneStack(t, c, labtest.Host(t), "services: {web: {image: \"localhost:1/absent:1\"}}")
	sweepStack(t, labtest.Engine(t), name)
	requireSaid(t, errorsOf(t, c, "apply", "-auto-approve"), "Unable to converge stack", atStack,
		`Service "web" of stack "`+name+`" on node "local"`, "localhost:1/absent:1", "connection refused", "registry does not answer the node")
}

func TestAccStack_PortHeldByAnotherStack_PlanAndApplyNameItsService(t *testing.T) {
	t.Parallel()
	c, engine, port := acctest.NewCLI(t), labtest.Engine(t), freePort(t)
	document := fmt.Sprintf("services: {web: {image: homelab.test/app:1, ports: [\"%d:8080\"]}}", port)
	holder := oneStack(t, c, labtest.Host(t), document)
	sweepStack(t, engine, holder)
	c.Apply(t)
	other := acctest.NewCLI(t)
	sweepStack(t, engine, oneStack(t, other, labtest.Host(t), document))
	taken := []string{fmt.Sprintf("port %d/tcp", port), `service "web" of stack "` + holder + `"`}
	warnings := withoutOverrides(diagnosticsIn(t, other.Must(t, []string{"plan", "-json"}), "warning"))
	if len(warnings) != 1 || !strings.Contains(warnings[0].detail, taken[0]) || !strings.Contains(warnings[0].detail, taken[1]) || !strings.Contains(warnings[0].detail, "depends_on") {
		t.Errorf("warnings: %+v", warnings)
	}
	requireSaid(t, errorsOf(t, other, "apply", "-auto-approve"), "Stack cannot be applied", atCompose, append(taken, "Publish another port")...)
}

func TestAccStack_PortHeldByAProgram_ApplySaysWhoMayHaveIt(t *testing.T) {
	t.Parallel()
	c, port := acctest.NewCLI(t), freePort(t)
	listener, err := labtest.Node(t).Listen(port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	name := oneStack(t, c, labtest.Host(t), fmt.Sprintf("services: {web: {image: homelab.test/app:1, ports: [\"%d:8080\"]}}", port))
	sweepStack(t, labtest.Engine(t), name)
	requireSaid(t, errorsOf(t, c, "apply", "-auto-approve"), "Unable to converge stack", atStack,
		fmt.Sprint(port), "address already in use", "a program outside Docker", "ss -ltnp")
}

func TestAccStack_ProjectOfSomethingElse_IsRefusedWithTheImportCommand(t *testing.T) {
	t.Parallel()
	c, engine := acctest.NewCLI(t), labtest.Engine(t)
	name := oneStack(t, c, labtest.Host(t), oneService)
	sweepStack(t, engine, name)
	id := foreignContainer(t, engine, name)
	requireSaid(t, errorsOf(t, c, "plan"), "Stack cannot be applied", atName,
		"terraform import ADDRESS local/"+name, `id = "local/`+name+`"`, "choose another name", "docker compose -p "+name+" down")
	c.Must(t, []string{"import", "-no-color", "homelab_stack.this", "local/" + name})
	c.Must(t, []string{"plan", "-no-color"})
	requireEqual(t, "the container", containerID(t, engine, name+"-web-1"), id)
}

// foreignContainer makes what Docker Compose would, and returns its ID.
func foreignContainer(t *testing.T, engine *client.Client, project string) string {
	t.Helper()
	made, err := engine.ContainerCreate(t.Context(), &container.Config{Image: images.AppV1, Labels: map[string]string{
		"com.docker.compose.project": project, "com.docker.compose.service": "web",
		"com.docker.compose.container-number": "1", "com.docker.compose.oneoff": "False",
	}}, nil, nil, nil, project+"-web-1")
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}
