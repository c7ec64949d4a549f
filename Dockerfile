# syntax=docker/dockerfile:1
# The API and the workers: one image, `trunkline serve` or `trunkline worker`. Nothing is compiled: every dependency has
# a wheel. `make image` proves these steps where no Docker engine runs.
FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check 'uv>=0.9,<1'
WORKDIR /opt/trunkline
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY api/trunkline api/trunkline
ENV UV_PROJECT_ENVIRONMENT=/opt/venv UV_PYTHON=/usr/bin/python3 UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
RUN /opt/uv/bin/uv sync --frozen --no-editable --no-default-groups --no-cache
RUN rm -rf /opt/venv/lib/python3*/site-packages/trunkline/dev

FROM debian:trixie-slim
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates openssh-client python3 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /opt/trunkline --shell /usr/sbin/nologin trunkline
COPY --from=build /opt/venv /opt/venv
WORKDIR /opt/trunkline
COPY ansible.cfg ./
COPY collections collections
COPY inventory inventory
COPY migrations migrations
COPY playbooks playbooks
# Ansible's own files go where a run's files go: into memory.
ENV PATH=/opt/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin TRUNKLINE_PROJECT_DIR=/opt/trunkline \
    TRUNKLINE_RUNTIME_DIR=/run/trunkline ANSIBLE_HOME=/run/trunkline/ansible
RUN trunkline --help >/dev/null && ansible-playbook --syntax-check playbooks/node_provision.yml \
    && rm -rf /run/trunkline && install --directory --owner=trunkline --mode=0700 /run/trunkline
USER trunkline
EXPOSE 8080
ENTRYPOINT ["trunkline"]
CMD ["serve", "--host", "0.0.0.0"]
