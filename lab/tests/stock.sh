# shellcheck shell=sh disable=SC2154
# Beside Debian's vchan-socket-proxy in the same boot: the round trip, the schema, the start.
xl create -q $share/guest.cfg
guest=$(xl domid guest)
path=/local/domain/$guest/data/qmp
check "the guest's vchan server is there" within 120 xenstore read "$path/event-channel"
started() { # NAME COMMAND...: seconds until "running" is in xenstore
  name=$1
  shift
  xenstore rm /local/started 2>/dev/null
  xenstore watch -n 2 /local/started >/dev/null &
  watch=$!
  usleep 500000
  began=$(uptime)
  "$@" >/tmp/started.log 2>&1 &
  pid=$!
  wait $watch
  result "figure $name writes running after $(awk "BEGIN {print $(uptime) - $began}") s"
}
for round in 1 2; do
  started "ours ($round)" "$qmp/vchan-socket-proxy" --state-path=/local/started "$guest" "$path" /run/ours.qmp
  burst /run/ours.qmp talk 20 >/dev/null # what is needed once is loaded now
  check "ours ($round)" burst /run/ours.qmp talk 200
  kill $pid
  wait $pid
  rm -f /run/stock.qmp
  started "Debian's ($round)" "$stock" --state-path=/local/started "$guest" "$path" /run/stock.qmp
  check "Debian's ($round)" burst /run/stock.qmp talk 200
  kill $pid
  wait $pid
done
xl destroy guest
