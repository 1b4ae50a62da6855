# Each validation refuses what it is about. Terraform plans no root module that has
# ephemeral outputs, so what is planned is the module without them: tests/inputs are
# links to its files.

provider "homelab" {}

variables {
  seed         = "0123456789abcdef0123456789abcdef"
  not_before   = "2026-01-01"
  certificates = {}
}

run "name_empty" {
  command         = plan
  expect_failures = [var.name]

  module {
    source = "./tests/inputs"
  }

  variables {
    name = ""
  }
}

run "not_before_no_day" {
  command         = plan
  expect_failures = [var.not_before]

  module {
    source = "./tests/inputs"
  }

  variables {
    not_before = "2026-02-30"
  }
}

run "years_too_many" {
  command         = plan
  expect_failures = [var.years]

  module {
    source = "./tests/inputs"
  }

  variables {
    years = 51
  }
}

run "certificate_name" {
  command         = plan
  expect_failures = [var.certificates]

  module {
    source = "./tests/inputs"
  }

  variables {
    certificates = { "a b" = { profile = "client" } }
  }
}

run "profile" {
  command         = plan
  expect_failures = [var.certificates]

  module {
    source = "./tests/inputs"
  }

  variables {
    certificates = { web = { profile = "browser", dns_names = ["web"] } }
  }
}

run "server_without_names" {
  command         = plan
  expect_failures = [var.certificates]

  module {
    source = "./tests/inputs"
  }

  variables {
    certificates = { web = { profile = "server" } }
  }
}

run "common_name_too_long" {
  command         = plan
  expect_failures = [var.certificates]

  module {
    source = "./tests/inputs"
  }

  variables {
    certificates = { web = { profile = "client", common_name = join("", [for i in range(65) : "x"]) } }
  }
}

run "address_with_prefix" {
  command         = plan
  expect_failures = [var.certificates]

  module {
    source = "./tests/inputs"
  }

  variables {
    certificates = { web = { profile = "server", ip_addresses = ["10.0.0.1/24"] } }
  }
}

run "certificate_not_before" {
  command         = plan
  expect_failures = [var.certificates]

  module {
    source = "./tests/inputs"
  }

  variables {
    certificates = { web = { profile = "client", not_before = "tomorrow" } }
  }
}

run "days_none" {
  command         = plan
  expect_failures = [var.certificates]

  module {
    source = "./tests/inputs"
  }

  variables {
    certificates = { web = { profile = "client", days = 0 } }
  }
}
