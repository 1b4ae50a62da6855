import {
  to = homelab_secret.db_password
  id = "local/db_password"
}
