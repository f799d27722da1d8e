"""The command line: parse, call, print. A failure is one clear line and a non-zero exit."""

import typer

from cleanly.entry.cli import admin, backup, cron, doctor, edge, jobs, keys, ledger, payouts, process, sandbox, webhooks

app = typer.Typer(
    name="cleanly",
    help="The backend of a mobile marketplace.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
process.register(app)
app.command()(doctor.doctor)
app.add_typer(jobs.app, name="jobs")
app.add_typer(cron.app, name="cron")
app.add_typer(admin.app, name="admin")
app.add_typer(keys.app, name="keys")
app.add_typer(ledger.app, name="ledger")
app.add_typer(payouts.app, name="payouts")
app.add_typer(backup.app, name="backup")
app.add_typer(edge.app, name="edge")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(process.config, name="config")
