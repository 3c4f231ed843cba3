# guerdon as an image: `serve`, `work`, `schedule` or `migrate` as its command. Built from package
# indexes and the base image alone; it runs as nobody in particular, with a root that may be
# read-only, and holds neither compilers nor pip.
#
#   docker build -t guerdon .                    # podman build --format docker -t guerdon .
#   docker run --read-only --tmpfs /tmp -e GUERDON_MONGO_URL=... -e GUERDON_REDIS_URL=... guerdon serve
#
# `--format docker`, because images of podman's own format have no health check.

ARG PYTHON=3.13-slim-trixie

FROM python:${PYTHON} AS build
WORKDIR /build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv --without-pip /opt/guerdon
COPY locks/runtime.txt locks/builder.txt locks/
# Wheels only: nothing is compiled, and every file is what its lock says.
RUN pip --python /opt/guerdon/bin/python install --only-binary :all: --require-hashes --no-compile -r locks/runtime.txt
# What debuggers read is a sixth of all that is installed. Without Debian's index it stays.
RUN { command -v strip || { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends binutils; }; } >/dev/null \
    && find /opt/guerdon/lib -name '*.so*' -exec strip --strip-debug {} + \
    || echo 'There is no strip to be had: the image is 20 MB larger.'
RUN pip install --only-binary :all: --require-hashes -r locks/builder.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src src
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/guerdon/bin/python install --no-deps --no-compile dist/*.whl \
    && /opt/guerdon/bin/python -m compileall -q -x 'pygments/(lexers|styles)/' /opt/guerdon/lib
COPY examples /opt/guerdon/examples

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="guerdon" \
      org.opencontainers.image.licenses="Apache-2.0"
# Neither pip nor what brings it back. The standard library is compiled, because nothing can be
# written later: else every start, and every question after health, would compile it anew.
RUN pip uninstall --yes --quiet --root-user-action=ignore pip \
    && library=$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))') \
    && rm -r "$library/ensurepip" \
    && python -m compileall -q -x '/(idlelib|test|tests|tkinter|turtledemo)/' "$library" \
    && groupadd --gid 10001 guerdon \
    && useradd --uid 10001 --gid guerdon --no-create-home --home-dir /nonexistent \
       --shell /usr/sbin/nologin guerdon
COPY --from=build /opt/guerdon /opt/guerdon
ENV PATH=/opt/guerdon/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GUERDON_HOST=0.0.0.0 \
    GUERDON_PORT=8000 \
    GUERDON_METRICS_HOST=0.0.0.0 \
    GUERDON_METRICS_PORT=9191
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 8000 9191
# Every command that stays answers there; `migrate` and others end before they are asked.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:%s/healthz' % os.environ['GUERDON_METRICS_PORT'], timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["guerdon"]
CMD ["serve"]
