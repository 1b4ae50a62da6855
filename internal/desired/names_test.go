package desired

import (
	"maps"
	"slices"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

// answers are how engines list the aliases that they were sent, by the release
// and the API that the client speaks (moby: updateNetworkConfig up to 24, and
// since 25 getContainersByName).
var answers = map[string]func(sent []string, hostname string) []string{
	"20.10 to 24": func(sent []string, _ string) []string { return append(slices.Clone(sent), shortID) },
	"25 and later, API before 1.45": func(sent []string, hostname string) []string {
		return distinct(append(slices.Clone(sent), shortID, hostname))
	},
	"25 and later":                     func(sent []string, _ string) []string { return sent },
	"20.10, made by docker-compose v1": func(sent []string, _ string) []string { return append([]string{shortID}, sent[1:]...) },
}

// A name that the container answers to anyway is no difference, however it came
// among the aliases, and however an engine lists it.
func TestExtract_NamesOfAContainer_AreTheSameOnEveryEngine(t *testing.T) {
	for name, c := range map[string]struct {
		containerName, hostname, nodesHostname string
		own                                    []string
	}{
		"plain":                               {},
		"named like its service":              {containerName: "web"},
		"another name":                        {containerName: "shop"},
		"another name, that is also an alias": {containerName: "shop", own: []string{"shop"}},
		"an alias like the default name":      {own: []string{"home-web-1", "home-web-2", "home-web-x", "home-web"}},
		"another name, and the default one":   {containerName: "shop", own: []string{"home-web-1"}},
		"host name like the service":          {hostname: "web"},
		"host name like an alias":             {hostname: "www", own: []string{"www"}},
		"host name with dots":                 {hostname: "web.example.org", own: []string{"web.example.org"}},
		"all of one name":                     {containerName: "web", hostname: "web", own: []string{"web"}},
		"the node's host name":                {nodesHostname: "nas"},
		"the node's host name, and an alias":  {nodesHostname: "nas", own: []string{"nas"}},
		"the node's, like the service":        {nodesHostname: "web"},
		"the node's, like the container":      {nodesHostname: "nas", containerName: "nas"},
	} {
		for engine, answer := range answers {
			s := Service{Name: "web", ContainerName: c.containerName, DefaultName: "home-web", Config: container.Config{Hostname: c.hostname}}
			got := View{Config: &container.Config{Hostname: c.hostname}, Host: &s.Host, ShortID: shortID, DefaultName: "home-web",
				Names: []string{c.containerName}, Networks: map[string]*network.EndpointSettings{}}
			if c.containerName == "" {
				got.Names = []string{"home-web-1"}
			}
			switch {
			case c.nodesHostname != "":
				s.Host.UTSMode, got.Config.Hostname = "host", c.nodesHostname
			case c.hostname == "":
				got.Config.Hostname = shortID
			}
			for _, name := range []string{"home_default", "proxy"} { // networks that the stack made and external ones
				settings := network.EndpointSettings{Aliases: append([]string{"web"}, c.own...)}
				s.Networks = append(s.Networks, Attachment{Network: name, Settings: settings})
				sent := append(slices.Clone(got.Names), settings.Aliases...)
				got.Networks[name] = &network.EndpointSettings{Aliases: answer(sent, got.Config.Hostname)}
			}
			want, have := s.Spec(nil).Below("networks."), Extract(got).Below("networks.")
			if !maps.Equal(want, have) {
				t.Errorf("%s, engine %s: asked for %v, answered %v", name, engine, want, have)
			}
		}
	}
}

func TestExtract_NoAliasesOfItsOwn_AnswersToItsNameOnly(t *testing.T) {
	for name, view := range map[string]View{
		"made with docker run":          {Names: []string{"web"}, ShortID: shortID},
		"connected again by hand":       {Names: []string{"web"}, DefaultName: "home-web"},
		"a number that is not a number": {DefaultName: "home-web"},
	} {
		view.Networks = map[string]*network.EndpointSettings{"n": {Aliases: []string{"www", "home-web-1x"}}}
		if got := Extract(view)["networks.n.aliases"]; got != "home-web-1x, www" {
			t.Errorf("%s: %q", name, got)
		}
	}
}
