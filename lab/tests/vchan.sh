# shellcheck shell=sh disable=SC2154
# qmp helper over vchan to the QEMU of a guest.
started=$(uptime)
check "xl create of a guest with a QEMU in it" xl create -q $share/guest.cfg
guest=$(xl domid guest)
path=/local/domain/$guest/data/qmp
check "its vchan server is there" within 120 xenstore read "$path/event-channel"
"$qmp/qmp" helper --listen unix:/run/shared.qmp --connect "vchan:$guest:$path" --retry 250ms -v \
  >/tmp/helper.log 2>&1 &
helper=$!
check "the helper listens" within 180 test -S /run/shared.qmp
check "200 commands and the schema" burst /run/shared.qmp talk 200
burst /run/shared.qmp talk 50 >/tmp/two.log 2>&1 &
second=$!
check "two clients at once: one" burst /run/shared.qmp talk 50
check "two clients at once: the other" wait $second
xenstore write "/local/domain/$guest/data/cmd" 'killall qemu-system-x86_64; sleep 1; qemu &'
check "QEMU was killed: the helper says so" within 60 grep -q 'was closed' /tmp/helper.log
check "and finds the next one" within 40 burst /run/shared.qmp full 1
burst /run/shared.qmp hold 20 >/dev/null 2>&1 &
before=$(grep -c 'was closed' /tmp/helper.log)
xl destroy guest
destroyed=$(uptime)
lost() { [ "$(grep -c 'was closed' /tmp/helper.log)" -gt "$before" ]; }
check "xl destroy while connected is noticed" within 20 lost
result "figure noticed $(awk "BEGIN {print $(uptime) - $destroyed}") s after xl destroy had ended"
kill $helper
check "SIGTERM ends the helper with status 0" wait $helper
result "figure vchan took $(awk "BEGIN {print $(uptime) - $started}") s"
[ $failed = 0 ] || cat /tmp/helper.log
