"""Troupe: a Discord bot whose channels talk to different personas of one base model."""
