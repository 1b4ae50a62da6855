terraform import homelab_network.proxy local/proxy
