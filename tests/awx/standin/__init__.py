"""A stand-in for AWX, for tests and for a demo without AWX.

It is not AWX: it has one user, whom one token lets in, and no permissions, notifications, schedules, slicing or
execution environments. What it has, it has as AWX 24 does (paths, fields, paging, filters, status values, 4xx bodies:
awx/api/serializers, awx/api/views, docs/prompting.md of ansible/awx), and it runs the playbooks with ansible-runner.
Jobs are processes of their own: they go on while the stand-in is restarted.

    python -m tests.awx.standin --port 8052 --data DIR --projects DIR    # the token is in AWX_STANDIN_TOKEN
"""
