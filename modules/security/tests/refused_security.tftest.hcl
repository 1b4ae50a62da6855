# Each validation refuses what it is about.

mock_provider "homelab" {}

run "collection" {
  command         = plan
  expect_failures = [var.crowdsec]

  variables {
    crowdsec = { collections = ["sshd"] }
  }
}

run "trusted" {
  command         = plan
  expect_failures = [var.crowdsec]

  variables {
    crowdsec = { trusted = ["the lan"] }
  }
}

run "jail_name" {
  command         = plan
  expect_failures = [var.jails]

  variables {
    logs  = { host = { source = "/var/log", files = ["auth.log"] } }
    jails = { a-name-that-iptables-has-no-room-for = { log = "host", filter = "sshd" } }
  }
}

run "jail_of_an_unknown_log" {
  command         = plan
  expect_failures = [var.logs]

  variables {
    jails = { sshd = { log = "host", filter = "sshd" } }
  }
}

run "jail_without_host" {
  command         = plan
  expect_failures = [var.jails]

  variables {
    logs  = { host = { source = "/var/log", files = ["auth.log"] } }
    jails = { sshd = { log = "host", failregex = ["failed"] } }
  }
}

run "jail_bantime" {
  command         = plan
  expect_failures = [var.jails]

  variables {
    logs  = { host = { source = "/var/log", files = ["auth.log"] } }
    jails = { sshd = { log = "host", filter = "sshd", bantime = "for good" } }
  }
}

run "jail_chain" {
  command         = plan
  expect_failures = [var.jails]

  variables {
    logs  = { host = { source = "/var/log", files = ["auth.log"] } }
    jails = { sshd = { log = "host", filter = "sshd", chain = "FORWARD" } }
  }
}

run "netalertx_subnet" {
  command         = plan
  expect_failures = [var.netalertx]

  variables {
    netalertx = { subnets = { lan = "eth0" } }
  }
}

run "netalertx_ports" {
  command         = plan
  expect_failures = [var.netalertx]

  variables {
    netalertx = { port = 20212 }
  }
}

run "wazuh_heap" {
  command         = plan
  expect_failures = [var.wazuh]

  variables {
    wazuh = { heap = "much" }
  }
}

run "wazuh_max_map_count" {
  command         = plan
  expect_failures = [var.wazuh]

  variables {
    wazuh = { max_map_count = 0 }
  }
}

run "wazuh_open_files" {
  command         = plan
  expect_failures = [var.wazuh]

  variables {
    wazuh = { open_files = 100 }
  }
}

run "wazuh_agents" {
  command         = plan
  expect_failures = [var.wazuh]

  variables {
    wazuh = { agents = "everywhere" }
  }
}
