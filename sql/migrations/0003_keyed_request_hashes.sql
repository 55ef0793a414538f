-- What tells a repeated request is keyed: a plain hash would let whoever reads the table try values of secrets.

-- What is there was made without a key, and could be tried. It would be forgotten within a day anyway.
delete from idempotency_keys;

comment on column idempotency_keys.request is
    'HMAC-SHA-256, by a key of the key ring, of method, path, query and body: another request cannot use the key, and nobody can try bodies.';
