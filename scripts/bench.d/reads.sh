# `scripts/bench reads`: each documented GET beside its limit.

server_pid=
plain_pid=
started_pids=()
history=50000
all_requests="user repo build builds log"
shortfalls=0

reads() {
    local requests=${*:-$all_requests} request size
    for request in $requests; do
        case " $all_requests " in *" $request "*) ;; *) fail "no request named $request; there are: $all_requests" ;; esac
    done
    find_skep
    start_cluster
    load_histories
    print_head
    for request in $requests; do
        for size in $histories; do
            use_history "$size"
            measure_request "$request"
        done
    done
    print_memory
    [ "$(wc -w <<<"$histories")" -eq 1 ] || print_ratios "$requests"
    [ "$shortfalls" -eq 0 ] || echo "$shortfalls figures fall short of their floor: marked !"
}

# Histories of so many builds, each in a database of its own with a server of its own, so that they can be measured in turn.
histories=${BENCH_BUILDS:-50000}
declare -A ports plain_ports server_pids rates

load_histories() {
    local size
    for size in $histories; do
        [ "$size" -ge 50000 ] && [ $((size % 20000)) -eq 0 ] || [ "$size" -eq 50000 ] ||
            fail "BENCH_BUILDS: $size is not 50000 or a multiple of 20000"
        export PGDATABASE="skep_$size" BENCH_HISTORY=$((size / 200))
        "$bin/psql" -qX -d postgres -c "create database $PGDATABASE"
        start_skep
        load_data
        ports[$size]=$port plain_ports[$size]=$plain_port server_pids[$size]=$server_pid
    done
}

use_history() {
    export PGDATABASE="skep_$1" BENCH_HISTORY=$(($1 / 200))
    history=$1 port=${ports[$1]} plain_port=${plain_ports[$1]} server_pid=${server_pids[$1]}
}

# Of the longest history's rate to the shortest one's.
print_ratios() {
    local request least most
    least=$(tr ' ' '\n' <<<"$histories" | sort -n | head -n 1)
    most=$(tr ' ' '\n' <<<"$histories" | sort -n | tail -n 1)
    echo
    echo "| request | requests/s at $least builds | at $most builds | ratio (floor: 0.9) |"
    echo "|---|---|---|---|"
    for request in $1; do
        awk -v request="$request" -v few="${rates[$least $request]}" -v many="${rates[$most $request]}" 'BEGIN {
            printf "| %s | %d | %d | %.2f%s |\n", request, few, many, many / few, many / few < 0.9 ? " !" : ""
        }'
        awk -v few="${rates[$least $request]}" -v many="${rates[$most $request]}" 'BEGIN { exit many / few < 0.9 }' ||
            shortfalls=$((shortfalls + 1))
    done
}

find_skep() {
    skep=${SKEP:-}
    if [ -z "$skep" ]; then
        (cd "$here/.." && swift build -c release --product skep >&2)
        skep="$(cd "$here/.." && swift build -c release --show-bin-path)/skep"
    fi
    [ -x "$skep" ] || fail "$skep is not a program"
    "$skep" --version 2>/dev/null || true
}

start_skep() {
    port=$(free_port)
    plain_port=$(free_port)
    export SKEP_DATABASE_URL="postgresql:///$PGDATABASE?host=$folder&user=skep"
    export SKEP_KEYRING_FILE="$folder/keyring" SKEP_LISTEN="127.0.0.1:$port"
    # Counted as ever, and never reached.
    export SKEP_LIMITS_REQUESTS_PER_MINUTE=100000000
    [ -s "$SKEP_KEYRING_FILE" ] || "$skep" key generate >"$SKEP_KEYRING_FILE"
    "$skep" migrate >"$folder/migrate.log" 2>&1 || fail "skep migrate failed: $(tail -n 3 "$folder/migrate.log")"
    "$skep" serve >>"$folder/skep.log" 2>&1 </dev/null &
    server_pid=$!
    "$skep" plain-server --port "$plain_port" >>"$folder/plain.log" 2>&1 </dev/null &
    plain_pid=$!
    started_pids+=("$server_pid" "$plain_pid")
    wait_for "skep serve" curl -sf "http://127.0.0.1:$port/readyz"
    wait_for "skep plain-server" curl -sf "http://127.0.0.1:$plain_port/plain?bytes=1"
}

