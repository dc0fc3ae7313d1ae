# shellcheck shell=sh disable=SC2154
# A QEMU in the guest under qmp-stub, monitor and console each on a vchan; our helper in dom0.
sed 's/guest\.cpio/stub.cpio/' $share/guest.cfg >/tmp/stub.cfg
check "xl create of a guest with QEMU under qmp-stub" xl create -q /tmp/stub.cfg
guest=$(xl domid guest)
path=/local/domain/$guest/data/qmp
check "its monitor's vchan is there" within 180 xenstore read "$path/event-channel"
check "and its console's" within 20 xenstore read "/local/domain/$guest/data/console/event-channel"
monitor_helper() {
  "$qmp/qmp" helper --listen unix:/run/stub.qmp --connect "vchan:$guest:$path" --retry 250ms -v >>/tmp/stub.log 2>&1 &
  helper=$!
}
monitor_helper
check "the helper listens" within 180 test -S /run/stub.qmp
check "200 commands and the schema" burst /run/stub.qmp talk 200
check "20 sessions" burst /run/stub.qmp full 20
"$qmp/qmp" helper --relay --listen pty:/run/console --connect "vchan:$guest:/local/domain/$guest/data/console" -v \
  >/tmp/console.log 2>&1 &
console=$!
check "the console is a terminal" within 120 test -e /run/console
cat /run/console >/tmp/console.txt &
reader=$!
check "the console is connected" within 60 grep -q 'client' /tmp/console.log
check "the machine starts by the monitor" "$qmp/qmp" exec /run/stub.qmp cont
check "its firmware is on the console" within 120 grep -q SeaBIOS /tmp/console.txt
kill $reader $console
lost() { [ "$(grep -c 'was closed' /tmp/stub.log)" -gt "$before" ]; }
for victim in qemu-system-x86_64 qmp-stub; do
  before=$(grep -c 'was closed' /tmp/stub.log)
  xenstore write "/local/domain/$guest/data/cmd" "killall -9 $victim"
  check "$victim was killed: the helper says so" within 60 lost
  check "and finds the next one" within 90 burst /run/stub.qmp full 1
done
kill -9 $helper
wait $helper
rm -f /run/stub.qmp
monitor_helper
check "the helper was killed: the next one is greeted" within 180 burst /run/stub.qmp full 1
kill $helper
check "SIGTERM ends it with status 0" wait $helper
"$stock" "$guest" "$path" /run/stock2.qmp >/tmp/stock2.log 2>&1 &
pid=$!
check "Debian's client listens" within 30 test -S /run/stock2.qmp
check "200 commands and the schema: Debian's client" burst /run/stock2.qmp talk 200
kill $pid
xl destroy guest
[ $failed = 0 ] || cat /tmp/stub.log /tmp/console.log /tmp/stock2.log
