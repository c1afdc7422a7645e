# Two stages: the first needs a build tool for our own package, the second only runs it. Every locked requirement has
# a wheel for amd64 and arm64 (glibc), so neither stage needs a compiler.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/beholder
WORKDIR /src
COPY requirements/runtime.txt requirements/runtime.txt
RUN /opt/beholder/bin/pip install --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY policies policies
COPY providers providers
COPY bot bot
RUN /opt/beholder/bin/pip install --no-deps --no-build-isolation .

FROM python:3.13-slim
ENV PATH=/opt/beholder/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/data \
    ORT_DISABLE_TELEMETRY=1 \
    BEHOLDER_DATA_DIR=/data \
    BEHOLDER_LOG_FORMAT=json \
    BEHOLDER_WEB_HOST=0.0.0.0 \
    BEHOLDER_WEB_PORT=8080
RUN install -d -m 0700 -o 10001 -g 10001 /data
COPY --from=build /opt/beholder /opt/beholder
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['BEHOLDER_WEB_PORT'] + '/healthz', timeout=5)"]
ENTRYPOINT ["beholder"]
CMD ["run"]
