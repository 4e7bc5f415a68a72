# Both bases have the same system, so that what is linked in the first is there in the second. deploy/image/bases makes
# others where no registry can be reached.
ARG BUILD_BASE=swift:6.3-bookworm
ARG RUNTIME_BASE=debian:bookworm-slim

# The build: dependencies in a layer of their own, so that an edit of the sources rebuilds the sources only.
FROM $BUILD_BASE AS build
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
# The release's identity: `docker build --build-arg SOURCE_VERSION=$(git rev-parse HEAD) …`; deploy/image/build does it.
ARG SOURCE_VERSION=unknown
ARG SOURCE_DATE_EPOCH=0
# The program is the same bytes wherever it is built (deploy/image/reproducible). So no path of the build is in it, and no hash of
# one: of debugging information, of the compiler's options (.swift_modhash, for builds that go on from an earlier one), of both.
RUN SOURCE_VERSION=$SOURCE_VERSION SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH \
    swift build -c release --static-swift-stdlib --force-resolved-versions --product App \
        -Xswiftc -gnone -Xswiftc -file-prefix-map -Xswiftc "$PWD=." -Xcc "-ffile-prefix-map=$PWD=." \
    && install -D .build/release/App /out/App \
    && strip --remove-section .swift_modhash --remove-section .note.gnu.build-id /out/App

# The image: the binary, SQLite, nothing to shell out to, a user without rights.
FROM $RUNTIME_BASE
# For a service on PostgreSQL: `docker build --build-arg PACKAGES=libpq5 …`; for one that calls others
# `--build-arg PACKAGES="libcurl4 ca-certificates"`, some 14 MB.
ARG PACKAGES=
# Logs and caches differ with each build. The folder is for whoever the service runs as, and nobody else is in here.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libsqlite3-0 $PACKAGES \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* \
    && install --directory --mode 1777 /app/data
COPY --from=build /out/App /app/App
WORKDIR /app
# Any other will do, in a container without capabilities and with a root file system that is only read.
USER 10001:10001
# Mount the folder, not the file: SQLite keeps its write-ahead log beside the database.
VOLUME /app/data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/app/App", "healthcheck"]
ENTRYPOINT ["/app/App"]
CMD ["serve"]
ARG RUNTIME_BASE
ARG SOURCE_VERSION=unknown
ARG SOURCE_URL=
LABEL org.opencontainers.image.revision=$SOURCE_VERSION \
    org.opencontainers.image.source=$SOURCE_URL \
    org.opencontainers.image.base.name=$RUNTIME_BASE
