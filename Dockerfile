# syntax=docker/dockerfile:1
# test/package runs these lines without an engine, so they cannot go stale unnoticed.

# Build: the package as it is published, and inside it the lock file, so that the image gets the versions that were tested.
FROM node:24-trixie-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN mkdir /pack && npm pack --pack-destination /pack

# Install: production dependencies only, in an empty folder.
FROM node:24-trixie-slim AS install
WORKDIR /app
COPY --from=build /pack/*.tgz /tmp/portvakt.tgz
RUN npm init -y >/dev/null && npm install --omit=dev --ignore-scripts --no-audit --no-fund /tmp/portvakt.tgz && mkdir /data

# Run: no shell, not root; the root file system may be read-only, only /data is written.
FROM gcr.io/distroless/nodejs24-debian13:nonroot
WORKDIR /app
COPY --from=install /app /app
COPY --from=install --chown=65532:65532 /data /data
USER 65532:65532
VOLUME /data
EXPOSE 8080
HEALTHCHECK CMD ["/nodejs/bin/node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Memory that is not used: Node would let what is young on the heap grow to 128 MB, the C library keeps free memory for each thread.
ENV MALLOC_ARENA_MAX=2
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=16", "/app/node_modules/portvakt/dist/main.js"]
CMD ["serve", "/etc/portvakt/gateway.yaml", "--listen", "0.0.0.0:8080", "--data", "/data"]
