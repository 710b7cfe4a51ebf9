"""The process of our pages: `python -m okr.web SETTINGS`; `okr serve` starts it."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from flows.children import hold_on
from flows.home import block_of
from okr.errors import OkrError
from okr.settings import load
from okr.texts import language, told
from okr.web.app import application
from okr.web.house import House
from okr.web.orders import OverPrefect


def main(words: list[str]) -> int:
    """Serve the pages until a signal comes."""
    hold_on()
    settings = None
    try:
        settings = load(Path(words[0]))
        with House.open(settings, OverPrefect(), block=block_of(settings)) as house:
            web = settings.web
            uvicorn.run(
                application(house),
                host=web.address.strip("[]"),
                port=web.port,
                ssl_certfile=web.certificate,
                ssl_keyfile=web.certificate_key,
                proxy_headers=False,  # whom a connection comes from, and so which header counts, is for us to say
                access_log=False,  # links that sign people in stand in the paths
                server_header=False,
                date_header=True,
                log_level="warning",
                timeout_graceful_shutdown=2,
                timeout_keep_alive=30,
            )
    except OkrError as error:
        spoken = language(settings_language=None if settings is None else settings.language)
        sys.stderr.write(" ".join(told(error, spoken)) + "\n")
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
