# What runs unless `images` says otherwise. Renovate raises the versions.
locals {
  images = {
    # renovate: datasource=docker depName=quay.io/minio/minio
    minio = "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z"
    # renovate: datasource=docker depName=quay.io/minio/mc
    setup = "quay.io/minio/mc:RELEASE.2025-08-13T08-35-41Z"
  }
}
