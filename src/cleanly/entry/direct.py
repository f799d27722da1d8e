"""The hottest routes beside FastAPI: a `PlainRoute` is called at once, without the layers that it needs none of.

The route stays in FastAPI as well, for the OpenAPI document, for calls with an idempotency key, and for whatever is
not found here (another method, a path that matches nothing).
"""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.routing import BaseRoute

from cleanly.entry.call import App, Receive, Scope, Send
from cleanly.entry.cycle import WHOLE
from cleanly.kernel.context import Context
from cleanly.kernel.http import SCOPE_CONTEXT, SCOPE_HEADERS
from cleanly.kernel.plain import PlainRoute, ReadyResponse


class Direct:
    """An ASGI application before the application. A refusal rises to the shell, which renders it."""

    def __init__(self, app: App, context: Context, routes: Iterable[BaseRoute]) -> None:
        """The routes are the application's.

        Raises:
            ValueError: a plain route's path has a parameter elsewhere than at its end.
        """
        self.app = app
        self.context = context
        self._whole: dict[tuple[str, str], PlainRoute] = {}
        self._ending: dict[tuple[str, str], tuple[PlainRoute, str]] = {}
        for route in routes:
            if isinstance(route, PlainRoute):
                self._add(route)

    def _add(self, route: PlainRoute) -> None:
        before, _, last = route.path_format.rpartition("/")
        is_ending = last.startswith("{") and last.endswith("}")
        if "{" in before or ("{" in last and not is_ending):
            raise ValueError(f"{route.path_format}: a plain route has its only parameter at its end")
        for method in route.methods or ():
            if is_ending:
                self._ending[method, before] = (route, last[1:-1])
            else:
                self._whole[method, route.path_format] = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scope[SCOPE_CONTEXT] = self.context
        route = self._find(scope)
        if route is None or b"idempotency-key" in scope.get(SCOPE_HEADERS, ()):
            await self.app(scope, receive, send)
            return
        scope["route"] = route
        response = await route.endpoint(Request(scope, receive))
        if isinstance(response, ReadyResponse) and WHOLE in scope.get("extensions", ()):
            headers, body = response.raw_headers, response.body
            await send({"type": WHOLE, "status": response.status_code, "headers": headers, "body": body})
        else:
            await response(scope, receive, send)

    def _find(self, scope: Scope) -> PlainRoute | None:
        method, path = scope["method"], scope["path"]
        route = self._whole.get((method, path))
        if route is not None:
            return route
        before, _, value = path.rpartition("/")
        found = self._ending.get((method, before))
        if found is None or not value:
            return None
        route, parameter = found
        scope["path_params"] = {parameter: value}
        return route
