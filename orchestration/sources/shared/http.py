"""HTTP for connectors: one session that retries what may pass, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from requests import Response, Session

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 120.0
MAX_ATTEMPTS = 6
MAX_DELAY = 120.0


def new_session(sleep: Callable[[float], None] = time.sleep) -> Session:
    """A session with timeouts that retries 429, 5xx, broken connections and cut-off answers.

    `Retry-After` is honoured. Any other answer, 401 and 403 included, is returned as it is: the
    caller knows what it means. Tokens belong into headers, never into addresses.
    """
    from dlt.sources.helpers.requests import Client

    client = Client(
        request_timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
        raise_for_status=False,
        request_max_attempts=MAX_ATTEMPTS,
        request_max_retry_delay=MAX_DELAY,
        retry_condition=lambda response, _: response is not None and is_cut_off(response),
    )
    session = client.session
    session.send.retry.sleep = sleep  # type: ignore[attr-defined]
    return session


def is_cut_off(response: Response) -> bool:
    """Whether a successful answer ends before its end; a length that is wrong raises already."""
    if response.status_code != 200 or not response.request or response.request.method == "HEAD":
        return False
    kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if kind == "application/json":
        try:
            response.json()
        except ValueError:
            return True
    elif kind == "text/csv":
        return bool(response.content) and not response.content.endswith(b"\n")
    return False
