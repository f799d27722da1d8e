"""The mailbox at /dev/mail, for development: a page for a person, JSON for a script."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.errors import NotFound
from cleanly.kernel.http import Ctx
from cleanly.platform.mail.outbox import Mail
from cleanly.platform.mail.service import Mailer

pages = APIRouter(include_in_schema=False)

_HEADERS = {"Cache-Control": "no-store", "Vary": "Accept", "Referrer-Policy": "no-referrer"}
# Mails are shown in sandboxed frames, which inherit this: no script, no image that tells somebody it was seen.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@pages.get("/dev/mail")
async def mailbox(request: Request, context: Ctx, to: Annotated[str | None, Query(max_length=320)] = None) -> Response:
    """The mails of this process, newest first; `to` filters by recipient."""
    mailer = context.part(Mailer)
    if mailer.mailbox is None:
        raise NotFound("Mails leave by SMTP (MAIL_URL), so there is no mailbox")
    items = [_wire(mail) for mail in mailer.mailbox.newest_first(to=to)]
    accept = request.headers.get("accept", "")
    if "application/json" in accept and "text/html" not in accept:
        return JSONResponse({"items": items}, headers=_HEADERS)
    # A frame may not navigate itself: its links open beside it.
    frames = [item["html"].replace("<head>", '<head><base target="_blank">', 1) for item in items]
    page = mailer.templates.page("mailbox.html", {"mails": list(zip(items, frames, strict=True)), "to": to})
    return HTMLResponse(page, headers=_HEADERS | {"Content-Security-Policy": _POLICY})


def _wire(mail: Mail) -> dict[str, Any]:
    return {
        "to": mail.to.addr_spec,
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "sentAt": rfc3339(mail.sent_at),
    }


@pages.get("/app/{rest:path}")
async def app_link(request: Request, context: Ctx) -> Response:
    """Where a mail's link leads while no app is there to open it: says what the app would do. Uses nothing up."""
    mailer = context.part(Mailer)
    if mailer.mailbox is None:
        raise NotFound
    values = {"path": request.url.path, "token": request.query_params.get("token")}
    page = mailer.templates.page("app_link.html", values)
    return HTMLResponse(page, headers=_HEADERS | {"Content-Security-Policy": _POLICY})
