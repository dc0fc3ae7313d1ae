# shellcheck shell=sh disable=SC1090,SC1091,SC2154
# What dom0 runs: the tests that are named in the share, one after another.
. /mnt/share/common.sh
for test in $(cat $share/chosen); do
  say "== $test"
  . "$share/$test.sh"
done
[ $failed = 0 ] && result "PASS" || result "FAIL"
