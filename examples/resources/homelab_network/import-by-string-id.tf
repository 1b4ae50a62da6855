import {
  to = homelab_network.proxy
  id = "local/proxy"
}
