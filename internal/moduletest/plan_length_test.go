package moduletest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// longestPlan is how many lines the first plan of six services may have.
const longestPlan = 350

// sixServices is a call of the module media as people write it.
const sixServices = `
module "media" {
  source      = "./modules/media"
  node        = "local"
  name        = %[1]q
  timezone    = "Europe/Madrid"
  user        = { uid = 2000, gid = 2000 }
  data_root   = "/data"
  config_root = "/opt/appdata"
  ingress     = { kind = "traefik", domain = "home.arpa", network = %[1]q }
  services = {
    plex        = {}
    radarr      = {}
    sonarr      = {}
    prowlarr    = {}
    bazarr      = {}
    qbittorrent = {}
  }
}
`

func TestAccModulePlan_SixServices_IsShortAndSaysEachThingOnce(t *testing.T) {
	labtest.Require(t)
	t.Parallel()
	root, err := acctest.Root()
	if err != nil {
		t.Fatal(err)
	}
	cli := acctest.NewCLI(t)
	if err := os.Symlink(filepath.Join(root, "modules"), filepath.Join(cli.Dir, "modules")); err != nil {
		t.Fatal(err)
	}
	name, engine := acctest.Name(t), labtest.Engine(t)
	ingress, err := engine.NetworkCreate(t.Context(), name, network.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.NetworkRemove(t.Context(), ingress.ID) }()
	cli.Write(t, "main.tf", acctest.Provider(labtest.Host(t))+fmt.Sprintf(sixServices, name))
	cli.Must(t, []string{"get", "-no-color"})
	_, plan, _ := strings.Cut(cli.Must(t, []string{"plan", "-no-color"}).Stdout, "Terraform will perform")
	if lines := strings.Count(plan, "\n"); lines > longestPlan || lines < longestPlan/2 {
		t.Errorf("the plan has %d lines, and may have %d:\n%s", lines, longestPlan, plan)
	}
	for _, said := range []string{`"/opt/appdata/radarr" = {`, "lscr.io/linuxserver/sonarr", "rule: \"Host(`bazarr.home.arpa`)\"", `= "healthy"`, "memory: 4g"} {
		if !strings.Contains(plan, said) {
			t.Errorf("the plan does not say %s:\n%s", said, plan)
		}
	}
}
