# `bun run docker:context` lays out what goes in (dist/docker), so that no other image is needed:
#
#   bun run docker:context && docker build --tag anvil-serving .
#   docker run --rm --publish 127.0.0.1:8000:8000 \
#     --volume "$PWD/anvil.toml:/etc/anvil/config.toml:ro" --volume anvil-data:/data \
#     --env ANVIL_ROUTER_TOKEN anvil-serving
#
# Publish on 127.0.0.1 as above unless others shall reach it. Inside, the router listens on all
# addresses, which it refuses without a token: see SECURITY.md.
FROM scratch

COPY dist/docker/root/ /
# What the router keeps (decisions, prices) if the configuration says so: path = "/data/decisions.sqlite".
COPY --chown=65532:65532 dist/docker/data/ /data/

USER 65532:65532
WORKDIR /data

# The second saves the process from replacing itself to raise Bun's limit of 256 parallel fetches.
ENV ANVIL_CONFIG=/etc/anvil/config.toml \
    BUN_CONFIG_MAX_HTTP_REQUESTS=16384 \
    HOME=/data

EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["/anvil-serving", "health"]

ENTRYPOINT ["/anvil-serving"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
