// Package leaks_test holds the tests of what has to stay secret, and of what can
// be planned without it.
package leaks_test

import (
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestMain(m *testing.M) {
	lab.MaybeInit() // before the flags: a lab's processes are this program with others
	labtest.Main(m)
}
