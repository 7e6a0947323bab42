"""What holds for every test: a slow machine is no failure, so generated examples have no deadline."""

from hypothesis import settings

settings.register_profile("troupe", deadline=None)
settings.load_profile("troupe")
