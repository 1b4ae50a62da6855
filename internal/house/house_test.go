package house_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestHouse_Repository_KeepsEveryRule is the check of the repository itself.
func TestHouse_Repository_KeepsEveryRule(t *testing.T) {
	t.Parallel()
	files := readRepository(t)
	if len(files) == 0 {
		t.Fatal("no Go files found: the check looks in the wrong place")
	}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			t.Parallel()
			for _, offence := range rule.broken(files) {
				t.Errorf("%s\n\tbecause %s", offence, rule.reason)
			}
		})
	}
}

// example is a small source file; line n of the body is line n of the file.
type example struct{ path, body string }

func imports(paths ...string) string {
	var b strings.Builder
	b.WriteString("package p\n")
	for _, path := range paths {
		fmt.Fprintf(&b, "import _ %q\n", path)
	}
	return b.String()
}

func own(name string) string { return module + "/internal/" + name }

// TestHouse_EachRule_Fails proves that each rule finds what it forbids, and that
// it leaves alone what only looks like it.
func TestHouse_EachRule_Fails(t *testing.T) {
	t.Parallel()
	longBody := "package p\n" + strings.Repeat("\n", maxLines)
	cases := []struct {
		rule     string
		broken   []example
		unbroken []example
	}{
		{"compose-go",
			[]example{{"internal/resources/stack/a.go", imports(composeGo + "/v2/types")}},
			[]example{{"internal/compose/a.go", imports(composeGo + "/v2/types")}, {"internal/resources/stack/a_test.go", imports(composeGo + "/v2/types")}}},
		{"docker client",
			[]example{{"internal/execute/a.go", imports(client)}},
			[]example{{"internal/engine/fleet/a.go", imports(client)}, {"internal/lab/labtest/a.go", imports(client)}, {"internal/execute/a.go", imports(client + "x")}}},
		{"wire types",
			[]example{{"internal/plan/a.go", imports(wireTypes + "/container")}, {"internal/resources/stack/a.go", imports(wireTypes)}},
			[]example{{"internal/observed/a.go", imports(wireTypes + "/container")}}},
		{"framework",
			[]example{{"internal/core/a.go", imports(framework + "/types")}, {"internal/plan/a.go", imports(framework + "-validators/stringvalidator")}},
			[]example{{"main.go", imports(framework + "/providerserver")}, {"internal/resources/subnet/a.go", imports(framework + "/types")}}},
		{"SOPS stays outside",
			[]example{{"internal/sops/a.go", imports(sopsLibrary + "/v3/decrypt")}, {"internal/resources/sopsfile/a.go", imports(own("sops/decrypt"))}},
			[]example{{"internal/sops/decrypt/a.go", imports(sopsLibrary + "/v3")}, {"internal/sops/cmd/homelab-sops/a.go", imports(own("sops/decrypt"))},
				{"internal/resources/sopsfile/a_test.go", imports(sopsLibrary + "/v3")}, {"internal/resources/sopsfile/a.go", imports(own("sops"))}}},
		{"plan is pure",
			[]example{
				{"internal/plan/a.go", imports("context")},
				{"internal/plan/b.go", imports("os/exec")},
				{"internal/plan/n.go", imports("net")},
				{"internal/plan/c.go", imports("math/rand/v2")},
				{"internal/plan/d.go", "package p\nimport clock \"time\"\nvar now = clock.Now()\n"},
			},
			[]example{
				{"internal/plan/a.go", "package p\nimport \"time\"\nvar wait time.Duration = time.Second\n"},
				{"internal/plan/a_test.go", imports("context", "os")},
				{"internal/plan/b.go", imports("net/netip")},
				{"internal/engine/fleet/a.go", imports("context", "net", "os")},
			}},
		{"layers",
			[]example{
				{"internal/desired/a.go", imports(own("observed"))},
				{"internal/observed/a.go", imports(own("plan"))},
				{"internal/plan/a.go", imports(own("execute"))},
				{"internal/execute/a.go", imports(own("fleet"))},
				{"internal/core/a.go", imports(own("compose"))},
				{"internal/core/b.go", imports(own("stack"))},
				{"internal/misc/a.go", imports()},
			},
			[]example{
				{"internal/plan/a.go", imports(own("desired"), own("observed"))},
				{"internal/core/a.go", imports(own("execute"), own("registry"))},
				{"internal/engine/fleet/ssh/a.go", imports(own("fleet/host"))},
			}},
		{"concepts",
			[]example{{"internal/resources/stack/a.go", imports(own("compose"))}, {"internal/resources/stack/b.go", imports(own("address"))}},
			[]example{{"internal/resources/stack/a.go", imports(own("compose"), own("core"), own("desired"))}, {"internal/resources/subnet/a.go", imports(own("address"), own("subnet/x"))}}},
		{"provider",
			[]example{{"internal/provider/a.go", imports(own("compose"))}},
			[]example{{"internal/provider/a.go", imports(own("stack"), own("fleet"))}}},
		{"main",
			[]example{{"main.go", imports(own("fleet"))}},
			[]example{{"main.go", imports(own("provider"))}}},
		{"lab",
			[]example{{"internal/provider/a.go", imports(own("lab/labtest"))}},
			[]example{{"internal/provider/a_test.go", imports(own("lab/labtest"))}, {"internal/lab/cmd/lab/main.go", imports(own("lab"))}}},
		{"background context",
			[]example{
				{"internal/engine/fleet/a.go", "package p\nimport \"context\"\nvar ctx = context.Background()\n"},
				{"internal/engine/fleet/b.go", "package p\nimport c \"context\"\nvar ctx = c.TODO()\n"},
			},
			[]example{
				{"main.go", "package p\nimport \"context\"\nvar ctx = context.Background()\n"},
				{"internal/engine/fleet/a_test.go", "package p\nimport \"context\"\nvar ctx = context.Background()\n"},
				{"internal/engine/fleet/b.go", "package p\n// context.Background() is not for here.\nimport \"context\"\nvar _ context.Context\n"},
			}},
		{"local files",
			[]example{
				{"internal/compose/a.go", "package p\nimport \"os\"\nvar text, err = os.ReadFile(\"a\")\n"},
				{"internal/engine/fleet/a.go", "package p\nimport \"os\"\nvar file, err = os.Open(\"a\")\n"},
			},
			[]example{
				{"internal/localfile/a.go", "package p\nimport \"os\"\nvar file, err = os.OpenFile(\"a\", 0, 0)\n"},
				{"internal/lab/a.go", "package p\nimport \"os\"\nvar text, err = os.ReadFile(\"a\")\n"},
				{"internal/compose/a_test.go", "package p\nimport \"os\"\nvar text, err = os.ReadFile(\"a\")\n"},
			}},
		{"evaluation order",
			[]example{
				{"internal/engine/fleet/a.go", "package p\nfunc f() (int, error) { n := 0; return n, group.Wait() }\n"},
				{"internal/engine/fleet/b.go", "package p\nfunc f() (n int, err error) { return n, in.Decode(&n) }\n"},
			},
			[]example{
				{"internal/engine/fleet/a.go", "package p\nfunc f() (int, error) { n := 0; err := group.Wait(); return n, err }\n"},
				{"internal/engine/fleet/b.go", "package p\nfunc f() (m, n int, err error) { return m, 1, in.Decode(&n) }\n"},
				{"internal/engine/fleet/c.go", "package p\nfunc f() error { return group.Wait() }\n"},
			}},
		{"deadline",
			[]example{
				{"internal/engine/fleet/a.go", "package p\nfunc f() { clean(context.WithoutCancel(ctx)) }\n"},
				{"internal/engine/fleet/b.go", "package p\nfunc f() { ctx = context.WithoutCancel(ctx) }\n"},
			},
			[]example{
				{"internal/engine/fleet/a.go", "package p\nfunc f() { ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit); defer cancel() }\n"},
				{"internal/engine/fleet/b.go", "package p\nfunc f() { shared := context.WithoutCancel(ctx); ask(shared) }\n"},
				{"internal/lab/a.go", "package p\nfunc f() { clean(context.WithoutCancel(ctx)) }\n"},
			}},
		{"programs end",
			[]example{
				{"internal/engine/fleet/a.go", "package p\nfunc f() { exec.Command(\"ls\").Run() }\n"},
				{"internal/sops/a.go", "package p\nfunc f() { cmd := exec.CommandContext(ctx, \"ls\"); cmd.Run() }\n"},
			},
			[]example{
				{"internal/sops/a.go", "package p\nfunc f() { cmd := exec.CommandContext(ctx, \"ls\"); cmd.WaitDelay = second; cmd.Run() }\n"},
				{"internal/sops/a_test.go", "package p\nfunc f() { exec.Command(\"ls\").Run() }\n"},
			}},
		{"file length",
			[]example{{"internal/plan/a.go", longBody}},
			[]example{{"internal/plan/a_test.go", longBody}, {"internal/plan/b.go", strings.TrimSuffix(longBody, "\n")}}},
	}

	proven := map[string]bool{}
	for _, c := range cases {
		proven[c.rule] = true
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			rule := ruleNamed(t, c.rule)
			// A concept's rule counts over files; the others must find each one.
			if got := rule.broken(parseAll(t, c.broken)); len(got) == 0 || (c.rule != "concepts" && len(got) != len(c.broken)) {
				t.Errorf("%d broken files give the offences %q", len(c.broken), got)
			}
			if got := rule.broken(parseAll(t, c.unbroken)); len(got) != 0 {
				t.Errorf("files that keep the rule give the offences %q", got)
			}
		})
	}
	for _, rule := range rules {
		if !proven[rule.name] {
			t.Errorf("no example breaks the rule %q", rule.name)
		}
	}
}

func ruleNamed(t *testing.T, name string) rule {
	t.Helper()
	for _, rule := range rules {
		if rule.name == name {
			return rule
		}
	}
	t.Fatalf("there is no rule %q", name)
	return rule{}
}

func parseAll(t *testing.T, examples []example) []file {
	t.Helper()
	files := make([]file, 0, len(examples))
	for _, e := range examples {
		parsed, err := parse(e.path, []byte(e.body))
		if err != nil {
			t.Fatalf("parse %s: %v", e.path, err)
		}
		files = append(files, parsed)
	}
	return files
}
