"""From the service's document to the code of the SDKs. `python -m sdks.generate` writes, `--check` compares."""
