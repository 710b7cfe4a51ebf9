"""A place of each kind; servers are started once for all files of this folder."""

from __future__ import annotations

import pytest

from tests.connectors.targets import places

SERVERS = [pytest.param(kind, marks=pytest.mark.server) for kind in ("postgresql", "mariadb")]


@pytest.fixture(scope="session")
def servers_by_kind():
    """Each server, started when it is first asked for."""
    running = {}
    from contextlib import ExitStack

    with ExitStack() as stack:

        def get(kind):
            if kind not in running:
                running[kind] = stack.enter_context(places.server_of(kind))
            return running[kind]

        yield get


@pytest.fixture
def made(servers_by_kind, tmp_path):
    """Make an empty place of a kind."""

    def make(kind):
        if kind in {"folder", "sqlite"}:
            return places.on_disk(kind, tmp_path)
        return places.on_server(servers_by_kind(kind))

    return make


@pytest.fixture(params=["folder", "sqlite", *SERVERS])
def place(request, made):
    return made(request.param)


@pytest.fixture(params=["sqlite", *SERVERS])
def database(request, made):
    return made(request.param)
