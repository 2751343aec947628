"""HTTP for connectors: a client whose session retries what may pass, and nothing else."""

from __future__ import annotations

import datetime as dt
import email.utils
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestration.core.errors import ScorecardError

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 120.0
MAX_ATTEMPTS = 6
MAX_DELAY = 120.0

# share of the day's API calls reserved for other programs
RESERVED_CALLS = 0.1


def new_session(sleep: Callable[[float], None] = time.sleep) -> Session:
    """A session with timeouts that retries 429, 5xx, broken connections and cut-off answers.

    `Retry-After` is honoured. Any other answer, 401 and 403 included, is returned as it is: the
    caller knows what it means. Tokens belong into headers, never into addresses.
    """
    from requests import Session
    from requests.adapters import HTTPAdapter
    from requests.exceptions import ChunkedEncodingError, ConnectionError, Timeout
    from tenacity import (
        RetryCallState,
        Retrying,
        retry_if_exception_type,
        retry_if_result,
        stop_after_attempt,
        wait_exponential,
    )

    timeout = (CONNECT_TIMEOUT, READ_TIMEOUT)

    class WithTimeout(HTTPAdapter):
        def send(self, request: PreparedRequest, **options: Any) -> Response:  # type: ignore[override]
            return super().send(request, **{**options, "timeout": timeout})

    backoff = wait_exponential(max=MAX_DELAY)

    def wait(state: RetryCallState) -> float:
        outcome = state.outcome
        assert outcome is not None
        asked = None if outcome.failed else seconds_asked_for(outcome.result())
        return backoff(state) if asked is None else min(asked, MAX_DELAY)

    def last_outcome(state: RetryCallState) -> Response:
        assert state.outcome is not None
        response: Response = state.outcome.result()
        return response

    session = Session()
    session.mount("http://", WithTimeout())
    session.mount("https://", WithTimeout())
    retrying = Retrying(
        sleep=sleep,
        stop=stop_after_attempt(MAX_ATTEMPTS),
        wait=wait,
        retry=retry_if_exception_type((ConnectionError, Timeout, ChunkedEncodingError))
        | retry_if_result(may_pass),
        retry_error_callback=last_outcome,
    )
    session.send = retrying.wraps(session.send)  # type: ignore[method-assign]
    return session


class ApiClient:
    """What clients of APIs share: a session that retries, and the server's clock.

    Session, sleep and clock are arguments for tests.
    """

    def __init__(
        self,
        session: Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare without asking anything yet."""
        self.server_time = dt.datetime.fromtimestamp(clock(), dt.UTC)
        self._session = session or new_session(sleep)
        self._sleep = sleep
        self._clock = clock

    def send(self, method: str, where: str, path: str, token: str = "", **more: Any) -> Response:
        """Send a request, and take the time from its answer, whatever that is.

        Args:
            method: GET or POST.
            where: scheme and host, which messages may show.
            path: the rest of the address.
            token: what says who asks.
            more: as `requests` takes it.

        Raises:
            ScorecardError: the server cannot be reached.
        """
        from requests import RequestException

        if token:
            more["headers"] = {"Authorization": f"Bearer {token}"}
        try:
            response = self._session.request(method, f"{where}/{path}", **more)
        except RequestException as error:
            # show only the kind of such an error, because its text contains addresses
            raise ScorecardError(
                f"{where} cannot be reached or breaks off ({type(error).__name__}), after several "
                "attempts. What was read is kept; refresh again."
            ) from None
        if date := response.headers.get("Date"):
            self.server_time = email.utils.parsedate_to_datetime(date).astimezone(dt.UTC)
        return response


def json_object(response: Response) -> dict[str, Any]:
    """The JSON object that an answer is; an empty one when it is something else."""
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def may_pass(response: Response) -> bool:
    """Whether the error is transient, so that the same request may succeed later."""
    return response.status_code == 429 or response.status_code >= 500 or is_cut_off(response)


def seconds_asked_for(response: Response) -> float | None:
    """Return the seconds of `Retry-After`; None without that header."""
    from urllib3.exceptions import InvalidHeader
    from urllib3.util import Retry

    try:
        return Retry().parse_retry_after(response.headers.get("Retry-After", "")) or None
    except InvalidHeader:
        return None


def is_cut_off(response: Response) -> bool:
    """Whether a successful response is truncated; a wrong length already raises."""
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
