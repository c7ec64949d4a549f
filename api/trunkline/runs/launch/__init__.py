"""Launching Ansible: `playbook` prepares and follows one launch, `warm` keeps a process that has Ansible loaded."""
