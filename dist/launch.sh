# shellcheck shell=sh disable=SC2034
# How qmp is started, in a checkout and in an image: the JVM's flags for each tool, and the caches
# of loaded classes that make a start faster and smaller. Sourced; POSIX, for a dom0 without bash.

qmp_main=org.qmpkit.cli/org.qmpkit.cli.Qmp

# Sets $group, to which a tool belongs: the daemon lives long, the others are in a hurry; those with
# a terminal need other classes than those for scripts.
#   group_of NAME_IT_WAS_CALLED_BY [FIRST_ARGUMENT]
group_of() {
  case ${1##*/}:${2:-} in
    vchan-socket-proxy:* | *:vchan-socket-proxy) group=native ;;
    qmp-helper:* | qmp_helper:* | *:helper) group=helper ;;
    *:health) group=health ;;
    qmp-shell:* | qmp-shell-wrap:* | *:shell | *:wrap | *:console) group=shell ;;
    *) group=tools ;;
  esac
}

# Sets $flags of the JVM for a group.
#   flags_of GROUP
flags_of() {
  flags="-XX:+UseSerialGC -XX:+UseCompactObjectHeaders -XX:-UsePerfData -Xlog:disable"
  # The cache where it was made for: moved, each of its pages would be written at each start.
  flags="$flags -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0"
  # Constructors that are called once by name (the JDK's random numbers, for UNIX sockets) need no
  # code spun for them.
  flags="$flags -Djdk.reflect.useNativeAccessorOnly=true"
  # What the JDK takes on Linux, after a search of all that is installed.
  [ ! -e /proc/sys/kernel/ostype ] ||
    flags="$flags -Djava.nio.channels.spi.SelectorProvider=sun.nio.ch.EPollSelectorProvider"
  case $1 in
    helper | native)
      # A start runs through much code a few times, which is not worth compiling; what a message runs
      # through is compiled some thousand messages later. The drop-in for one domain, most of whose
      # life is waiting, is compiled soon, and never a second time for more speed.
      if [ "$1" = helper ]; then
        flags="$flags -XX:CompileThresholdScaling=2"
      else
        flags="$flags -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=0.5"
      fi
      flags="$flags -Xms10m -Xmn2m -Xmx256m -XX:ReservedCodeCacheSize=32m"
      # Nearly all its strings are in the cache; the usual table alone takes half a MiB.
      flags="$flags -XX:StringTableSize=1024"
      flags="$flags -XX:TrimNativeHeapInterval=5000 -XX:-ShrinkHeapInSteps"
      # Idle, it sleeps: by itself the JVM looks four times a second for monitors to deflate, and once
      # for storage to clean up; both are still done each minute. A later JVM need not know of these.
      flags="$flags -XX:+IgnoreUnrecognizedVMOptions"
      flags="$flags -XX:AsyncDeflationInterval=0 -XX:ServiceThreadCleanupInterval=60000"
      # Without memory it ends, whichever thread or callback it was, for whoever starts it anew; it
      # says so where the log goes, since standard output may be a monitor.
      flags="$flags -XX:+ExitOnOutOfMemoryError -XX:+DisplayVMOutputToStderr"
      flags="$flags --enable-native-access=org.qmpkit.net.linux"
      ;;
    *)
      flags="$flags -Xms16m -Xmx512m -XX:TieredStopAtLevel=1 -XX:-UseContainerSupport"
      flags="$flags --enable-native-access=org.jline.nativ,org.qmpkit.net.linux"
      ;;
  esac
}

# Makes a group's cache out of a short life of its tools; one that can't be made is not missed. It
# is made where it is used, since it fits one JVM on one kind of processor only. In a shell of its own,
# for the variables of whoever sources this.
#   train GROUP FILE JAVA [ARGUMENT …]      the arguments say where the modules are
train() (
  set +e
  # What systemd gave is for the helper that is really to run.
  unset NOTIFY_SOCKET WATCHDOG_USEC LISTEN_PID LISTEN_FDS LISTEN_FDNAMES
  trained=$1
  cache=$2
  new=$cache.new
  shift 2
  # Whoever makes the folder makes the cache; the others start without it. One that a crash has
  # left is old.
  [ -z "$(find "$new" -prune -mmin +5 2>/dev/null)" ] || rm -rf "$new"
  mkdir "$new" 2>/dev/null || return 0
  # The flags are split at blanks, which the place of an image may have, and that of temporary files.
  lock=$new
  new=$(mktemp -d)
  case $new in
    *[[:space:]]*)
      rmdir "$new"
      new=$(TMPDIR=/tmp mktemp -d)
      ;;
  esac
  flags_of "$trained"
  flags="$flags -XX:AOTCacheOutput=$new/cache"
  # What compilers might learn of a short life is 2 MiB of a daemon's memory, and no quicker start.
  case $trained in helper | native) flags="$flags -XX:-AOTRecordTraining -XX:-AOTReplayTraining" ;; esac
  "train_$trained" "$@"
  mv -f "$new/cache" "$lock/cache" 2>/dev/null && mv -f "$lock/cache" "$cache"
  rm -rf "$new" "$lock"
)

