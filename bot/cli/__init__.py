"""What is behind the commands of `python -m bot`, a module per subject; `bot/__main__.py` assembles them."""
