"""Whether a version may speak: what it is asked, what is measured, and the gate that decides."""
