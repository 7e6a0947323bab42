"""The commands of `python -m training`, a module per subject; `training/__main__.py` assembles them.

A command loads torch only once there is something to do: `--help` and a rollback must not wait for it.
"""
