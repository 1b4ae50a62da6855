package subnet_test

import (
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }
