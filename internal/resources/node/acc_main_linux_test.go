package node_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestMain(m *testing.M) {
	if os.Getenv(rootlessVariable) != "" {
		if err := runRootless(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	labtest.Main(m)
}

// requireAcceptance skips the test unless acceptance tests are asked for: before
// an engine is started for it.
func requireAcceptance(t *testing.T) {
	t.Helper()
	if os.Getenv(resource.EnvTfAcc) == "" {
		t.Skipf("acceptance tests run with %s=1", resource.EnvTfAcc)
	}
}
