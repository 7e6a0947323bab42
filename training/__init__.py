"""The offline half of Troupe: turns members' feedback into better adapters, and publishes them."""