stop_servers() {
    local pid
    for pid in "${started_pids[@]}"; do
        kill -TERM "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

load_data() {
    local loaded="$folder/$PGDATABASE"
    mkdir "$loaded"
    python3 "$parts/prepare.py" "$here/../sql/queries" "$loaded"
    (cd "$loaded" && "$bin/psql" -qX -v ON_ERROR_STOP=1 -v "builds=$BENCH_HISTORY" -f "$parts/load.sql")
    # The server adds up what was loaded: it must not do so while it is measured.
    until [ "$("$bin/psql" -AtX -c "select exists (select from ended_attempts) or exists (select from ended_builds)")" = f ]; do sleep 1; done
    "$bin/psql" -qX -c "vacuum (analyze)" -c checkpoint
    "$bin/psql" -AtX -c "select count(*) || ' repositories' from repositories" \
        -c "select count(*) || ' builds' from builds" -c "select count(*) || ' jobs' from jobs" \
        -c "select pg_size_pretty(pg_database_size(current_database()))"
}

print_head() {
    echo "$(nproc) cores, $clients clients, $seconds s each, load generator on the same machine"
    echo
    echo "| builds | request | bytes | requests/s | floor | p50 ms | p99 ms | bare route | pgbench | limit | of limit |"
    echo "|---|---|---|---|---|---|---|---|---|---|---|"
}

measure_request() {
    local request=$1 bytes rate p50 p99 errors bare database
    bytes=$(response_bytes "$request")
    run_wrk "http://127.0.0.1:$port" "$request" 2 >/dev/null
    read -r rate p50 p99 errors < <(run_wrk "http://127.0.0.1:$port" "$request" "$seconds")
    [ "$errors" -eq 0 ] || fail "$errors of the $request requests failed: not counting"
    read -r bare _ _ _ < <(run_wrk "http://127.0.0.1:$plain_port" "plain $bytes" "$seconds")
    database=$(run_pgbench "$request")
    rates[$history $request]=$rate
    print_row "$request" "$bytes" "$rate" "$p50" "$p99" "$bare" "$database"
}

# What docs/performance.md promises, requests a second.
floor_of() {
    case $1 in user) echo 20000 ;; repo | build) echo 12000 ;; builds) echo 1500 ;; *) echo 0 ;; esac
}

print_row() {
    local row
    row=$(awk -v history="$history" -v request="$1" -v bytes="$2" -v rate="$3" -v p50="$4" -v p99="$5" -v bare="$6" -v db="$7" \
        -v floor="$(floor_of "$1")" '
        function mark(value, bad) { return value (bad ? " !" : "") }
        BEGIN {
            limit = 1 / (1 / bare + 1 / db)
            printf "| %d | %s | %d | %s | %s | %.1f | %s | %d | %d | %d | %s |\n", history, request, bytes,
                mark(int(rate), rate < floor), floor ? floor : "", p50, mark(sprintf("%.1f", p99), p99 >= 10), bare, db,
                limit, mark(sprintf("%.2f", rate / limit), rate / limit < 0.6)
        }')
    echo "$row"
    shortfalls=$((shortfalls + $(printf '%s' "$row" | tr -cd '!' | wc -c)))
}

# Prints: requests a second, p50 and p99 in ms, failures.
run_wrk() {
    local url=$1 request=$2
    # shellcheck disable=SC2086  # the request and its bytes are two arguments
    wrk -t1 "-c$clients" "-d${3}s" -s "$parts/reads.lua" "$url" -- "$folder/$PGDATABASE/tokens.txt" $request | sed -n 's/^figures: //p'
}

response_bytes() {
    local path
    path=$(python3 "$parts/prepare.py" --path "$1")
    curl -sf -o /dev/null -w '%{size_download}' -H "Authorization: Bearer $(head -n 1 "$folder/$PGDATABASE/tokens.txt")" \
        "http://127.0.0.1:$port$path"
}

# The better of 4 and 8 clients, in statements' transactions a second.
run_pgbench() {
    local request=$1 count script best=0 rate
    local -a scripts=() variables=()
    for script in "$folder/$PGDATABASE/pgbench/$request"-*.sql; do scripts+=(-f "$script"); done
    while IFS== read -r name value; do variables+=(-D "$name=$value"); done <"$folder/$PGDATABASE/pgbench/variables"
    for count in 4 8; do
        # The settings that the server's connections have: Sources/Postgres/Connector.swift.
        rate=$(PGOPTIONS="-c random_page_cost=1.1 -c plan_cache_mode=force_generic_plan -c jit=off" "$bin/pgbench" -n -M prepared -c "$count" -j 1 -T "$seconds" "${variables[@]}" "${scripts[@]}" \
            2>>"$folder/pgbench.log" | awk '/^tps = / { print $3; exit }')
        [ -n "$rate" ] || fail "pgbench failed: $(tail -n 3 "$folder/pgbench.log")"
        best=$(printf '%s\n%s\n' "$best" "$rate" | sort -g | tail -n 1)
    done
    echo "$best"
}

print_memory() {
    local now peak
    now=$(ps -o rss= -p "$server_pid" | tr -d ' ')
    peak=$(awk '/^VmHWM/ { print $2 }' "/proc/$server_pid/status" 2>/dev/null || echo "$now")
    echo
    echo "memory of skep serve: $((now / 1024)) MB, at most $((peak / 1024)) MB (floor: under 100 MB)"
    [ "$((peak / 1024))" -lt 100 ] || shortfalls=$((shortfalls + 1))
}
