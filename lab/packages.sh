# shellcheck shell=bash disable=SC2154
# What the lab's machines are made of: Debian's packages, extracted and never installed, so that no
# maintainer script runs. Sourced by lab/run; $lab is where it works, $tools what the host needs.

xen_release() {
  apt-cache search --names-only '^xen-hypervisor-[0-9.]+-amd64$' | sed -n 's/^xen-hypervisor-\([0-9.]*\)-amd64 .*/\1/p' |
    sort -V | tail -n 1
}

# The packages of a recursive dependency, by name.
depends() { # PACKAGE PATTERN
  apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances "$1" | grep -E "$2" | sort -u
}

# Fetches packages, unless an earlier lab has, and extracts them into a folder.
fetch() ( # ROOT PACKAGE...
  root=$1
  shift
  kept=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
  kept=${kept:-$lab/cache}/qmpkit/lab
  mkdir -p "$kept" "$root"
  # Their files' names, asked where none of them is: those that are there are not told.
  cd "$root" || exit
  files=$(apt-get --print-uris download "$@" 2>/dev/null | awk '{print $2}')
  cd "$kept" || exit
  [ -n "$files" ] && apt-get download "$@" >/dev/null 2>&1 ||
    cannot "its packages can't be had: $*; is there a network, and 'apt-get update' done?"
  for package in $files; do dpkg-deb -x "$package" "$root"; done
)

kernel() {
  local versions=("$lab"/xen/lib/modules/*)
  basename "${versions[-1]}"
}

packages() {
  [ ! -e "$lab/packages.done" ] || return 0
  command -v apt-get >/dev/null || cannot "it is made of Debian's packages; there is no apt-get here"
  [ -n "$(xen_release)" ] || apt-get update -qq >/dev/null 2>&1 || true
  local xen image libraries more
  xen=$(xen_release)
  [ -n "$xen" ] || cannot "this distribution has no package xen-hypervisor-VERSION-amd64"
  need_all busybox busybox-static cpio cpio depmod kmod strip binutils
  say "fetching Xen $xen, a kernel and QEMU's device model (about 90 MB, once) …"
  image=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-/ {print $2; exit}')
  mapfile -t libraries < <(depends "xen-utils-$xen" '^lib(xen|yajl|uuid1|lzma|zstd|lz4)')
  fetch "$lab/xen" "xen-hypervisor-$xen-amd64" "xen-utils-$xen" xenstore-utils "$image" \
    "${libraries[@]}"
  mapfile -t more < <(depends qemu-system-xen '^lib' | grep -vE '^lib(c6|gcc-s1|stdc|xen|yajl)')
  fetch "$lab/qemu" qemu-system-xen qemu-system-data seabios "${more[@]}"
  depmod -b "$lab/xen" "$(kernel)"
  zcat "$lab/xen/boot/xen-$xen-amd64.gz" >"$lab/xen.elf"
  # xz in the guests' way to boot is slow where each instruction is emulated: it is undone here.
  python3 - "$lab/xen/boot/vmlinuz-$(kernel)" "$lab/vmlinux" <<'PY' || die "no kernel in $image"
import lzma, sys
image = open(sys.argv[1], 'rb').read()
at = image.find(b'\xfd7zXZ\x00')
while at >= 0:
    try:
        out = lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(image[at:])
        if out[:4] == b'\x7fELF':
            open(sys.argv[2], 'wb').write(out)
            sys.exit(0)
    except lzma.LZMAError:
        pass
    at = image.find(b'\xfd7zXZ\x00', at + 1)
sys.exit(1)
PY
  echo "$xen" >"$lab/packages.done"
}
