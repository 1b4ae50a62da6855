# Each validation refuses what it is about.

mock_provider "homelab" {}

variables {
  user      = { uid = 2000, gid = 2000 }
  data_root = "/data"
  services  = { radarr = {} }
}

run "service_name" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { Radarr = { kind = "radarr" } }
  }
}

run "service_named_gluetun" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { gluetun = { kind = "radarr" } }
  }
}

run "kind_unknown" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { jellyfin = {} }
  }
}

run "gpu_unknown" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { plex = { gpu = "voodoo" } }
  }
}

run "gpu_for_others" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { radarr = { gpu = "intel" } }
  }
}

run "vpn_for_others" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { radarr = { vpn = true } }
    vpn      = { provider = "mullvad", secrets = { wireguard_private_key = "wg" } }
  }
}

run "library_path" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { radarr = { library = "a/b" } }
  }
}

run "publish_range" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { radarr = { publish = 70000 } }
  }
}

run "publish_twice" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { radarr = { publish = 8000 }, sonarr = { publish = 8000 } }
  }
}

run "peer_port_of_others" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { radarr = { peer_port = 6881 } }
  }
}

run "peer_port_behind_the_vpn" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { qbittorrent = { vpn = true, peer_port = 6881 } }
    vpn      = { provider = "mullvad", secrets = { wireguard_private_key = "wg" } }
  }
}

run "one_port_twice_behind_the_vpn" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { a = { kind = "qbittorrent", vpn = true, publish = 8081 }, b = { kind = "qbittorrent", vpn = true } }
    vpn      = { provider = "mullvad", secrets = { wireguard_private_key = "wg" } }
  }
}

run "host_ip_alone" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { radarr = { host_ip = "192.168.1.2" } }
  }
}

run "host_ip" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { radarr = { publish = 8000, host_ip = "eth0" } }
  }
}

run "vpn_missing" {
  command         = plan
  expect_failures = [var.vpn]

  variables {
    services = { qbittorrent = { vpn = true } }
  }
}

run "memory" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { radarr = { memory = "much" } }
  }
}

run "host" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { radarr = { host = "films.home.arpa" } }
  }
}

run "secret_in_the_environment" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { radarr = { environment = { RADARR__AUTH__APIKEY = "x" } } }
  }
}

run "secret_path" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { radarr = { secrets = { "../apikey" = "x" } } }
  }
}

run "one_host_twice" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { radarr = { host = "sonarr" }, sonarr = {} }
  }
}

run "vpn_provider" {
  command         = plan
  expect_failures = [var.vpn]

  variables {
    vpn = { provider = "Mullvad", secrets = { wireguard_private_key = "wg" } }
  }
}

run "vpn_type" {
  command         = plan
  expect_failures = [var.vpn]

  variables {
    vpn = { provider = "mullvad", type = "ipsec", secrets = { wireguard_private_key = "wg" } }
  }
}

run "vpn_secret_of_the_other_type" {
  command         = plan
  expect_failures = [var.vpn]

  variables {
    vpn = { provider = "mullvad", secrets = { openvpn_user = "user" } }
  }
}

run "vpn_without_secrets" {
  command         = plan
  expect_failures = [var.vpn]

  variables {
    vpn = { provider = "mullvad", secrets = {} }
  }
}

run "vpn_secret_in_the_environment" {
  command         = plan
  expect_failures = [var.vpn]

  variables {
    vpn = { provider = "mullvad", secrets = { wireguard_private_key = "wg" }, environment = { WIREGUARD_PRESHARED_KEY = "x" } }
  }
}

run "vpn_firewall_off" {
  command         = plan
  expect_failures = [var.vpn]

  variables {
    vpn = { provider = "mullvad", secrets = { wireguard_private_key = "wg" }, environment = { FIREWALL_ENABLED_DISABLING_IT_SHOOTS_YOU_IN_YOUR_FOOT = "off" } }
  }
}

run "vpn_outbound_subnet" {
  command         = plan
  expect_failures = [var.vpn]

  variables {
    vpn = { provider = "mullvad", secrets = { wireguard_private_key = "wg" }, outbound_subnets = ["lan"] }
  }
}

run "vpn_input_port" {
  command         = plan
  expect_failures = [var.vpn]

  variables {
    vpn = { provider = "mullvad", secrets = { wireguard_private_key = "wg" }, input_ports = [0] }
  }
}
