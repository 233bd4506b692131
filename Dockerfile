# Attune as one image: API and worker. A volume at /var/lib/attune keeps the embedded PostgreSQL; set
# ATTUNE_DATABASE_URL to use a server of your own instead.
FROM python:3.12-slim AS build
ARG TORCH_VERSION=2.13.0
WORKDIR /src
RUN python -m venv /opt/attune \
    && /opt/attune/bin/pip install --no-cache-dir "torch==${TORCH_VERSION}" --index-url https://download.pytorch.org/whl/cpu
COPY pyproject.toml README.md LICENSE ./
COPY models models
COPY service service
COPY training training
RUN /opt/attune/bin/pip install --no-cache-dir "torch==${TORCH_VERSION}" . \
    && /opt/attune/bin/python -m compileall -q /opt/attune/lib

FROM python:3.12-slim
RUN useradd --system --create-home --home-dir /var/lib/attune attune
COPY --from=build /opt/attune /opt/attune
ENV PATH=/opt/attune/bin:$PATH ATTUNE_VAR=/var/lib/attune/var ATTUNE_HOST=0.0.0.0
USER attune
WORKDIR /var/lib/attune
VOLUME /var/lib/attune
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["attune", "serve"]
