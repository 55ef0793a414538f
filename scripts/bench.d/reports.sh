# `scripts/bench reports`: the examples of docs/reporting.md, as a reader of one tenant of twenty.

reports() {
    local size view
    local -A times=()
    find_skep
    start_cluster
    load_histories
    for size in $histories; do
        use_history "$size"
        # Of the cluster, so the second history finds it there.
        "$bin/psql" -qX -c "do \$\$ begin
            create role bench_reader login in role skep_reader;
        exception when duplicate_object then null; end \$\$" \
            -c "insert into ci_report.report_access select 'bench_reader', id from tenants where name = '7'"
    done
    mkdir "$folder/reports"
    python3 "$parts/reports.py" "$here/../docs/reporting.md" "$folder/reports"
    echo "$(nproc) cores, one client; a reader of one tenant with a twentieth of the builds; median of ${BENCH_REPORT_RUNS:-15}, in ms"
    echo
    echo "| example |$(for size in $histories; do printf ' at %d builds |' "$size"; done)"
    echo "|---|$(for size in $histories; do printf -- '---|'; done)"
    for view in "$folder"/reports/*.sql; do
        printf '| %s |' "$(basename "$view" .sql)"
        for size in $histories; do
            use_history "$size"
            printf ' %s |' "$(report_time "$view")"
        done
        echo
    done
    if grep -q '!' "$folder/slow" 2>/dev/null; then echo "marked !: over 200 ms"; fi
}

# The median of some runs, whose first is not counted.
report_time() {
    "$bin/pgbench" -n -U bench_reader -c 1 -t "${BENCH_REPORT_RUNS:-15}" -f "$1" -l --log-prefix="$folder/times" >/dev/null \
        2>>"$folder/pgbench.log" || fail "$1 failed: $(tail -n 3 "$folder/pgbench.log")"
    cat "$folder"/times.* | awk 'NR > 1 { print $3 / 1000 }' | sort -n |
        awk '{ value[NR] = $1 } END { if (NR == 0) exit 1; middle = value[int((NR + 1) / 2)]; printf "%.1f%s", middle, (middle > 200 ? " !" : "") }' |
        tee -a "$folder/slow"
    rm -f "$folder"/times.*
}
