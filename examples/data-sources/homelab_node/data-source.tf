data "homelab_node" "helios" {
  name = "helios"

  lifecycle {
    postcondition {
      condition     = self.cgroup_version == "2"
      error_message = "Memory limits need control groups version 2 on ${self.name}."
    }
  }
}

output "helios" {
  value = "${data.homelab_node.helios.operating_system}, Docker ${data.homelab_node.helios.engine_version}, ${data.homelab_node.helios.cpus} CPUs"
}
