# `scripts/bench claims`: claims with 100,000 jobs waiting, and with the dead rows of all claims since a report began.

claims() {
    local minutes=${1:-10}
    start_cluster
    find_skep
    export SKEP_DATABASE_URL="postgresql:///skep?host=$folder&user=skep"
    "$skep" migrate >"$folder/migrate.log" 2>&1 || fail "skep migrate failed: $(tail -n 3 "$folder/migrate.log")"
    "$bin/psql" -qX -f "$parts/claims.sql" >/dev/null
    python3 "$parts/claims.py" "$here/../sql/queries" "$folder"
    echo "100,000 jobs of 1,000 tenants wait, half of them for labels no agent has; clients enqueue, and claim and finish, in turn"
    echo
    echo "| | claims/s | claim and finish p50 ms | p99 ms | worst ms |"
    echo "|---|---|---|---|---|"
    measure_claims "nothing else" 15
    # A report that began before all that follows keeps every dead row.
    "$bin/psql" -qX -c "begin isolation level repeatable read; select count(*) from queue; select pg_sleep($((minutes * 60 + 60)))" \
        >/dev/null 2>&1 &
    reader_pid=$!
    keep_floors &
    keeper_pid=$!
    sleep 1
    run_claims $((minutes * 60)) "$folder/long" >/dev/null
    measure_claims "a report open for $minutes minutes" 15
    kill "$reader_pid" "$keeper_pid" 2>/dev/null || true
}

# What every server does each second.
keep_floors() {
    python3 -c 'import sys; sys.path.insert(0, sys.argv[1]); from queries import queries; import pathlib
print(queries(pathlib.Path(sys.argv[2]))["queue.move_floors"] + ";")' "$parts" "$here/../sql/queries" >"$folder/floors.sql"
    while sleep 1; do "$bin/psql" -qX -f "$folder/floors.sql" >/dev/null 2>>"$folder/floors.log" || true; done
}

# run_claims SECONDS PREFIX: 8 clients; prints transactions a second, and writes each transaction's statements' times.
run_claims() {
    (cd "$folder" && rm -f "$2".* && PGOPTIONS="-c random_page_cost=1.1 -c plan_cache_mode=force_generic_plan -c jit=off" \
        "$bin/pgbench" -n -M prepared -c 8 -j 1 -T "$1" -r --log --log-prefix="$2" -f enqueue.sql -f claim.sql 2>>pgbench.log) | tee "$folder/last" |
        awk '/^tps = / { print $3 }'
}

measure_claims() {
    local rate
    rate=$(run_claims "$2" "$folder/claims")
    cat "$folder"/claims.* | awk '$4 == 1 { print $3 / 1000 }' | sort -g >"$folder/times"
    awk -v name="$1" -v rate="$rate" '
        { times[NR] = $1 }
        END { printf "| %s | %d | %.1f | %.1f | %.1f |\n", name, rate / 2, times[int(NR * 0.5) + 1], times[int(NR * 0.99) + 1], times[NR] }
    ' "$folder/times"
}
