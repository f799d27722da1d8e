"""/docs: a page that shows the OpenAPI document. Its script is a vendor's, so version and bytes are fixed here."""

import base64

from fastapi import Response

from cleanly.kernel.crypto import sha256

# Of the package swagger-ui-dist. A newer version: both hashes anew, `openssl dgst -sha384 -binary FILE | base64`.
_VENDOR = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5.35.0"
_SCRIPT_HASH = "sha384-gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9"
_STYLE_HASH = "sha384-WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I"


def page(document: str) -> Response:
    """The page for the OpenAPI document at this path."""
    begin = f'SwaggerUIBundle({{url: "{document}", dom_id: "#docs", deepLinking: true}})'
    html = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cleanly API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{_VENDOR}/swagger-ui.css" integrity="{_STYLE_HASH}" crossorigin="anonymous">
</head>
<body>
<div id="docs">
<p>This page is drawn by a script from cdn.jsdelivr.net. Without it, read <a href="{document}">the document</a>.</p>
</div>
<script src="{_VENDOR}/swagger-ui-bundle.js" integrity="{_SCRIPT_HASH}" crossorigin="anonymous"></script>
<script>{begin}</script>
</body>
</html>
"""
    own = base64.b64encode(sha256(begin.encode())).decode()
    policy = (
        f"default-src 'none'; connect-src 'self'; img-src data:; script-src 'sha256-{own}' {_VENDOR}/; "
        f"style-src 'unsafe-inline' {_VENDOR}/; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Response(html, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": policy})
