# Each validation refuses what it is about.

mock_provider "homelab" {}

run "prefix" {
  command         = plan
  expect_failures = [var.prefix]

  variables {
    prefix = "-home"
  }
}

run "zone" {
  command         = plan
  expect_failures = [var.networks]

  variables {
    networks = { db = { zone = "secret" } }
  }
}

run "open_data" {
  command         = plan
  expect_failures = [var.networks]

  variables {
    networks = { db = { zone = "data", internal = false } }
  }
}

run "network_cidr" {
  command         = plan
  expect_failures = [var.networks]

  variables {
    networks = { db = { zone = "data", cidr = "fd00:22::/64" } }
  }
}

run "network_ipv6_cidr" {
  command         = plan
  expect_failures = [var.networks]

  variables {
    networks = { db = { zone = "data", ipv6_cidr = "172.22.0.0/24" } }
  }
}

run "site" {
  command         = plan
  expect_failures = [var.site]

  variables {
    site = "10.0.0.0"
  }
}

run "vlans_without_a_site" {
  command         = plan
  expect_failures = [var.site]

  variables {
    vlans = { iot = { vlan_id = 30 } }
  }
}

run "vlan_id" {
  command         = plan
  expect_failures = [var.vlans]

  variables {
    site  = "10.0.0.0/16"
    vlans = { iot = { vlan_id = 4095 } }
  }
}

run "kind" {
  command         = plan
  expect_failures = [var.vlans]

  variables {
    site  = "10.0.0.0/16"
    vlans = { iot = { vlan_id = 30, kind = "things" } }
  }
}

run "range_and_length" {
  command         = plan
  expect_failures = [var.vlans]

  variables {
    site  = "10.0.0.0/16"
    vlans = { iot = { vlan_id = 30, cidr = "10.0.30.0/25", prefix_length = 25 } }
  }
}

run "nodes_without_an_interface" {
  command         = plan
  expect_failures = [var.vlans]

  variables {
    site  = "10.0.0.0/16"
    vlans = { iot = { vlan_id = 30, nodes = ["atlas"] } }
  }
}

run "reaches_itself" {
  command         = plan
  expect_failures = [var.vlans]

  variables {
    site  = "10.0.0.0/16"
    vlans = { iot = { vlan_id = 30, reaches = ["iot"] } }
  }
}

run "driver" {
  command         = plan
  expect_failures = [var.driver]

  variables {
    driver = "bridge"
  }
}

run "attachment_to_no_interface" {
  command         = plan
  expect_failures = [var.attachments]

  variables {
    attachments = { atlas = { parent = "/dev/eth0" } }
  }
}
