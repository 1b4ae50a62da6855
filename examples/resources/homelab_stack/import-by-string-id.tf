import {
  to = homelab_stack.whoami
  id = "local/whoami"
}
