locals {
  # The names that the certificates are for.
  wazuh_names = { manager = "wazuh.manager", indexer = "wazuh.indexer", dashboard = "wazuh.dashboard" }

  # https://documentation.wazuh.com/current/deployment-options/docker/wazuh-container.html
  wazuh_specs = {
    # vm.max_map_count is the kernel's, and a container sees it: better this than an
    # indexer that ends without a word of why.
    kernel = {
      command = ["sh", "-c", join(" ", [
        "have=$$(cat /proc/sys/vm/max_map_count);",
        "[ \"$$have\" -ge ${var.wazuh.max_map_count} ] && exit 0;",
        "echo \"The node's vm.max_map_count is $$have, and Wazuh's indexer needs ${var.wazuh.max_map_count}.",
        "On the node, run: sysctl -w vm.max_map_count=${var.wazuh.max_map_count},",
        "and put it into /etc/sysctl.d to keep it.\" >&2;",
        "exit 1",
      ])]
      restart = "no"
      memory  = "16m"
    }

    # Makes the certificates once; they stay in the volume.
    wazuh-certificates = {
      entrypoint   = concat(["sh", "/etc/homelab/certificates.sh"], values(local.wazuh_names))
      restart      = "no"
      files        = { "/etc/homelab/certificates.sh" = file("${path.module}/files/certificates.sh") }
      mounts       = { "/certificates" = { source = "wazuh-certificates" } }
      capabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER"]
      user         = { uid = 0, gid = 0 }
      after        = { kernel = "service_completed_successfully" }
      memory       = "64m"
    }

    wazuh-indexer = {
      host       = local.wazuh_names.indexer
      entrypoint = ["bash", "/etc/homelab/indexer.sh"]
      environment = {
        OPENSEARCH_JAVA_OPTS = "-Xms${var.wazuh.heap} -Xmx${var.wazuh.heap}"
      }
      files = {
        "/etc/homelab/indexer.sh"                        = file("${path.module}/files/indexer.sh")
        "/usr/share/wazuh-indexer/config/opensearch.yml" = local.opensearch_yml
      }
      secrets     = { wazuh = "wazuh", wazuh-dashboard = "wazuh-dashboard" }
      mounts      = { "/certificates" = { source = "wazuh-certificates", read_only = true } }
      data        = { "/var/lib/wazuh-indexer" = "data" }
      read_only   = false
      after       = { kernel = "service_completed_successfully", wazuh-certificates = "service_completed_successfully" }
      healthcheck = { test = ["curl", "-ks", "-o", "/dev/null", "https://127.0.0.1:9200/"], start_period = "180s", timeout = "20s" }
      memory      = "3g"
      cpus        = 2
      pids        = 4096
      extra       = { ulimits = { nofile = min(65536, var.wazuh.open_files) } }
    }

    wazuh-manager = {
      host       = local.wazuh_names.manager
      entrypoint = ["bash", "-c", "export INDEXER_PASSWORD=\"$$(cat /run/secrets/wazuh)\" API_PASSWORD=\"$$(cat /run/secrets/wazuh-api)\"; exec /init"]
      environment = {
        INDEXER_URL                    = "https://${local.wazuh_names.indexer}:9200"
        INDEXER_USERNAME               = "admin"
        API_USERNAME                   = "wazuh-wui"
        FILEBEAT_SSL_VERIFICATION_MODE = "full"
        SSL_CERTIFICATE_AUTHORITIES    = "/certificates/root-ca.pem"
        SSL_CERTIFICATE                = "/certificates/${local.wazuh_names.manager}.pem"
        SSL_KEY                        = "/certificates/${local.wazuh_names.manager}-key.pem"
      }
      secrets = { wazuh = "wazuh", wazuh-api = "wazuh-api" }
      mounts  = { "/certificates" = { source = "wazuh-certificates", read_only = true } }
      data = {
        "/var/ossec/api/configuration"   = "api"
        "/var/ossec/etc"                 = "etc"
        "/var/ossec/logs"                = "logs"
        "/var/ossec/queue"               = "queue"
        "/var/ossec/var/multigroups"     = "multigroups"
        "/var/ossec/integrations"        = "integrations"
        "/var/ossec/active-response/bin" = "active-response"
        "/var/ossec/agentless"           = "agentless"
        "/var/ossec/wodles"              = "wodles"
        "/etc/filebeat"                  = "filebeat-etc"
        "/var/lib/filebeat"              = "filebeat"
      }
      # Its programs step down to users of their own, in a directory that they lock
      # themselves into.
      capabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID", "SYS_CHROOT"]
      read_only    = false
      after        = { wazuh-indexer = "service_healthy" }
      healthcheck  = { test = ["/var/ossec/bin/wazuh-control", "status"], start_period = "180s", timeout = "30s" }
      memory       = "2g"
      cpus         = 2
      pids         = 4096
      ports = var.wazuh.agents == null ? {} : {
        events     = { host = 1514, container = 1514, host_ip = var.wazuh.agents }
        enrollment = { host = 1515, container = 1515, host_ip = var.wazuh.agents }
      }
      # s6 has to be process 1.
      extra = { init = false, ulimits = { nofile = var.wazuh.open_files } }
    }

    wazuh-dashboard = {
      about      = "What Wazuh sees"
      host       = local.wazuh_names.dashboard
      entrypoint = ["bash", "-c", "export INDEXER_PASSWORD=\"$$(cat /run/secrets/wazuh)\" DASHBOARD_PASSWORD=\"$$(cat /run/secrets/wazuh-dashboard)\" API_PASSWORD=\"$$(cat /run/secrets/wazuh-api)\"; exec /entrypoint.sh"]
      environment = {
        WAZUH_API_URL      = "https://${local.wazuh_names.manager}"
        INDEXER_USERNAME   = "admin"
        DASHBOARD_USERNAME = "kibanaserver"
        API_USERNAME       = "wazuh-wui"
      }
      files       = { "/usr/share/wazuh-dashboard/config/opensearch_dashboards.yml" = local.dashboards_yml }
      secrets     = { wazuh = "wazuh", wazuh-dashboard = "wazuh-dashboard", wazuh-api = "wazuh-api" }
      mounts      = { "/certificates" = { source = "wazuh-certificates", read_only = true } }
      data        = { "/usr/share/wazuh-dashboard/data/wazuh" = "data" }
      read_only   = false
      after       = { wazuh-manager = "service_healthy", wazuh-indexer = "service_healthy" }
      healthcheck = { test = ["curl", "-ks", "-o", "/dev/null", "https://127.0.0.1:5601/app/login"], start_period = "180s", timeout = "20s" }
      web         = { port = 5601, scheme = "https" }
      memory      = "1g"
    }
  }

  wazuh_subject = "OU=Wazuh,O=Wazuh,L=California,C=US" # as in files/certificates.sh

  opensearch_yml = yamlencode({
    "network.host"                                 = "0.0.0.0"
    "node.name"                                    = local.wazuh_names.indexer
    "discovery.type"                               = "single-node"
    "path.data"                                    = "/var/lib/wazuh-indexer"
    "path.logs"                                    = "/var/log/wazuh-indexer"
    "compatibility.override_main_response_version" = true

    "plugins.security.ssl.http.enabled"                            = true
    "plugins.security.ssl.http.pemcert_filepath"                   = "certs/indexer.pem"
    "plugins.security.ssl.http.pemkey_filepath"                    = "certs/indexer-key.pem"
    "plugins.security.ssl.http.pemtrustedcas_filepath"             = "certs/root-ca.pem"
    "plugins.security.ssl.transport.pemcert_filepath"              = "certs/indexer.pem"
    "plugins.security.ssl.transport.pemkey_filepath"               = "certs/indexer-key.pem"
    "plugins.security.ssl.transport.pemtrustedcas_filepath"        = "certs/root-ca.pem"
    "plugins.security.ssl.transport.enforce_hostname_verification" = false
    "plugins.security.ssl.transport.resolve_hostname"              = false
    "plugins.security.authcz.admin_dn"                             = ["CN=admin,${local.wazuh_subject}"]
    "plugins.security.nodes_dn"                                    = ["CN=${local.wazuh_names.indexer},${local.wazuh_subject}"]
    "plugins.security.restapi.roles_enabled"                       = ["all_access", "security_rest_api_access"]
    "plugins.security.allow_default_init_securityindex"            = true
    "plugins.security.system_indices.enabled"                      = true
  })

  dashboards_yml = yamlencode({
    "server.host"                              = "0.0.0.0"
    "server.port"                              = 5601
    "server.ssl.enabled"                       = true
    "server.ssl.key"                           = "/certificates/${local.wazuh_names.dashboard}-key.pem"
    "server.ssl.certificate"                   = "/certificates/${local.wazuh_names.dashboard}.pem"
    "opensearch.hosts"                         = "https://${local.wazuh_names.indexer}:9200"
    "opensearch.ssl.verificationMode"          = "certificate"
    "opensearch.ssl.certificateAuthorities"    = ["/certificates/root-ca.pem"]
    "opensearch.requestHeadersAllowlist"       = ["securitytenant", "Authorization"]
    "opensearch_security.multitenancy.enabled" = false
    "opensearch_security.readonly_mode.roles"  = ["kibana_read_only"]
    "uiSettings.overrides.defaultRoute"        = "/app/wz-home"
  })
}
