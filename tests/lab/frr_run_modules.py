"""Runs on a router with the router's own Python: modules one after the other, their answers as a JSON list on stdout.

A tenth of what ansible-playbook takes, so that there can be many tests; the way through ansible-playbook and ssh is
taken by the tests of the roles. Argument: a JSON list of [module, arguments].
"""

import contextlib
import importlib
import io
import json
import sys

from ansible.module_utils.testing import patch_module_args


def answer(module: str, arguments: dict[str, object]) -> object:
    """Run one module and return what it printed."""
    imported = importlib.import_module(f"ansible_collections.trunkline.network.plugins.modules.{module}")
    printed = io.StringIO()
    with patch_module_args(arguments), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        imported.main()
    return json.loads(printed.getvalue())


if __name__ == "__main__":
    print(json.dumps([answer(*call) for call in json.loads(sys.argv[1])]))
