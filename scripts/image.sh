#!/usr/bin/env bash
# Builds the container image without any image registry: Debian's own packages (debootstrap) and the binary,
# as one archive that Docker, Podman, containerd and every OCI tool load. The usage is below.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
  cat <<'TEXT'
Usage: scripts/image.sh [--help]

Needs root and debootstrap (Debian: apt-get install debootstrap), a mirror of Debian, half a minute, and
600 MB of disk, which it gives back. Prints the archive's name and the image's digest: the same binary and the
same packages give the same digest. To load it:

  docker load --input shopblast-image.tar                 podman load --input shopblast-image.tar
  ctr --namespace k8s.io images import shopblast-image.tar      (on a node of Kubernetes)
  kind load image-archive shopblast-image.tar             k3s ctr images import shopblast-image.tar

Environment variables:

  SHOPBLAST  binary to put in                [default: builds the release binary]
  OUT        archive to write                [default: shopblast-image.tar]
  NAME       what the image is called        [default: shopblast:latest]
  SUITE      Debian's release                [default: this machine's]
  MIRROR     where its packages come from    [default: where this machine's come from]
TEXT
}

case ${1:-} in
  '') ;;
  --help | -h) usage && exit 0 ;;
  *) echo "unknown argument: $1; see scripts/image.sh --help" >&2 && exit 2 ;;
esac

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || { echo "a root file system is made by root: run it with sudo" >&2; exit 2; }
for tool in debootstrap tar gzip sha256sum; do
  command -v "$tool" >/dev/null || { echo "$tool is missing; install it (Debian: apt-get install $tool)" >&2; exit 2; }
done
binary=${SHOPBLAST-}
if [ -z "$binary" ]; then
  cargo build --release --locked --manifest-path "$repository/Cargo.toml" >&2
  binary=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
fi
out=${OUT:-shopblast-image.tar} name=${NAME:-shopblast:latest}
case $name in *:*) ;; *) name=$name:latest ;; esac
suite=${SUITE:-$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")}
mirror=${MIRROR:-$(apt-get indextargets --format '$(SITE) $(CODENAME)' 2>/dev/null | sed -n "s/ $suite\$//p" | head -n 1)}
architecture=$(dpkg --print-architecture)

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
root=$work/root layout=$work/layout
# Redis is in it, so that a fleet's meeting place needs no second image.
debootstrap --variant=minbase --include=ca-certificates,redis-server "$suite" "$root" ${mirror:+"$mirror"} \
  >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }
install -m 755 "$binary" "$root/usr/local/bin/shopblast"

# The numbers that the manifests of Kubernetes and Swarm name.
echo 'shopblast:x:65532:65532:shopblast:/srv/shopblast:/usr/sbin/nologin' >>"$root/etc/passwd"
echo 'shopblast:x:65532:' >>"$root/etc/group"
install -d -o 65532 -g 65532 "$root/srv/shopblast" "$root/srv/shopblast/results"
# What no run reads, and what would differ from one build to the next.
rm -rf "$root"/var/cache/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/usr/share/{doc,man,info,locale,lintian} \
  "$root"/etc/{machine-id,hostname,resolv.conf} "$root"/{dev,tmp,run}/* \
  "$root"/etc/{passwd,group,shadow,gshadow}- "$root"/var/lib/dpkg/*-old "$root"/debootstrap

blobs=$layout/blobs/sha256
mkdir -p "$blobs"
when=${SOURCE_DATE_EPOCH:-$(git -C "$repository" log -1 --format=%ct 2>/dev/null || echo 0)}
# Puts a file among the blobs, and prints its digest.
kept() {
  local digest
  digest=$(sha256sum "$1" | cut -d ' ' -f 1)
  mv "$1" "$blobs/$digest"
  echo "$digest"
}
size() { stat -c %s "$blobs/$1"; }

tar --create --file "$work/layer.tar" --directory "$root" --sort=name --mtime="@$when" --numeric-owner --xattrs \
  --format=posix --pax-option='exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime' .
unpacked=$(sha256sum "$work/layer.tar" | cut -d ' ' -f 1)
gzip --no-name --fast "$work/layer.tar"
rm -rf --one-file-system "$root"
layer=$(kept "$work/layer.tar.gz")
printf '{"architecture":"%s","os":"linux","created":"%s","config":{"User":"65532:65532","Env":["PATH=/usr/local/bin:/usr/bin:/bin"],"Entrypoint":["shopblast"],"Cmd":["help"],"WorkingDir":"/srv/shopblast"},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"history":[{"created_by":"scripts/image.sh"}]}' \
  "$architecture" "$(date --utc --date="@$when" +%Y-%m-%dT%H:%M:%SZ)" "$unpacked" >"$work/config.json"
config=$(kept "$work/config.json")
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:%s","size":%s}]}' \
  "$config" "$(size "$config")" "$layer" "$(size "$layer")" >"$work/manifest.json"
manifest=$(kept "$work/manifest.json")
# An OCI layout, and beside it the list that Docker before 25 reads: one archive for all.
printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"annotations":{"io.containerd.image.name":"docker.io/library/%s","org.opencontainers.image.ref.name":"%s"}}]}' \
  "$manifest" "$(size "$manifest")" "$name" "${name##*:}" >"$layout/index.json"
printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
printf '[{"Config":"blobs/sha256/%s","RepoTags":["%s"],"Layers":["blobs/sha256/%s"]}]' \
  "$config" "$name" "$layer" >"$layout/manifest.json"
tar --create --file "$out" --directory "$layout" --sort=name --mtime="@$when" --numeric-owner --owner=0 --group=0 .
echo "$out: $name, sha256:$manifest, $(($(stat -c %s "$out") >> 20)) MB"
