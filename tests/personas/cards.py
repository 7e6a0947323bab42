"""A card, and the pictures that carry one."""

import base64
import json
import struct
import zlib

CARD = {
    "name": "Ada Locke",
    "description": "{{char}} is a locksmith. She talks in riddles to {{user}}.",
    "personality": "dry, patient",
    "scenario": "A shop after dark.",
    "first_mes": "*looks up* Ah, {{user}}. What did you lose?",
    "mes_example": "<START>\n{{user}}: Can you open this?\n{{char}}: Everything opens.\nThe question is when."
    "\n<START>\n{{user}}: How much?\n{{char}}: A secret.",
}


def v2(**fields: object) -> bytes:
    return json.dumps({"spec": "chara_card_v2", "spec_version": "2.0", "data": {**CARD, **fields}}).encode()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*texts: tuple[bytes, bytes]) -> bytes:
    chunks = b"".join(chunk(b"tEXt", keyword + b"\0" + base64.b64encode(card)) for keyword, card in texts)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + chunks + chunk(b"IEND", b"")
