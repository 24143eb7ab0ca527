"""The one exception that answers a request with an error."""

from __future__ import annotations

# HTTP status -> the name of gRPC's. A timeout is 503 in HTTP, since trying again is right.
_GRPC_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    413: "INVALID_ARGUMENT",
    429: "UNAVAILABLE",
    503: "UNAVAILABLE",
}
RETRY_SECONDS = 1


class Refusal(Exception):
    """A request that is not done, and why.

    Args:
        status: HTTP's: 400 wrong, 401 no key, 404 no such model, 413 too large, 429 too many
            waiting, 503 stopping, no model or out of time.
        message: one line for the person who sent the request; nothing of this machine in it.
        grpc_code: the name of gRPC's status where it is not the usual one.
    """

    def __init__(self, status: int, message: str, grpc_code: str = ""):
        super().__init__(message)
        self.status = status
        self.message = message
        self.grpc_code = grpc_code or _GRPC_CODES[status]

    @property
    def headers(self) -> dict[str, str]:
        """HTTP headers that belong to it."""
        if self.status == 401:
            return {"WWW-Authenticate": "Bearer"}
        return {"Retry-After": str(RETRY_SECONDS)} if self.status in (429, 503) else {}
