package node_test

import (
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// links has a user of the node redirect a managed directory of hers, by a symbolic
// link to each kind of place, before the plan, between plan and apply, and between
// the last look of an apply and its write.
func (h *house) links() {
	h.recorder = acctest.Record(h.T, h.node.Host)
	for _, dir := range []string{"/srv/people", "/srv/people/alice", "/srv/people/alice/site", "/srv/people/alice/site/ssl"} {
		h.mkdir(dir, 1000, 1000, 0o755)
	}
	h.must(os.Chown(h.at("/srv/people"), 0, 0))
	for _, dir := range []string{"/srv/victim", "/srv/victim/ssl", "/srv/victim/site", "/srv/victim/site/ssl", "/opt/victim", "/opt/victim/ssl", "/opt/victim/site", "/opt/victim/site/ssl"} {
		h.must(os.MkdirAll(h.at(dir), 0o700))
	}
	cli := acctest.NewCLI(h)
	gid := func(gid string) {
		cli.Write(h, "main.tf", h.config(`"/srv/people/alice/site/ssl" = { uid = 1000, gid = `+gid+`, mode = "0755" }`))
	}
	gid("1000")
	cli.Apply(h)
	defer cli.Must(h, []string{"destroy", "-auto-approve"})

	gid("1001")
	cli.Must(h, []string{"plan", "-out=saved"})
	for _, c := range []struct{ dir, leadsTo, said string }{
		{"/srv/people/alice/site", "/opt/victim", "/srv/people/alice/site, above /srv/people/alice/site/ssl, is a symbolic link to /opt/victim."},
		{"/srv/people/alice/site", "../../victim", "is a symbolic link to /srv/victim. Links are not followed"},
		{"/srv/people/alice/site/ssl", "/opt/victim/ssl", "/srv/people/alice/site/ssl is a symbolic link to /opt/victim/ssl."},
		{"/srv/people/alice", "/opt/victim", "write /opt/victim/site/ssl instead of /srv/people/alice/site/ssl;"},
		{"/srv/people/alice", "/srv/victim", "On the node /srv/people/alice, above"},
	} {
		back := h.redirect(c.dir, c.leadsTo)
		for _, command := range [][]string{{"plan"}, {"apply", "saved"}} {
			h.refuses(cli, c.said, command...)
		}
		back()
		// Stale by now: the refused apply said what is there.
		cli.Must(h, []string{"apply", "-refresh-only", "-auto-approve"})
		cli.Must(h, []string{"plan", "-out=saved"})
	}

	var once sync.Once
	back := func() {}
	h.recorder.Before = func(r acctest.Request) {
		if r.Method == http.MethodPut && strings.HasSuffix(r.Path, "/archive") {
			once.Do(func() { back = h.redirect("/srv/people/alice/site", "../../victim") })
		}
	}
	h.refuses(cli, "/srv/people/alice/site, above /srv/people/alice/site/ssl, is a symbolic link", "apply", "-auto-approve")
	h.recorder.Before = nil
	back()
	cli.Apply(h)
	if err := h.expect("/srv/people/alice/site/ssl", 1000, 1001, 0o755); err != nil {
		h.Error(err)
	}
}

// redirect puts a symbolic link where a directory was; back undoes that.
func (h *house) redirect(dir, leadsTo string) (back func()) {
	h.must(os.Rename(h.at(dir), h.at(dir)+".old"))
	h.must(os.Symlink(leadsTo, h.at(dir)))
	return func() {
		h.must(os.Remove(h.at(dir)))
		h.must(os.Rename(h.at(dir)+".old", h.at(dir)))
	}
}

// refuses has a command of Terraform fail, and nothing of the victims change.
func (h *house) refuses(cli *acctest.CLI, said string, command ...string) {
	h.Helper()
	result := cli.Run(h, append([]string{command[0], "-no-color"}, command[1:]...)...)
	text := strings.Join(strings.Fields(strings.ReplaceAll(result.Stderr, "│", "")), " ")
	if result.Code == 0 || !strings.Contains(text, said) {
		h.Errorf("%v ended with code %d, without %q:\n%s%s", command, result.Code, said, result.Stdout, result.Stderr)
	}
	for _, victim := range []string{"/srv/victim/ssl", "/srv/victim/site/ssl", "/opt/victim/ssl", "/opt/victim/site/ssl"} {
		if err := h.expect(victim, 0, 0, 0o700); err != nil {
			h.Error(err)
		}
	}
}
