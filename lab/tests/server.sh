# shellcheck shell=sh disable=SC2154
# Our server side in the guest, with Debian's proxy and with ours in dom0; the other way round is vchan.
sed 's/guest\.cpio/server.cpio/; s/^memory = .*/memory = 768/' $share/guest.cfg >/tmp/server.cfg
check "xl create of a guest with our server in it" xl create -q /tmp/server.cfg
guest=$(xl domid guest)
path=/local/domain/$guest/data/qmp
check "our vchan server is there" within 180 xenstore read "$path/event-channel"
rm -f /run/stock.qmp
"$stock" "$guest" "$path" /run/stock.qmp >/tmp/stock.log 2>&1 &
pid=$!
check "Debian's client listens" within 20 test -S /run/stock.qmp
check "200 commands and the schema: Debian's client, our server" burst /run/stock.qmp talk 200
kill $pid
wait $pid
"$qmp/vchan-socket-proxy" "$guest" "$path" /run/ours.qmp >/tmp/ours.log 2>&1 &
pid=$!
check "our client listens" within 60 test -S /run/ours.qmp
check "20 sessions: our client, our server" burst /run/ours.qmp full 20
check "200 commands and the schema: our client, our server" burst /run/ours.qmp talk 200
kill $pid
check "SIGTERM ends our client with status 0" wait $pid
xl destroy guest
[ $failed = 0 ] || cat /tmp/stock.log /tmp/ours.log