# A monitor that is shared, and a relay to it: a client meets both.
train_helper() {
  helper_on "$@"
  flags_of tools
  for place in relay shared; do
    # shellcheck disable=SC2086
    timeout -s KILL 60 "$@" $flags -m $qmp_main health "unix:$new/$place" --timeout 2s \
      --output json >/dev/null 2>&1 || true
  done
  helper_off
}

# The same on the poller of native code.
train_native() {
  trained_place=@qmpkit-$$
  train_helper "$@"
  trained_place=
}

train_tools() { train_on "$@" -- exec "$new/shared" query-status; }

train_health() { train_on "$@" -- health "$new/shared" --timeout 2s --output json; }

# Runs a tool in front of a helper: JAVA [ARGUMENT …] -- TOOL [ARGUMENT …].
train_on() {
  recorded=$flags
  flags_of helper
  java=
  while [ "$1" != -- ]; do
    java="$java$(quoted "$1")"
    shift
  done
  shift
  tool=$(quoted "$@")
  eval "helper_on $java"
  eval "timeout -s KILL 60 $java $recorded -m $qmp_main $tool" >/dev/null 2>&1
  helper_off
}

# On a terminal of its own, where there is a program that makes one.
train_shell() {
  recorded=$flags
  flags_of helper
  helper_on "$@"
  # shellcheck disable=SC2086
  set -- "$@" $recorded -Dqmpkit.input=true -Dqmpkit.terminal=true -Dqmpkit.keys=query-status \
    -m $qmp_main shell "$new/shared"
  if command -v script >/dev/null; then
    XDG_STATE_HOME=$new TERM=xterm timeout -s KILL 60 script -qec "$(quoted "$@")" /dev/null \
      >/dev/null 2>&1 </dev/null
  else
    timeout -s KILL 60 "$@" >/dev/null 2>&1 </dev/null
  fi
  helper_off
}

# Starts a helper with $flags, in front of a program that talks as QEMU does as far as is needed.
helper_on() {
  cat >"$new/qemu" <<'EOF'
printf '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, "major": 9}, "package": ""}, "capabilities": ["oob"]}}\r\n'
while read -r line; do
  id=${line##*\"id\":}
  printf '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RESUME"}\r\n'
  printf '{"return": {"status": "running", "singlestep": false, "running": true}, "id": %s}\r\n' "${id%%\}*}"
done
EOF
  cat >"$new/config" <<EOF
[[route]]
listen = "unix:$new/relay"
connect = "unix:$new/shared"
relay = true
[[route]]
listen = "unix:$new/qemu.qmp"
connect = "exec:sh '$new/qemu'"
relay = true
[[route]]
listen = "unix:$new/shared"
connect = "unix:$new/qemu.qmp"
EOF
  [ -z "${trained_place:-}" ] || cat >>"$new/config" <<EOF
[[route]]
listen = "unix:$trained_place"
connect = "unix:$new/shared"
EOF
  # shellcheck disable=SC2086
  timeout -s KILL 60 "$@" $flags -m $qmp_main helper --config "$new/config" >/dev/null 2>&1 &
  helper=$!
  tries=0
  until [ -S "$new/shared" ] || [ $tries -ge 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
}

helper_off() {
  # The JVM itself, where the kernel tells which that is; else timeout passes the signal on.
  jvm=$(cat "/proc/$helper/task/$helper/children" 2>/dev/null || true)
  # shellcheck disable=SC2086
  kill -TERM ${jvm:-$helper} 2>/dev/null
  wait "$helper" 2>/dev/null
}

# Words as one line that a shell reads back.
quoted() {
  for word; do
    printf "'%s' " "$(printf %s "$word" | sed "s/'/'\\\\''/g")"
  done
}
