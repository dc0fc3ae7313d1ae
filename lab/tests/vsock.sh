# shellcheck shell=sh disable=SC2154
# vsock, by the loopback of a kernel of our own: connect, listen, refuse, a peer that dies.
qemu-system-x86_64 -M none -accel tcg -S -nodefaults -display none -no-user-config \
  -chardev socket,id=q,path=/run/qmp.sock,server=on,wait=off -mon chardev=q,mode=control &
relay() {
  "$qmp/qmp" helper --relay --listen vsock:1:4444 --connect unix:/run/qmp.sock -v >>/tmp/relay.log 2>&1 &
  relay=$!
}
# refused ADDR TEXT: status 3, and a line that says so
refused() {
  timeout 60 "$qmp/qmp" exec "$1" query-status >/tmp/refused.log 2>&1
  [ $? = 3 ] && grep -q "$2" /tmp/refused.log
}
ready() { "$qmp/qmp" transports | grep -q '^vsock.*ready'; }
check "qmp transports: vsock is ready" ready
check "nobody listens" refused vsock:1:4444 'nobody listens'
check "no machine of that CID" refused vsock:77:4444 'there is no way to CID 77'
check "QEMU's socket is there" within 60 test -S /run/qmp.sock
relay
"$qmp/qmp" helper --listen unix:/run/shared.qmp --connect vsock:1:4444 --retry 250ms -v >/tmp/helper.log 2>&1 &
helper=$!
check "the helper listens" within 60 test -S /run/shared.qmp
check "200 commands and the schema, over vsock" burst /run/shared.qmp talk 200
check "20 sessions one right after the other" burst /run/shared.qmp full 20
check "the relay names its peer" grep -q 'connected from vsock:1' /tmp/relay.log
kill -9 $relay
lost() { grep -q 'was closed' /tmp/helper.log; }
check "the far side was killed: the helper says so" within 20 lost
relay
check "and finds the next one" within 60 burst /run/shared.qmp full 1
kill $helper $relay
check "SIGTERM ends the helper with status 0" wait $helper
check "and the relay" wait $relay
# QEMU itself listens, on a socket that qmp-stub has made.
"$qmp/qmp-stub-static" qemu-system-x86_64 -M none -accel tcg -S -nodefaults -display none -no-user-config \
  -chardev vsock,id=q,port=4445 -mon chardev=q,mode=control &
qemu=$!
"$qmp/qmp" helper --listen unix:/run/stub.qmp --connect vsock:1:4445 --retry 250ms -v >>/tmp/helper.log 2>&1 &
helper=$!
check "the helper listens" within 60 test -S /run/stub.qmp
check "200 commands and the schema, QEMU by qmp-stub on vsock" burst /run/stub.qmp talk 200
check "20 sessions one right after the other" burst /run/stub.qmp full 20
kill $helper $qemu
check "SIGTERM ends QEMU with status 0" wait $qemu
[ $failed = 0 ] || cat /tmp/helper.log /tmp/relay.log /tmp/refused.log
