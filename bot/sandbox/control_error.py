"""What the page's API refuses."""


class ControlError(Exception):
    """The member cannot do that; the sentence is shown to them."""
