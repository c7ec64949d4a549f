"""Launching Ansible.

`contract` says what a launcher is, `make` makes the one that the settings name; `local` runs playbooks in this machine
(`playbook` prepares and follows one launch, `warm` keeps a process that has Ansible loaded, `connections` those to the
routers from one launch of a run to the next); `awx` has AWX run them as job templates.
"""
