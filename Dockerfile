# One image for every process: web, worker, crons, migration. It runs as nobody in particular and holds no compiler.
ARG PYTHON=3.11
ARG DEBIAN=trixie

FROM docker.io/library/python:${PYTHON}-slim-${DEBIAN} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
# The requirements first: they change seldom, and their layer is kept.
COPY requirements/run.txt ./
RUN python -m venv /opt/cleanly \
    && /opt/cleanly/bin/pip install --require-hashes --only-binary=:all: -r run.txt
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
COPY migrations ./migrations
# The build's own tool stays out of what is shipped.
RUN pip install "hatchling==1.*" \
    && pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
    && /opt/cleanly/bin/pip install --no-deps wheels/*.whl \
    && /opt/cleanly/bin/python -m compileall -q /opt/cleanly/lib \
    && /opt/cleanly/bin/pip uninstall --yes pip

FROM docker.io/library/python:${PYTHON}-slim-${DEBIAN}
# pg_dump must not be older than the server: this is the one place that names PostgreSQL's version for the image.
ARG POSTGRES=18
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install --yes --no-install-recommends "postgresql-client-${POSTGRES}" \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin cleanly
COPY --from=build /opt/cleanly /opt/cleanly
ENV PATH=/opt/cleanly/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WEB_CONCURRENCY=1
USER 10001:10001
WORKDIR /tmp
EXPOSE 10000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '3000') + '/api/v1/health/live', timeout=4)"]
# In the form of a list, so that the process itself is the one that gets SIGTERM.
CMD ["cleanly", "serve"]
