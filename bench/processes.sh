# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What bench/run starts and ends: the backend, and what stands between it and the client. Sourced;
# the script that does so has note and fail, and $temp, a directory for sockets and logs.
# shellcheck disable=SC2154

pids=()                      # what we started: the only processes we ever end

descendants() { # PID
    local child
    for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do
        printf '%s\n' "$child"
        descendants "$child"
    done
}

end_all() {
    local pid all=() tries
    for pid in ${pids[@]+"${pids[@]}"}; do
        mapfile -t -O "${#all[@]}" all < <(echo "$pid" && descendants "$pid")
    done
    pids=()
    if ((${#all[@]})); then
        kill "${all[@]}" 2>/dev/null || true
        for ((tries = 0; tries < 50; tries++)); do
            kill -0 "${all[@]}" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "${all[@]}" 2>/dev/null || true
    fi
    wait 2>/dev/null || true
}

cleanup() {
    trap - EXIT
    trap '' INT TERM HUP
    end_all
    [[ -z $temp ]] || rm -rf "$temp"
}

show_logs() {
    local log
    for log in "$temp"/*.log; do
        [[ -s $log ]] || continue
        note "the last lines of $(basename "$log"):"
        tail -n 5 "$log" | sed 's/^/    /' >&2
    done
}

start() { # NAME WORDS...; its process id is then in $started
    local name=$1
    shift
    "$@" >"$temp/$name.log" 2>&1 </dev/null &
    started=$!
    pids+=("$started")
}

await_socket() { # NAME PID PATH END; END in $SECONDS
    until [[ -S $3 ]]; do
        kill -0 "$2" 2>/dev/null || { show_logs; fail "$1 ended before its socket $(basename "$3") appeared"; }
        ((SECONDS < $4)) || { show_logs; fail "$1: no socket $(basename "$3") within $start_timeout s"; }
        sleep 0.05
    done
}

start_backend() {
    backend=$temp/backend.sock
    rm -f "$backend"
    start backend "$bench" backend ${schema:+--schema "$schema"} "$backend"
    await_socket backend "$started" "$backend" $((SECONDS + start_timeout))
}

# The reply of a real QEMU to query-qmp-schema, in $schema; without one a list that is like it.
fetch_schema() {
    local socket=$temp/qemu.sock
    schema=
    if ! type -P qemu-system-x86_64 >/dev/null; then
        note "no qemu-system-x86_64 here: the schema is a generated list of small objects"
        return
    fi
    start qemu qemu-system-x86_64 -M none -nodefaults -display none -S -qmp "unix:$socket,server=on,wait=off"
    await_socket qemu "$started" "$socket" $((SECONDS + start_timeout))
    "$bench" fetch "$socket" query-qmp-schema "$temp/schema.json" || { show_logs; fail "QEMU gave no schema"; }
    end_all
    schema=$temp/schema.json
}

# The command of a target, with {listen} and {connect} in it, as words in $words.
command_of() { # NAME
    words=()
    if [[ -n ${command[$1]:-} ]]; then
        read -ra words <<<"${command[$1]}"
        return
    fi
    case $1 in
    socat) words=(socat 'UNIX-LISTEN:{listen},fork' 'UNIX-CONNECT:{connect}') ;;
    socat64k) words=(socat -b 65536 'UNIX-LISTEN:{listen},fork' 'UNIX-CONNECT:{connect}') ;;
    proxyd) words=("$(program_of systemd-socket-activate)" --listen='{listen}'
        "$(program_of systemd-socket-proxyd)" --connections-max=2048 '{connect}') ;;
    haproxy) words=("$(program_of haproxy)" -db -f "$temp/haproxy.cfg") ;;
    *) words=("${helper[@]}" --listen 'unix:{listen}' --connect 'unix:{connect}') ;;
    esac
    [[ $1 != relay ]] || words+=(--relay)
}

haproxy_config() { # LISTEN
    cat >"$temp/haproxy.cfg" <<END
global
    maxconn 2048
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
frontend qmp
    bind unix@$1
    default_backend qemu
backend qemu
    server qemu unix@$backend
END
}

program_of() { # NAME; outside of a user's PATH too
    PATH=$PATH:/usr/sbin:/sbin:/usr/lib/systemd:/lib/systemd type -P "$1"
}

# Starts it; its driver argument is added to $arguments.
start_target() { # NAME
    local name=$1 socket=$temp/$1.sock words word line=()
    if [[ $name == direct ]]; then
        arguments+=("direct=0=$backend")
        return
    fi
    rm -f "$socket"
    command_of "$name"
    [[ $name != haproxy ]] || haproxy_config "$socket"
    for word in "${words[@]}"; do
        word=${word//'{listen}'/$socket}
        line+=("${word//'{connect}'/$backend}")
    done
    start "$name" "${line[@]}"
    await_socket "$name" "$started" "$socket" $((SECONDS + start_timeout))
    arguments+=("$name=$started=$socket")
}

# One helper with many routes, in place of a target.
start_routes() { # NAME COUNT [relay]
    local name=$1 count=$2 relay=false n end
    local directory=$temp/$name.d
    rm -rf "$directory"
    mkdir "$directory"
    [[ ${3:-} != relay ]] || relay=true
    for ((n = 1; n <= count; n++)); do
        printf '[[route]]\nlisten = "unix:%s"\nconnect = "unix:%s"\nrelay = %s\n\n' \
            "$directory/$n.sock" "$backend" $relay
    done >"$temp/$name.toml"
    start "$name" "${helper[@]}" --config "$temp/$name.toml"
    end=$((SECONDS + start_timeout))
    for ((n = 1; n <= count; n++)); do
        await_socket "$name" "$started" "$directory/$n.sock" "$end"
    done
    arguments+=("$name=$started=$directory")
}
