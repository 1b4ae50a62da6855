# The nodes, then the name of the network that all of them have.
terraform import homelab_subnet.servers atlas,helios/servers
