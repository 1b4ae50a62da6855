import {
  to = homelab_node.helios
  id = "helios"
}
