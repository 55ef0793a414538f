# Skep in one image: server, agent and migrations are subcommands of one program.
FROM swift:6.3-bookworm AS build

RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq-dev libssl-dev zlib1g-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /build

# Dependencies change seldom: they get a layer of their own. Package.resolved is copied if it is there.
COPY Package.swift Package.resolve[d] ./
RUN swift package resolve

COPY Sources ./Sources
COPY Tests ./Tests
COPY sql ./sql
COPY docs/openapi.yaml ./docs/openapi.yaml
RUN swift build -c release --product skep --static-swift-stdlib -Xlinker -s \
    && install -D "$(swift build -c release --show-bin-path)/skep" /out/skep

FROM debian:bookworm-slim

# git and bubblewrap are for the agent; git also for a server with plain repositories.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        bubblewrap ca-certificates git libpq5 libssl3 libstdc++6 tzdata zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --create-home --home-dir /var/lib/skep skep \
    && install -d -o skep -g skep /var/lib/skep/git /var/lib/skep-agent

COPY --from=build /out/skep /usr/local/bin/skep

USER skep
WORKDIR /var/lib/skep
ENV SKEP_LISTEN=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["skep", "healthcheck"]
ENTRYPOINT ["skep"]
CMD ["serve"]
