"""Writes the dashboard beside this file: `python ops/grafana/build.py`. `make check` fails when it was forgotten."""

import json
import pathlib
import sys
from typing import Any

FILE = pathlib.Path(__file__).with_name("cleanly.json")
_WIDTH, _HEIGHT, _COLUMNS = 8, 7, 3
_P = "histogram_quantile({q}, sum by (le{by}) (rate({name}_bucket[5m])))"


def _p(name: str, q: float, by: str = "") -> str:
    return _P.format(name=name, q=q, by=f", {by}" if by else "")


_HTTP = "http_server_request_duration_seconds"
_DB = "db_client_operation_duration_seconds"
_WAIT = "db_client_connection_wait_time_seconds"
# A row's title; its panels: a title, a unit of Grafana's, and what is drawn by its legend.
ROWS: tuple[tuple[str, tuple[tuple[str, str, dict[str, str]], ...]], ...] = (
    (
        "Requests",
        (
            (
                "By status",
                "reqps",
                {"{{http_response_status_code}}": f"sum by (http_response_status_code) (rate({_HTTP}_count[5m]))"},
            ),
            ("Duration", "s", {"p50": _p(_HTTP, 0.5), "p95": _p(_HTTP, 0.95), "p99": _p(_HTTP, 0.99)}),
            (
                "Faults of ours",
                "percentunit",
                {"errors": f"sum(rate(http_server_errors_total[5m])) / sum(rate({_HTTP}_count[5m]))"},
            ),
            ("Busiest routes", "reqps", {"{{http_route}}": f"topk(8, sum by (http_route) (rate({_HTTP}_count[5m])))"}),
            ("Slowest routes, p95", "s", {"{{http_route}}": f"topk(8, {_p(_HTTP, 0.95, 'http_route')})"}),
            (
                "Refused by limits, sessions",
                "ops",
                {
                    "limit {{policy}}": "sum by (policy) (rate(ratelimit_refused_total[5m]))",
                    "refresh {{outcome}}": "sum by (outcome) (rate(auth_refreshes_total[5m]))",
                    "login {{outcome}}": "sum by (outcome) (rate(auth_logins_total[5m]))",
                },
            ),
        ),
    ),
    (
        "Database and cache",
        (
            ("Time in statements", "s", {"{{query}}": f"topk(8, sum by (query) (rate({_DB}_sum[5m])))"}),
            ("Slowest statements, p95", "s", {"{{query}}": f"topk(8, {_p(_DB, 0.95, 'query')})"}),
            ("Errors by class", "ops", {"{{class}}": "sum by (class) (rate(db_errors_total[5m]))"}),
            (
                "Connections",
                "short",
                {
                    "{{db_client_connection_state}}": "sum by (db_client_connection_state)"
                    " (db_client_connection_count)",
                    "most": "sum(db_client_connection_max)",
                    "waiting": "sum(db_client_connection_pending_requests)",
                },
            ),
            ("Waits for a connection", "s", {"p50": _p(_WAIT, 0.5), "p99": _p(_WAIT, 0.99)}),
            (
                "Cache hits",
                "percentunit",
                {
                    "hits": "sum(rate(cache_hits_total[5m]))"
                    " / (sum(rate(cache_hits_total[5m])) + sum(rate(cache_misses_total[5m])))"
                },
            ),
        ),
    ),
    (
        "Work",
        (
            ("Queue", "short", {"due": "max(jobs_queue_depth)", "dead": "max(jobs_dead_kept)"}),
            (
                "Oldest that is due",
                "s",
                {
                    "job": "max(jobs_oldest_due_age_seconds)",
                    "provider's news": "max(inbound_oldest_seconds)",
                    "delivery": "max(webhooks_outbound_oldest_age_seconds)",
                    "schedule": "max(cron_overdue_seconds)",
                },
            ),
            ("Runs by outcome", "ops", {"{{outcome}}": "sum by (outcome) (rate(jobs_finished_total[5m]))"}),
            (
                "Provider news",
                "ops",
                {"{{provider}} {{outcome}}": "sum by (provider, outcome) (rate(inbound_events_total[5m]))"},
            ),
            ("Deliveries", "ops", {"{{outcome}}": "sum by (outcome) (rate(webhooks_outbound_deliveries_total[5m]))"}),
            (
                "Calls to providers",
                "ops",
                {"{{provider}} {{outcome}}": "sum by (provider, outcome) (rate(provider_calls_total[5m]))"},
            ),
        ),
    ),
    (
        "Money and processes",
        (
            (
                "Payments and payouts",
                "ops",
                {
                    "payment {{provider}} {{outcome}}": "sum by (provider, outcome) (rate(payments_total[5m]))",
                    "payout {{provider}} {{outcome}}": "sum by (provider, outcome) (rate(payouts_total[5m]))",
                },
            ),
            (
                "The books",
                "short",
                {
                    "drift": "max(ledger_drift_accounts)",
                    "faults": "max(ledger_faults)",
                    "differences": "sum(max by (kind) (reconciliation_items_open))",
                },
            ),
            (
                "Age of the newest copy and the last good drill",
                "s",
                {
                    "copy": "time() - max(backup_newest_timestamp_seconds)",
                    "drill": "time() - max(restore_drill_newest_success_timestamp_seconds)",
                },
            ),
            (
                "Memory",
                "bytes",
                {"{{job}} {{instance}}": "service_memory_used_bytes", "limit": "max(service_memory_limit_bytes)"},
            ),
            (
                "Processor",
                "percentunit",
                {"{{job}} {{instance}}": "sum by (job, instance) (rate(process_cpu_seconds_total[5m]))"},
            ),
            ("Running requests", "short", {"{{instance}}": "http_server_active_requests"}),
            ("Versions", "short", {"{{process}} {{version}}": "count by (process, version) (service_info)"}),
        ),
    ),
)


def dashboard() -> dict[str, Any]:
    """The whole dashboard. Without an id: the server that it is put on gives it one."""
    panels: list[dict[str, Any]] = []
    top = 0
    for title, cells in ROWS:
        panels.append(
            {"type": "row", "title": title, "id": len(panels) + 1, "gridPos": {"x": 0, "y": top, "w": 24, "h": 1}}
        )
        top += 1
        for number, (name, unit, drawn) in enumerate(cells):
            down, across = divmod(number, _COLUMNS)
            place = {"x": across * _WIDTH, "y": top + down * _HEIGHT, "w": _WIDTH, "h": _HEIGHT}
            panels.append(_panel(len(panels) + 1, name, unit, drawn, place))
        top += -(-len(cells) // _COLUMNS) * _HEIGHT
    source = {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    return {
        "uid": "cleanly",
        "title": "Cleanly",
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "utc",
        "templating": {"list": [source]},
        "panels": panels,
    }


def _panel(number: int, title: str, unit: str, drawn: dict[str, str], place: dict[str, int]) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${datasource}"}
    return {
        "type": "timeseries",
        "id": number,
        "title": title,
        "gridPos": place,
        "datasource": source,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + n), "expr": query, "legendFormat": legend, "datasource": source}
            for n, (legend, query) in enumerate(drawn.items())
        ],
    }


def text() -> str:
    """As the file has it."""
    return json.dumps(dashboard(), indent=1) + "\n"


def main() -> str | None:
    """Write it, or with `--check` say that what is written is not this."""
    if "--check" not in sys.argv[1:]:
        FILE.write_text(text())
        return None
    return None if FILE.read_text() == text() else f"{FILE.name} is out of date: python ops/grafana/build.py"


if __name__ == "__main__":
    sys.exit(main())
