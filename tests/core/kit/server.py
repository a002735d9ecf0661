"""A far end that speaks HTTP and remembers what it was asked."""

from __future__ import annotations

from upheld.simulator import Asked, LocalServer, Reply


class Server(LocalServer):
    """Use it in a ``with``. It answers everything with ``{"well": true}``."""

    def __init__(self) -> None:
        self.took: list[str] = []
        self.authorized: list[bool] = []
        super().__init__(self._take)

    def _take(self, asked: Asked) -> Reply:
        self.took.append(f"{asked.method} {asked.target} {asked.body.decode()}".strip())
        self.authorized.append("authorization" in asked.headers)
        return Reply(body=b'{"well": true}')
