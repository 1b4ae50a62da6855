package moduletest

import (
	"strings"
	"testing"
)

func TestAccModule_Auth(t *testing.T) {
	query := func(t *testing.T, h *Homelabs, one Homelab, sql string) string {
		t.Helper()
		// By the network, with the password that the module generated.
		return strings.TrimSpace(h.MustExec(t, one.Name, "authentik-postgresql", "sh", "-c",
			`PGPASSWORD="$(/bin/busybox cat /run/secrets/postgresql_password)" psql -h authentik-postgresql -U authentik -d authentik -Atc "$0"`, sql))
	}
	Case{
		Module: "auth", Change: "authentik-postgresql", Kind: "postgresql",
		Check: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} {
				query(t, h, one, "create table kept (text text)")
				query(t, h, one, "insert into kept values ('of "+one.Name+"')")
				h.MustExec(t, one.Name, "authentik-redis", "redis-cli", "set", "kept", one.Name)
				h.requireOneClientSecret(t, one)
			}
		},
		Changed: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} { // the image of the first has changed
				if got := query(t, h, one, "select text from kept"); got != "of "+one.Name {
					t.Errorf("PostgreSQL of %s kept %q", one.Name, got)
				}
				if got := strings.TrimSpace(h.MustExec(t, one.Name, "authentik-redis", "redis-cli", "get", "kept")); got != one.Name {
					t.Errorf("Redis of %s kept %q", one.Name, got)
				}
			}
		},
	}.Run(t)
}

// requireOneClientSecret checks that the secret that a client is told of is a secret
// of the node, and the one that Authentik has for it.
func (h *Homelabs) requireOneClientSecret(t *testing.T, one Homelab) {
	t.Helper()
	var sso struct {
		Middleware string
		OIDC       map[string]struct{ Secret string }
	}
	h.Output(t, one, "sso", &sso)
	if sso.Middleware != one.Name+"-sso@docker" || sso.OIDC["grafana"].Secret != one.Name+"-client-grafana" {
		t.Errorf("sso of %s is %+v", one.Name, sso)
	}
	if secret := h.MustExec(t, one.Name, "authentik-worker", "/bin/busybox", "cat", "/run/secrets/client_grafana"); len(strings.TrimSpace(secret)) != 64 {
		t.Errorf("Authentik of %s has a client secret of %d characters", one.Name, len(secret))
	}
}
