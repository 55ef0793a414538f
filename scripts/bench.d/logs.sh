# `scripts/bench logs`: logs written by agents, and read along.

logs() {
    find_skep
    ulimit -n 8192 2>/dev/null || fail "the limit of open files is too low: ulimit -n 8192"
    start_cluster
    mkdir "$folder/git"
    export SKEP_GIT_ROOT="$folder/git"
    start_skep
    prepare_jobs 6
    echo "$(nproc) cores, server, database and clients on them, $seconds s each"
    append_logs 4
    tail_log "${BENCH_VIEWERS:-1000}"
    print_memory
    [ "$shortfalls" -eq 0 ] || echo "$shortfalls figures fall short of their floor: marked !"
}

# prepare_jobs COUNT: a build of acme/app whose jobs wait.
prepare_jobs() {
    local cells work="$folder/work"
    token=$("$skep" user add root --admin)
    agent_token=$("$skep" token agent)
    cells=$(seq -s , 1 "$1")
    git init -q --bare -b main "$SKEP_GIT_ROOT/acme/app.git"
    # The server's user runs the hook; a push by another would be of a doubtful owner.
    curl -sf -o "$folder/repo.json" -X POST -H "Authorization: Bearer $token" "http://127.0.0.1:$port/api/repos/acme/app"
    git init -q -b main "$work"
    printf 'matrix:\n  N: [%s]\nbuild:\n  image: none\n  commands: [none]\n' "$cells" >"$work/.drone.yml"
    git -C "$work" add .drone.yml
    git -C "$work" -c user.name=bench -c user.email=bench@example.com commit -q -m bench
    git -C "$work" push -q "$SKEP_GIT_ROOT/acme/app.git" main
    wait_for "the build" curl -sf -H "Authorization: Bearer $token" "http://127.0.0.1:$port/api/repos/acme/app/builds/1"
}

bench_logs() {
    "$skep" bench-logs --url "http://127.0.0.1:$port" --agent-token "$agent_token" --token "$token" \
        --seconds "$seconds" "$@"
}

# append_logs STREAMS: MB of text a second, beside plain inserts of the same rows.
append_logs() {
    local rate segments plain
    read -r rate segments < <(bench_logs --streams "$1" --sample "$folder/segment")
    plain=$(plain_inserts "$1")
    awk -v rate="$rate" -v segments="$segments" -v plain="$plain" -v streams="$1" -v stored="$(stat -c %s "$folder/segment")" 'BEGIN {
        text = plain * 262144 / 1e6
        printf "append, %d logs: %.1f MB/s of text (%d segments/s of 256 KiB, %d bytes stored each); plain inserts %.1f MB/s; ratio %.2f\n",
            streams, rate, segments, stored, text, rate / text
    }'
}

# Rows a second of pgbench inserting the segment that was written, into a table like that of segments.
plain_inserts() {
    local script="$folder/insert.sql"
    "$bin/psql" -qX -c 'create table plain_segments (
        day date, attempt_id bigint, "offset" bigserial, length integer, step integer, crc32 bigint, data bytea,
        primary key (day, attempt_id, "offset"))' -c 'alter table plain_segments alter column data set storage external'
    printf "insert into plain_segments (day, attempt_id, length, step, crc32, data) values (current_date, :client_id, 262144, 1, 1, '\\\\x%s');\n" \
        "$(od -An -tx1 -v "$folder/segment" | tr -d ' \n')" >"$script"
    "$bin/pgbench" -n -M prepared -c "$1" -j 1 -T "$seconds" -f "$script" 2>>"$folder/pgbench.log" |
        awk '/^tps = / { print $3; exit }'
}

# tail_log VIEWERS: from the sending of a segment to its arrival at each who reads along.
tail_log() {
    local events p50 p99 most
    read -r events p50 p99 most < <(bench_logs --viewers "$1")
    awk -v viewers="$1" -v events="$events" -v p50="$p50" -v p99="$p99" -v most="$most" -v bad="$(over "$p99" 150)" 'BEGIN {
        printf "tail, %d viewers, 10 segments/s: %d events, p50 %s ms, p99 %s ms%s, longest %s ms (floor: p99 under 150 ms)\n",
            viewers, events, p50, p99, bad, most
    }'
    [ -z "$(over "$p99" 150)" ] || shortfalls=$((shortfalls + 1))
}

over() {
    awk -v value="$1" -v limit="$2" 'BEGIN { if (value >= limit) printf " !" }'
}
