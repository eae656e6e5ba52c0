# syntax=docker/dockerfile:1
# docker build -t portico . && docker run -p 3000:3000 -v portico:/var/lib/portico portico

FROM node:22-bookworm AS node

FROM rust:1.95.0-bookworm AS build
COPY --from=node /usr/local/bin /usr/local/bin
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
WORKDIR /build
ENV PROJECT_CACHE=/cache CARGO_TARGET_DIR=/cache/target
# Tools first: their layers stay when only sources change.
COPY rust-toolchain.toml Cargo.lock package.json package-lock.json .npmrc ./
COPY scripts scripts
COPY tools tools
RUN scripts/setup.sh build
COPY . .
RUN scripts/setup-npm.sh && scripts/build.sh release

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /var/lib/portico --no-create-home portico \
  && install -d -m 700 -o portico -g portico /var/lib/portico
COPY --from=build /cache/target/release/portico /cache/target/release/hash.txt /usr/local/bin/
COPY --from=build /cache/target/site-release /usr/local/share/portico/site
COPY Leptos.toml /etc/portico/Leptos.toml
COPY LICENSE-MIT LICENSE-APACHE /usr/local/share/doc/portico/
USER portico
WORKDIR /var/lib/portico
VOLUME /var/lib/portico
ENV PORTICO_CONFIG=/etc/portico/Leptos.toml \
    LEPTOS_SITE_ROOT=/usr/local/share/portico/site \
    LEPTOS_SITE_ADDR=0.0.0.0:3000 \
    PORTICO_DATABASE_URL=sqlite:/var/lib/portico/portico.db \
    PORTICO_MASTER_KEY_FILE=/var/lib/portico/master.key
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s CMD curl -fsS http://127.0.0.1:3000/healthz >/dev/null || exit 1
ENTRYPOINT ["portico"]
CMD ["serve"]
