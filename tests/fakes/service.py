"""Any command of `cleanly` in a process that takes the fakes' certificate for PayPal's; every check of it is made.

No setting can say that, and none may: whoever could set it could forge PayPal's news.
python -m tests.fakes.service <PEM of the root> <PEM of the chain> <command> [arguments]
"""

import pathlib
import sys
from unittest import mock

from cryptography import x509

from cleanly.entry import providers
from cleanly.entry.cli import app
from cleanly.kernel.net import Answer, Http
from cleanly.platform.providers.paypal.certificates import Fetch


def trusting(root: x509.Certificate, chain: bytes) -> mock._patch_dict:
    """Patch what `entry/providers.py` builds PayPal's adapter from."""

    def fetch_over(_http: Http) -> Fetch:
        async def fetch(_address: str) -> Answer:
            return Answer(200, {}, chain)

        return fetch

    found = {"public_roots": lambda: (root,), "fetch_over": fetch_over}
    return mock.patch.dict(vars(providers), found)


if __name__ == "__main__":
    top, links, *arguments = sys.argv[1:]
    with trusting(x509.load_pem_x509_certificate(pathlib.Path(top).read_bytes()), pathlib.Path(links).read_bytes()):
        app(arguments)
