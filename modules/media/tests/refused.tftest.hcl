# Each validation refuses what it is about.

mock_provider "homelab" {}

variables {
  user      = { uid = 2000, gid = 2000 }
  data_root = "/data"
  services  = { radarr = {} }
}

run "name" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "Media!"
  }
}

run "timezone" {
  command         = plan
  expect_failures = [var.timezone]

  variables {
    timezone = "europe madrid"
  }
}

run "user_root" {
  command         = plan
  expect_failures = [var.user]

  variables {
    user = { uid = 0, gid = 0 }
  }
}

run "user_umask" {
  command         = plan
  expect_failures = [var.user]

  variables {
    user = { uid = 1, gid = 1, umask = "9" }
  }
}

run "data_root_relative" {
  command         = plan
  expect_failures = [var.data_root]

  variables {
    data_root = "data"
  }
}

run "media_outside_the_data" {
  command         = plan
  expect_failures = [var.media_root]

  variables {
    media_root = "/mnt/media"
  }
}

run "downloads_outside_the_data" {
  command         = plan
  expect_failures = [var.downloads_root]

  variables {
    downloads_root = "/downloads"
  }
}

run "downloads_among_the_media" {
  command         = plan
  expect_failures = [var.downloads_root]

  variables {
    downloads_root = "/data/media"
  }
}

run "config_root_with_slash" {
  command         = plan
  expect_failures = [var.config_root]

  variables {
    config_root = "/srv/"
  }
}

run "image_latest" {
  command         = plan
  expect_failures = [var.images]

  variables {
    images = { radarr = "lscr.io/linuxserver/radarr:latest" }
  }
}

run "image_of_nothing" {
  command         = plan
  expect_failures = [var.images]

  variables {
    images = { raddar = "lscr.io/linuxserver/radarr:1" }
  }
}

run "secret_of_nothing" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    secrets = { radarr-password = "x" }
  }
}

run "no_services" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = {}
  }
}
