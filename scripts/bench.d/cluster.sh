# A PostgreSQL server for one run: in $folder, as an unprivileged user, reachable only through a socket in it.

cluster_user=
cluster_pid=

# Runs a command as the user that the server runs as: PostgreSQL refuses root.
as_cluster_user() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    elif command -v setpriv >/dev/null; then
        setpriv --reuid "$cluster_user" --regid "$(id -g "$cluster_user")" --clear-groups "$@"
    else
        runuser -u "$cluster_user" -- "$@"
    fi
}

postgres_programs() {
    local candidates
    candidates=$({ ls -d /usr/lib/postgresql/*/bin 2>/dev/null || true; } | sort -V | tail -n 1)
    for bin in "$(command -v pg_config >/dev/null && pg_config --bindir)" "$candidates"; do
        if [ -x "$bin/postgres" ]; then
            echo "$bin"
            return
        fi
    done
    fail "the PostgreSQL server is missing: apt-get install postgresql"
}

start_cluster() {
    bin=$(postgres_programs)
    need "$bin/pgbench" "$bin/psql" "$bin/initdb"
    cluster_user=$(id -un)
    if [ "$(id -u)" -eq 0 ]; then
        id postgres >/dev/null 2>&1 && cluster_user=postgres || cluster_user=nobody
        chown "$cluster_user" "$folder"
    fi
    export PGHOST="$folder" PGUSER=skep PGDATABASE=skep
    # Nobody else enters the folder, so the socket needs no password.
    (cd "$folder" && as_cluster_user "$bin/initdb" -D "$folder/data" -U skep -A trust -E UTF8 --locale=C >"$folder/initdb.log")
    as_cluster_user "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c max_wal_size=4GB \
        -c fsync=on -c synchronous_commit=on >"$folder/postgres.log" 2>&1 </dev/null &
    cluster_pid=$!
    wait_for "PostgreSQL" "$bin/pg_isready" -q -d postgres
    "$bin/psql" -qX -d postgres -c 'create database skep'
    show_durability
}

# Figures of a database that may lose what it was told are worth nothing here.
show_durability() {
    local setting value
    "$bin/psql" -AtX -c 'select version()'
    for setting in fsync synchronous_commit full_page_writes; do
        value=$("$bin/psql" -AtX -c "show $setting")
        echo "$setting = $value"
        [ "$value" = on ] || fail "$setting is $value: not counting"
    done
}

stop_cluster() {
    [ -n "$cluster_pid" ] || return 0
    # Its own number: the job's may be that of a shell, and a shell in the background heeds no INT.
    kill -INT "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null || true
    wait "$cluster_pid" 2>/dev/null || true
    cluster_pid=
}

# wait_for NAME COMMAND...: repeats the command until it succeeds, half a minute at most.
wait_for() {
    local name=$1 end=$((SECONDS + 30))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "$name did not start; see $folder (BENCH_KEEP=1 keeps it)"
        sleep 0.1
    done
}
