# shellcheck shell=sh disable=SC2154
# The drop-in under libxl's own hand: an HVM guest whose QEMU is in a Linux stub domain.
started=$(uptime)
times=10
[ ! -e $share/full ] || times=40
[ ! -e $share/quick ] || times=4
printf '#!/bin/sh\nexec %s/vchan-socket-proxy "$@"\n' "$qmp" >$proxy
chmod 755 $proxy
create() {
  # libxl gives a stub domain 30 s to start, which a busy machine that emulates one can miss.
  for attempt in 1 2 3; do
    timeout 200 xl create $share/hvm.cfg && break
    say "attempt $attempt to create the guest failed"
  done
  find_guest
}
find_guest() {
  xl domid hvm1 || return 1
  guest=$(xl domid hvm1)
  stubdom=$(xl domid hvm1-dm)
  socket=/run/xen/qmp-libxl-$guest
  pid=$(xenstore read "/local/domain/$stubdom/image/qmp-proxy-pid")
  log=/var/log/xen/qmp-proxy-hvm1-dm.log
}
another() { [ "$(xl domid hvm1)" != "$guest" ] && [ -S "/run/xen/qmp-libxl-$(xl domid hvm1)" ] && monitor; }
rebooted() {
  old=$pid
  xl unpause hvm1
  # A reset is met at the guest's next access to a device: a key makes it look at its keyboard.
  xl qemu-monitor-command hvm1 system_reset
  for key in a b c d; do
    xl qemu-monitor-command hvm1 "sendkey $key" || break
  done
  within 240 another # when it looks is its firmware's: a minute or more
}
after_one_that_left() {
  good=0
  i=0
  while [ $i -lt $times ]; do
    i=$((i + 1))
    burst "$socket" gone 1
    [ $((i % 2)) = 0 ] || timeout 1 burst "$socket" half 1
    monitor && good=$((good + 1))
  done
  echo "burst libxl: $good of $times operations good"
  [ $good = $times ]
}
create >/tmp/create.log 2>&1
check "xl create with a Linux stub domain, and our drop-in" test -S "$socket"
[ $failed = 0 ] || cat /tmp/create.log /var/log/xen/qmp-proxy-* /var/log/xen/qemu-dm-*
check "qmp-proxy-state" test "$(xenstore read "/local/domain/0/device-model/$stubdom/qmp-proxy-state")" = running
check "xl qemu-monitor-command" monitor
check "xl vcpu-set" timeout 60 xl vcpu-set hvm1 2
xl pause hvm1
check "xl unpause" timeout 40 xl unpause hvm1
# Without a disk its firmware reboots after a minute, which is to wait until it is asked to.
xl pause hvm1
check "sessions one right after the other" burst "$socket" full $((times * 2))
check "sessions, each after one that closed at once" burst "$socket" drop $times
check "sessions, each after one that left 200 KB unread" burst "$socket" half 5
check "libxl's operations, each after a client that left" after_one_that_left
check "guest reboot: libxl starts another stub domain, and our drop-in again" rebooted
find_guest
check "xl qemu-monitor-command, after it" monitor
check "the drop-in of before has ended" within 15 gone "/proc/$old"
result "figure resident: $(sed -n 's/^VmRSS:[[:space:]]*//p' "/proc/$pid/status")"
check "xl destroy" timeout 60 xl destroy hvm1
check "the drop-in has ended" within 15 gone "/proc/$pid"
check "and left no socket" gone "$socket"
[ $failed = 0 ] || cat "$log"
if [ -e $share/full ]; then
  printf 'trap "" HUP\nexec "$@"\n' >/tmp/nohup
  timeout 200 sh /tmp/nohup xl create $share/hvm.cfg >/tmp/create.log 2>&1
  stubdom=$(xl domid hvm1-dm)
  pid=$(xenstore read "/local/domain/$stubdom/image/qmp-proxy-pid")
  check "SIGHUP is ignored by the caller, and so by the drop-in" grep -q '^SigIgn:.*[13579bdf]$' "/proc/$pid/status"
  check "xl destroy" timeout 60 xl destroy hvm1
  check "it leaves all the same" within 15 gone "/proc/$pid"
fi
if [ -e $share/full ]; then
  "$qmp/qmp" helper --all >/tmp/all.log 2>&1 &
  daemon=$!
  within 60 grep -q 'serves the stub domains' /tmp/all.log
  create >/tmp/create.log 2>&1
  check "with qmp helper --all: it serves in the drop-in's place" grep -q 'in the place of a drop-in' /tmp/all.log
  check "xl qemu-monitor-command" monitor
  result "figure resident, the drop-in: $(sed -n 's/^VmRSS:[[:space:]]*//p' "/proc/$pid/status")"
  check "there is a socket for xentop" test -S "/run/xen/qmp-libxenstat-$guest"
  kill -9 $daemon
  check "the daemon was killed: the drop-in serves" within 60 monitor
  check "xl destroy" timeout 60 xl destroy hvm1
  check "the drop-in has ended" within 15 gone "/proc/$pid"
  [ $failed = 0 ] || cat /tmp/all.log "$log"
fi
result "figure libxl took $(awk "BEGIN {print $(uptime) - $started}") s"
