"""Draws an emoji as a round picture: the face of a persona that has none of its own."""

import html
import zlib

LONGEST = 8  # characters of one emoji with its modifiers


def drawn_face(emoji: str) -> str:
    """An SVG, 128 × 128, on a ground of its own color."""
    hue = zlib.crc32(emoji.encode()) % 360
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128" viewBox="0 0 128 128">'
        f'<rect width="128" height="128" fill="hsl({hue} 45% 38%)"/>'
        '<text x="64" y="66" font-size="72" text-anchor="middle" dominant-baseline="central">'
        f"{html.escape(emoji[:LONGEST])}</text></svg>"
    )
