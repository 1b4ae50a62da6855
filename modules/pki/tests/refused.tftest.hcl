mock_provider "homelab" {}

variables {
  seed         = "0123456789abcdef0123456789abcdef"
  not_before   = "2026-01-01"
  certificates = {}
}

run "day" {
  command = plan
  variables {
    not_before = "2026-13-01"
  }
  expect_failures = [var.not_before]
}

run "years" {
  command = plan
  variables {
    years = 0
  }
  expect_failures = [var.years]
}

run "authority" {
  command = plan
  variables {
    name = ""
  }
  expect_failures = [var.name]
}

run "name" {
  command = plan
  variables {
    certificates = { "Not a name" = { profile = "client" } }
  }
  expect_failures = [var.certificates]
}

run "profile" {
  command = plan
  variables {
    certificates = { a = { profile = "intermediate" } }
  }
  expect_failures = [var.certificates]
}

run "nobody" {
  command = plan
  variables {
    certificates = { a = { profile = "server" } }
  }
  expect_failures = [var.certificates]
}
