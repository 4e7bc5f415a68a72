# The build: dependencies in a layer of their own, so that an edit of the sources rebuilds the sources only.
FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libsqlite3-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.* ./
COPY Plugins Plugins
# With a lock (Package.resolved) exactly what it names, or an error. Without one the newest that Package.swift allows;
# what that is becomes the lock here, and the build below takes no other.
RUN if [ -f Package.resolved ]; then set -- --force-resolved-versions; fi; swift package resolve "$@"
COPY Sources Sources
COPY Tests Tests
# The release's identity: `docker build --build-arg SOURCE_VERSION=$(git rev-parse HEAD) …`
ARG SOURCE_VERSION=unknown
ARG SOURCE_DATE_EPOCH=0
RUN SOURCE_VERSION=$SOURCE_VERSION SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH \
    swift build -c release --static-swift-stdlib --force-resolved-versions --product App \
    && install -D --strip .build/release/App /out/App

# The image: the binary, SQLite, nothing to shell out to, a user without rights.
FROM debian:bookworm-slim
# For a service on PostgreSQL: `docker build --build-arg PACKAGES=libpq5 …`; for one that calls others
# `--build-arg PACKAGES="libcurl4 ca-certificates"`, some 14 MB.
ARG PACKAGES=
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libsqlite3-0 $PACKAGES \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app --no-create-home app \
    && install --directory --owner app --group app /app /app/data
ARG SOURCE_VERSION=unknown
LABEL org.opencontainers.image.revision=$SOURCE_VERSION
COPY --from=build /out/App /app/App
WORKDIR /app
USER app
# Mount the folder, not the file: SQLite keeps its write-ahead log beside the database.
VOLUME /app/data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/app/App", "healthcheck"]
ENTRYPOINT ["/app/App"]
CMD ["serve"]
