"""The hottest reads beside FastAPI: a `PlainRoute` is called at once, without the layers that it needs none of.

The route stays in FastAPI as well, for the OpenAPI document and for whatever is not found here (another method, a
path that matches nothing).
"""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.routing import BaseRoute

from cleanly.entry.shell import App, Receive, Scope, Send
from cleanly.kernel.context import Context
from cleanly.kernel.http import SCOPE_CONTEXT
from cleanly.kernel.plain import PlainRoute


class Direct:
    """An ASGI application before the application: GET on a plain route, all else goes on.

    Its routes end in one parameter, `/users/{id}`: the path is cut at its last slash and looked up. A refusal rises
    to the shell, which renders it.
    """

    def __init__(self, app: App, context: Context, routes: Iterable[BaseRoute]) -> None:
        """The routes are the application's.

        Raises:
            ValueError: a plain route of another form.
        """
        self._app = app
        self._context = context
        self._found: dict[str, tuple[PlainRoute, str]] = {}
        for route in routes:
            if isinstance(route, PlainRoute):
                before, _, parameter = route.path_format.rpartition("/")
                if not (parameter.startswith("{") and parameter.endswith("}")) or "{" in before:
                    raise ValueError(f"{route.path_format}: a plain route ends in its only parameter")
                self._found[before] = (route, parameter[1:-1])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        before, _, value = scope["path"].rpartition("/")
        found = self._found.get(before)
        if found is None or not value or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        route, parameter = found
        scope["route"] = route
        scope["path_params"] = {parameter: value}
        scope[SCOPE_CONTEXT] = self._context
        response = await route.endpoint(Request(scope))
        await response(scope, receive, send)
