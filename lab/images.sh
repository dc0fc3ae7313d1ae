# shellcheck shell=bash disable=SC2154
# The file systems of the lab's machines, each an archive that the kernel unpacks: dom0, a guest
# whose QEMU is reached over vchan, and a stub domain. Sourced by lab/run.

libraries=usr/lib/x86_64-linux-gnu

# Copies programs' libraries, with those that they need themselves, where they are not there yet.
add() { # ROOT FILE...
  local root=$1 file library place
  shift
  for file; do
    # Of a static program ldd says no.
    { LD_LIBRARY_PATH=$lab/qemu/$libraries:$lab/xen/$libraries ldd "$file" 2>/dev/null || true; } |
      sed -nE 's,^[^/]*(/.*) \(0x[0-9a-f]+\)$,\1,p' | while read -r library; do
      place=$root/lib/${library##*/}
      [ "${library##*/}" != ld-linux-x86-64.so.2 ] || place=$root/lib64/ld-linux-x86-64.so.2
      [ -e "$place" ] || cp -L "$library" "$place"
    done
  done
}

skeleton() { # ROOT
  rm -rf "$1"
  mkdir -p "$1"/{bin,sbin,lib,lib64,dev,proc,sys,tmp,etc/xen,modules,mnt/share,root} \
    "$1"/run/{xen,xenstored} "$1"/var/{lib/xen,lib/xenstored,log/xen} "$1/lib/xen-$xen"
  ln -s ../run "$1/var/run"
  ln -s . "$1/usr"
  ln -s . "$1/lib/x86_64-linux-gnu"
  cp "$(command -v busybox)" "$1/bin/busybox"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
}

modules() { # ROOT MODULE...
  local root=$1 module
  shift
  for module; do
    modprobe -d "$lab/xen" -S "$(kernel)" --show-depends "$module" | sed -nE 's/^insmod (.*[^ ]) *$/\1/p'
  done | awk '!seen[$0]++' | while read -r module; do
    cp "$module" "$root/modules/"
    strip -g "$root/modules/${module##*/}"
    echo "${module##*/}" >>"$root/modules/list"
  done
}

device_model() { # ROOT: QEMU for Xen's guests, and the files it may ask for
  local file
  mkdir -p "$1"/libexec "$1"/share/qemu "$1"/share/seabios
  cp "$lab/qemu/usr/libexec/xen-qemu-system-i386" "$1/libexec/"
  add "$1" "$lab/qemu/usr/libexec/xen-qemu-system-i386"
  cp -r "$lab/qemu/usr/share/qemu/keymaps" "$1/share/qemu/"
  for file in bios-256k.bin vgabios-stdvga.bin vgabios-cirrus.bin; do
    cp "$lab/qemu/usr/share/seabios/$file" "$1/share/seabios/"
  done
}

pack() { # ROOT ARCHIVE
  (cd "$1" && find . | cpio -o -H newc --quiet -R 0:0) >"$2"
}

images() {
  local tools=$lab/xen/usr/lib/xen-$xen/bin root program
  [ ! "$lab/images.done" -nt "$here/lab/images.sh" ] ||
    [ -n "$(find "$here/lab" "$here/stub/core" "$here/stub/qmp-stub" -newer "$lab/images.done" -type f -print -quit)" ] || return 0
  say "building the machines' file systems …"
  root=$lab/root/guest
  skeleton "$root"
  modules "$root" xen-evtchn xen-gntdev xen-gntalloc xenfs
  cp /usr/bin/qemu-system-x86_64 "$tools/vchan-socket-proxy" "$lab/xen/usr/bin/xenstore" "$root/bin/"
  add "$root" /usr/bin/qemu-system-x86_64 "$tools/vchan-socket-proxy" "$lab/xen/usr/bin/xenstore"
  mkdir -p "$root/lib/qemu"
  cp /$libraries/qemu/accel-tcg-x86_64.so "$root/lib/qemu/"
  install -m 755 "$here/lab/init/guest" "$root/init"
  pack "$root" "$share/guest.cpio"
  # The same with a machine and its firmware under qmp-stub, in the place of a socket and a server.
  mkdir -p "$root"/share/seabios "$root"/share/qemu
  cp "$here/dist/target/qmpkit/bin/qmp-stub" "$root/bin/"
  cp "$lab/qemu/usr/share/seabios/bios-256k.bin" "$root/share/seabios/"
  add "$root" "$lab/xen/$libraries"/libxenvchan.so.*
  cp -L "$lab/xen/$libraries"/libxenvchan.so.* "$root/lib/"
  touch "$root/stub"
  pack "$root" "$share/stub.cpio"
  rm "$root/stub"
  add "$root" "$here/dist/target/qmpkit/bin/java" "$here"/dist/target/qmpkit/lib/*.so \
    "$here/dist/target/qmpkit/lib/server/libjvm.so" "$lab/xen/$libraries"/libxenvchan.so.*
  cp -a "$here/dist/target/qmpkit" "$root/"
  rm -f "$root"/qmpkit/lib/qmpkit/{health,helper,shell,tools}.aot
  pack "$root" "$share/server.cpio"

  root=$lab/root/linux
  skeleton "$root"
  modules "$root" virtio_pci 9pnet_virtio 9p vsock_loopback
  cp /usr/bin/qemu-system-x86_64 "$root/bin/"
  mkdir -p "$root/lib/qemu"
  cp /$libraries/qemu/accel-tcg-x86_64.so "$root/lib/qemu/"
  add "$root" /usr/bin/qemu-system-x86_64 "$here/dist/target/qmpkit/bin/java" \
    "$here"/dist/target/qmpkit/lib/*.so "$here/dist/target/qmpkit/lib/server/libjvm.so"
  gcc -static -O1 -Wall -Werror -o "$root/bin/burst" "$here/lab/burst.c"
  install -m 755 "$here/lab/init/linux" "$root/init"
  pack "$root" "$lab/linux.cpio"

  root=$lab/root/stubdom
  skeleton "$root"
  modules "$root" xen-evtchn xen-gntdev xen-gntalloc xenfs xen-privcmd
  cp "$tools/vchan-socket-proxy" "$lab/xen/usr/bin/xenstore" "$root/bin/"
  add "$root" "$tools/vchan-socket-proxy" "$lab/xen/usr/bin/xenstore"
  device_model "$root"
  install -m 755 "$here/lab/init/stubdom" "$root/init"
  pack "$root" "$share/stubdom.cpio"

  root=$lab/root/dom0
  skeleton "$root"
  modules "$root" xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs virtio_pci 9pnet_virtio 9p
  mkdir -p "$root/lib/xen-$xen/bin" "$root/lib/xen-$xen/boot"
  for program in xl xenstored xenconsoled xenconsole xen-init-dom0 libxl-save-helper vchan-socket-proxy; do
    cp "$tools/$program" "$root/lib/xen-$xen/bin/"
    add "$root" "$tools/$program"
  done
  cp "$lab/xen/usr/bin/xenstore" "$root/bin/"
  cp -L /lib/x86_64-linux-gnu/libgcc_s.so.1 "$root/lib/" # xl loads it by name
  cp "$lab/xen/usr/lib/xen-$xen/boot/hvmloader" "$root/lib/xen-$xen/boot/"
  device_model "$root"
  add "$root" "$here/dist/target/qmpkit/bin/java" "$here"/dist/target/qmpkit/lib/*.so \
    "$here/dist/target/qmpkit/lib/server/libjvm.so"
  gcc -static -O1 -Wall -Werror -o "$root/bin/burst" "$here/lab/burst.c"
  install -m 755 "$here/lab/init/dom0" "$root/init"
  pack "$root" "$lab/dom0.cpio"
  cp "$lab/vmlinux" "$share/"
  touch "$lab/images.done"
}
