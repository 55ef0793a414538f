-- skep: no transaction
-- What readers of reports ask for a period by. Built beside running servers, which a migration in a transaction would stop
-- from making builds for as long as reading all of them takes.

drop index concurrently if exists builds_by_time;
create index concurrently builds_by_time on builds (created_at);
comment on index builds_by_time is 'Reports about a day of all repositories; their jobs, attempts and steps are found from the builds.';
