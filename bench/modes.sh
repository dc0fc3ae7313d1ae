# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What bench/run measures: which processes each mode needs, and how the driver is called. Sourced.
# shellcheck disable=SC2154

# In the background, so that a signal to this script is seen at once.
drive() {
    local status=0
    timeout --kill-after=5 "$deadline" "$bench" "$1" --results "$results" \
        ${driver_options[@]+"${driver_options[@]}"} "${@:2}" &
    pids+=($!)
    wait $! || status=$?
    case $status in
    0) ;;
    3) missed=3 ;;
    124 | 137) show_logs; fail "not done within $deadline s; see --deadline" ;;
    *) show_logs; fail "the measurement failed" ;;
    esac
}

# Three descriptors for each route in the helper: listener, client, upstream.
raise_descriptors() { # ROUTES
    local need=$(($1 * 3 + 512)) now
    now=$(ulimit -n)
    [[ $now != unlimited ]] && ((now < need)) || return 0
    ulimit -Sn "$need" 2>/dev/null ||
        fail "$1 routes need $need open files, the limit is $(ulimit -Hn); raise it or use --routes"
}

# Everything that is started from here on inherits it.
pin() {
    [[ -n $cpus ]] || return 0
    taskset -cp "$cpus" $$ >/dev/null || fail "cannot run on CPUs $cpus only"
}

describe_machine() {
    local model load versions=
    model=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)
    read -r load _ </proc/loadavg
    if type -P socat >/dev/null && { uses socat || uses socat64k; }; then
        versions=", socat $(socat -V | sed -n 's/^socat version \([^ ]*\).*/\1/p')"
    fi
    ! uses proxyd || versions+=", $("$(program_of systemd-socket-proxyd)" --version | sed -n '1s/ *(.*//p')"
    ! uses haproxy || versions+=", HAProxy $("$(program_of haproxy)" -v | sed -n '1s/.*version \([0-9.]*\).*/\1/p')"
    printf '%s CPUs (%s%s), Linux %s%s, load average %s at the start.\n' \
        "$(nproc --all)" "${cpus:+only $cpus used; }" "${model:-$(uname -m)}" "$(uname -r | cut -d- -f1)" \
        "$versions" "$load"
}

run_compare() {
    local name
    arguments=()
    fetch_schema
    start_backend
    for name in "${targets[@]}"; do
        start_target "$name"
    done
    drive compare ${plan_options[@]+"${plan_options[@]}"} ${rounds:+--rounds "$rounds"} \
        ${schema:+--schema "$schema"} "${arguments[@]}"
    end_all
}

run_busy() {
    local name n=${rounds:-${quick:+3}} connections=64
    [[ -z $quick ]] || seconds=1
    n=${n:-10}
    arguments=()
    raise_descriptors $((connections * 12))
    start_backend
    for name in "${targets[@]}"; do
        case $name${command[$name]:-} in
        relay) start_routes relay $connections relay ;;
        shared)
            start_routes sharedone $connections
            start_target shared
            arguments[-1]=${arguments[-1]/#shared=/shared64=} ;;
        *) start_target "$name" ;;
        esac
    done
    drive busy --rounds "$n" --connections $connections \
        --visit-ms $((seconds * 1000 / n)) "${arguments[@]}"
    end_all
}

# One process at a time: pages of files that several JVMs map would count for less in each.
run_idle() {
    local name count head=
    for name in "${targets[@]}"; do
        [[ $name != direct ]] || continue
        for count in "${counts[@]}"; do
            arguments=()
            raise_descriptors "$count"
            start_backend
            case $name${command[$name]:-} in
            relay | shared) start_routes "$name" "$count" "$name" ;;
            *) start_target "$name" ;;
            esac
            drive idle ${settle_options[@]+"${settle_options[@]}"} $head "${arguments[@]}" "$count"
            head=--no-head
            end_all
        done
    done
}

# The image's own launcher where there is one: what a user runs has no checkout to look at.
run_start() {
    local java words=("${helper[@]}") n=${rounds:-${quick:+3}} image=$repo/dist/target/qmpkit/bin/qmp
    n=${n:-20}
    # shellcheck source=.mvn/tools.sh
    java=$(here=$repo && . "$repo/.mvn/tools.sh" && find_jdk && echo "$JAVA_HOME") ||
        fail "no JDK for the JVM beside it"
    if [[ ${words[0]} == "$repo/qmp" && -x $image ]] &&
        [[ -z $(find "$repo/cli/target/modules" -newer "$image" -name '*.jar' 2>&1) ]]; then
        words=("$image" helper)
    fi
    printf 'Started: %s\n' "${words[*]#"$repo"/}"
    cat >"$temp/Hello.java" <<'END'
final class Hello {
    public static void main(String[] words) {
        System.out.println("Hello, world");
    }
}
END
    "$java/bin/javac" -d "$temp" "$temp/Hello.java" || fail "the class beside it does not compile"
    start_backend
    drive start --rounds "$n" "$temp" "${words[@]}" --listen 'unix:{listen}' --connect "unix:$backend" -- \
        "$java/bin/java" -XX:+UseSerialGC -XX:-UsePerfData -Xshare:auto -cp "$temp" Hello
    end_all
}

# Short visits, many of them: whether a wake-up stays on its CPU sticks for a visit.
run_all() {
    local part
    plan_options=(--rounds 40 --pings 750 --bigs 75 ${plan_options[@]+"${plan_options[@]}"})
    for part in compare busy idle start; do
        printf '\n%s\n\n' "== $part"
        "run_$part"
    done
}

run() {
    missed=0
    [[ -n $results ]] || results=$temp/results.tsv
    printf 'machine\t%s\n' "$(describe_machine)" >"$results" || fail "cannot write $results"
    if [[ $mode == all && " ${driver_options[*]:-} " == *" --markdown "* ]]; then
        if [[ " ${driver_options[*]} " == *" --check "* ]]; then driver_options=(--check); else driver_options=(); fi
        run_all >&2
        "$here/tables" "$results"
    else
        cut -f 2 "$results"
        "run_$mode"
    fi
    ((missed == 0)) || exit "$missed"
}
