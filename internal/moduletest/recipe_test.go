package moduletest

import (
	"os"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// Every program of a recipe runs in its image: no library is missing.
func TestAccModuleRecipes_EachProgram_Runs(t *testing.T) {
	acctest.NewCLI(t) // skips without TF_ACC
	if os.Getenv(allVariable) == "" {
		t.Skip("make test-modules runs this test")
	}
	engine := labtest.Engine(t)
	m, err := makers()
	if err != nil {
		t.Fatal(err)
	}
	for name, command := range map[string]string{
		"nginx": "nginx -V", "caddy": "caddy version", "unbound": "unbound -V", "postgres": "postgres --version", "redis": "redis-server --version",
		"fail2ban": "fail2ban-server --version", "qbittorrent": "qbittorrent-nox --version", "glances": "glances --version", "crowdsec": "cscli version",
	} {
		t.Run(name, func(t *testing.T) {
			recipe, err := images.ReadRecipe(name)
			if err != nil {
				t.Fatal(err)
			}
			ref := acctest.Name(t) + ":1"
			img, err := recipe.Image(t.Context(), m.cache, ref, 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := images.Load(t.Context(), engine, img); err != nil {
				t.Fatal(err)
			}
			h := &Homelabs{Engine: engine}
			words := strings.Fields(command)
			made, err := engine.ContainerCreate(t.Context(), &container.Config{
				Image: ref, Entrypoint: words[:1], Cmd: words[1:],
				Labels: map[string]string{"com.docker.compose.project": ref, "com.docker.compose.service": "app"},
			}, &container.HostConfig{}, &network.NetworkingConfig{}, nil, "")
			if err == nil {
				err = engine.ContainerStart(t.Context(), made.ID, container.StartOptions{})
			}
			if err != nil {
				t.Fatal(err)
			}
			Eventually(t, "the program ends", func() error { return h.ended(t, ref, 0) })
			t.Log(h.Logs(t, ref, "app"))
			if err := engine.ContainerRemove(t.Context(), made.ID, container.RemoveOptions{Force: true, RemoveVolumes: true}); err != nil {
				t.Error(err)
			}
		})
	}
}
