# shellcheck shell=sh disable=SC2034
# What the tests share; they run in dom0, by busybox's shell.
share=/mnt/share
proxy=/usr/bin/vchan-socket-proxy
stock=$(echo /lib/xen-*/bin/vchan-socket-proxy)
qmp=$share/qmpkit/bin
failed=0
uptime() { cut -d' ' -f1 /proc/uptime; }
say() { echo "LAB test $(uptime) $*"; }
result() {
  say "$*"
  echo "$*" >>$share/results.txt
}
# check WHAT COMMAND...: one line of the results
check() {
  what=$1
  shift
  if "$@" >/tmp/check.log 2>&1; then
    result "ok   $what$(sed -n 's/^burst[^:]*: /: /p' /tmp/check.log | tail -n 1)"
  else
    result "FAIL $what: status $?"
    failed=1
    sed 's/^/     | /' /tmp/check.log | tail -n 20
  fi
}
# within SECONDS COMMAND...: until it succeeds
within() {
  end=$(($(cut -d. -f1 /proc/uptime) + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(cut -d. -f1 /proc/uptime)" -lt $end ] || return 1
    usleep 500000
  done
}
gone() { [ ! -e "$1" ]; }
# xl NAME...: a monitor command, and what it should say
monitor() { timeout 40 xl qemu-monitor-command hvm1 'info name' | tr -d '\r' | grep -qx hvm1; }
