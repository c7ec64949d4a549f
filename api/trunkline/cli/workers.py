"""trunkline workers: who carries out the runs."""

from trunkline.cli.show import AsJson


def workers(json: AsJson = False) -> None:
    """List the workers of all hosts: what they do, and on which runs they work."""
    from trunkline.cli import show
    from trunkline.cli.client import Client

    found = Client.from_environment().pages("/workers", {})
    if json:
        show.as_json(found)
        return
    columns = ("host", "pid", "version", "state", "since", "last_heartbeat")
    rows = [(*(str(item[name]) for name in columns), ", ".join(run[:8] for run in item["runs"])) for item in found]
    show.table((*columns, "runs"), rows)
