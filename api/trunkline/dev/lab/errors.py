"""What goes wrong with a lab."""

from trunkline.dev.errors import DevError


class LabError(DevError):
    """The lab cannot do what was asked; the message names the field or the thing in the way, and the remedy."""
