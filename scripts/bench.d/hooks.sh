# `scripts/bench hooks` and `scripts/bench dispatch`: from a delivery to its build, and to the start of its job.

hooks() {
    begin_hooks 200
    echo "$(nproc) cores, server, database and 16 clients on them; each delivery is of a new branch of one of 200 repositories"
    echo
    echo "| | accepted/s | reply p50 ms | p99 ms | built/s |"
    echo "|---|---|---|---|---|"
    measure_hooks "nothing else" 10000
    # They stay: jobs for labels that no agent has.
    "$bin/psql" -qX -f "$parts/claims.sql" >/dev/null
    measure_hooks "100,000 jobs waiting" 5000
    "$bin/psql" -qX -c "alter system set commit_delay = 2000" -c "alter system set commit_siblings = 0" -c "select pg_reload_conf()" >/dev/null
    measure_hooks "and a flush of 2 ms" 5000
    [ "$shortfalls" -eq 0 ] || echo "$shortfalls figures fall short of their floor: marked !"
}

dispatch() {
    local count p50 p99 most
    begin_hooks 20
    agent_token=$("$skep" token agent)
    # The first builds of the repositories are in the way.
    "$bin/psql" -qX -c "delete from queue"
    read -r count p50 p99 most < <("$skep" bench-hooks --url "http://127.0.0.1:$port" --count "${BENCH_DISPATCHES:-300}" --agent-token "$agent_token")
    awk -v count="$count" -v p50="$p50" -v p99="$p99" -v most="$most" -v bad="$(over "$p50" 25)$(over "$p99" 100)" 'BEGIN {
        printf "from delivery to start on a waiting agent, %d times: p50 %s ms, p99 %s ms, longest %s ms%s (floor: 25 and 100 ms)\n", count, p50, p99, most, bad
    }'
    idle_statements
}

# What the database has to do while two agents wait for jobs.
idle_statements() {
    local number pids=() before after rate
    for number in 1 2; do
        SKEP_AGENT_TOKEN="$agent_token" "$skep" agent --server "http://127.0.0.1:$port" --name "idle$number" --runtime process \
            --folder "$folder/agent$number" >"$folder/agent$number.log" 2>&1 </dev/null &
        pids+=($!)
    done
    sleep 5
    # Each statement outside a transaction is one of its own.
    before=$(transactions)
    sleep 30
    after=$(transactions)
    rate=$(awk -v count=$((after - before)) 'BEGIN { printf "%.1f", count / 30 }')
    echo "two idle agents and a server: $rate transactions a second$(over "$rate" 5) (floor: under 5)"
    kill -TERM "${pids[@]}"
    wait "${pids[@]}" 2>/dev/null || true
}

transactions() {
    "$bin/psql" -AtqX -d postgres -c "select xact_commit + xact_rollback from pg_stat_database where datname = 'skep'"
}

# begin_hooks COUNT: a server and COUNT active repositories with one commit each.
begin_hooks() {
    local number template
    find_skep
    start_cluster
    mkdir "$folder/git"
    export SKEP_GIT_ROOT="$folder/git" SKEP_LIMITS_HOOKS_PER_MINUTE=100000000
    start_skep
    token=$("$skep" user add root --admin)
    template="$folder/work"
    git init -q -b main "$template"
    printf 'build:\n  image: none\n  commands: [none]\n' >"$template/.drone.yml"
    git -C "$template" add .drone.yml
    git -C "$template" -c user.name=bench -c user.email=bench@example.com commit -q -m bench
    for number in $(seq "$1"); do
        git clone -q --bare "$template" "$SKEP_GIT_ROOT/acme/r$number.git"
        curl -sf -o /dev/null -X POST -H "Authorization: Bearer $token" "http://127.0.0.1:$port/api/repos/acme/r$number" ||
            fail "acme/r$number was not activated"
    done
    # What was there before activation makes no build, and is known.
    "$bin/psql" -AtqX -c "select count(*) from repository_refs" | grep -qx "$1" || fail "not every repository has its ref"
}

left() {
    "$bin/psql" -AtqX -c "select count(*) from deliveries where outcome = 'waiting'"
}

measure_hooks() {
    local before after began ended accepted p50 p99
    before=$("$bin/psql" -AtqX -c "select count(*) from builds")
    began=$(date +%s.%N)
    read -r accepted _ p50 p99 _ < <("$skep" bench-hooks --url "http://127.0.0.1:$port" --count "$2")
    until [ "$(left)" -eq 0 ]; do sleep 0.2; done
    ended=$(date +%s.%N)
    after=$("$bin/psql" -AtqX -c "select count(*) from builds")
    [ $((after - before)) -eq "$2" ] || fail "$2 deliveries made $((after - before)) builds"
    awk -v name="$1" -v accepted="$accepted" -v p50="$p50" -v p99="$p99" -v count="$2" -v began="$began" -v ended="$ended" 'BEGIN {
        built = count / (ended - began)
        printf "| %s | %d | %s | %s | %d%s |\n", name, accepted, p50, p99, built, built < 1000 ? " !" : ""
    }'
}
