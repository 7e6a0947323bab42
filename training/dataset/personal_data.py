"""What personal data looks like in a text, and the placeholders that take its place.

Patterns, not understanding: what has a fixed shape is found (addresses, numbers, tokens), a name in a sentence is not.
A prompt is scrubbed; an answer that holds personal data is left out, or the persona would learn to say placeholders.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

Check = Callable[[str], bool]


@dataclass(frozen=True)
class Kind:
    """One kind of personal data: what it is called, what stands in for it, and what it looks like."""

    name: str
    placeholder: str
    pattern: re.Pattern[str]
    check: Check = bool  # of the matched text


def scrub(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with placeholders in place of personal data, and the names of the kinds that were found."""
    found: list[str] = []
    if not _SUSPECT.search(text):
        return text, ()
    for kind in KINDS:
        scrubbed = kind.pattern.sub(partial(_replaced, kind), text)
        if scrubbed != text:
            found.append(kind.name)
            text = scrubbed
    return text, tuple(found)


def _replaced(kind: Kind, match: re.Match[str]) -> str:
    return kind.placeholder if kind.check(match[0]) else match[0]


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _is_card(text: str) -> bool:
    """13 to 19 digits with a right check digit (Luhn, ISO/IEC 7812)."""
    digits = [int(digit) for digit in reversed(_digits(text))]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_iban(text: str) -> bool:
    """ISO 13616: the check digits leave 1 modulo 97."""
    compact = text.replace(" ", "").upper()
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1


def _is_phone(text: str) -> bool:
    """9 to 15 digits (ITU E.164), or 7 and more after a word such as “call”; not a date and time."""
    fewest = 7 if text[0].isalpha() else 9
    number = text[re.search(r"[\d+(]", text).start() :]  # type: ignore[union-attr] # the pattern holds digits
    return fewest <= len(_digits(number)) <= 15 and not re.match(r"(\d{4}[-./]\d\d?|\d\d?[-./]\d\d?)[-./]\d", number)


def _is_ip(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


_KEYS = r"""(?<![\w-])(?:[MNO][\w-]{23,27}\.[\w-]{6,7}\.[\w-]{27,}|mfa\.[\w-]{20,}  # Discord
    |gh[pousr]_\w{20,}|github_pat_\w{20,}|sk-[\w-]{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|hf_\w{20,}
    |AIza[\w-]{30,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})"""
_EMAIL = r"(?<![\w.+%-])[\w.+%-]+(?:@|\s?[\[(]at[\])]\s?)[\w-]+(?:(?:\.|\s?[\[(]dot[\])]\s?)[\w-]+)+"
_IBAN = r"\b[A-Z]{2}\d{2}(?:\ ?[A-Z0-9]{4}){2,7}(?:\ ?[A-Z0-9]{1,3})?\b"
_IP = r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:]+:[0-9a-f.]*)(?![\w:])"
_PHONE = r"""(?<![\w.,/+-])(?:
    \+\d[\d\ ()./-]{6,18}\d                     # +49 170 1234567
    |\(\d{2,5}\)[\ -]?\d[\d\ -]{4,10}\d         # (555) 123-4567
    |0\d{2,4}[\ /-]?\d{3,}(?:[\ -]\d{2,})*      # 0170 1234567
    |\d{3}([-.\ ])\d{3}\1\d{4}                  # 555-123-4567
    |(?:call|phone|tel|telephone|mobile|whatsapp|sms|text|ring|number)\b(?:[\s.:]|\b(?:me|us|is|at|on|no)\b)*
        \+?\d[\d\ ()./-]{5,20}\d
    )(?!\w|[.,/-]\d)"""
_STREET = r"""\b\d{1,5}[a-z]?\ (?:[A-Z][\w'’.]+\ ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd
    |Court|Ct|Way|Square|Terrace|Place)\b\.?"""


def _kind(name: str, placeholder: str, pattern: str, check: Check = bool, *, case: bool = False) -> Kind:
    return Kind(name, placeholder, re.compile(pattern, re.VERBOSE | (0 if case else re.IGNORECASE)), check)


_SUSPECT = re.compile(r"\d|@|[\[(]at|://|www\.|discord|\S{40}", re.IGNORECASE)  # none of these: none of the kinds

# In order: a token may hold what looks like an id, a webhook's address ends in one.
KINDS = (
    _kind("a webhook", "[webhook]", r"https?://[\w.]*discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\S+"),
    _kind("a token", "[token]", _KEYS, case=True),
    _kind("an invite", "[invite]", r"(?:https?://)?(?:www\.)?discord(?:app)?(?:\.gg|\.com/invite)/[\w-]+"),
    _kind("an e-mail address", "[email]", _EMAIL),
    _kind("a mention", "[member]", r"<(?:@[!&]?|\#)\d+>"),
    _kind("a custom emoji", "[emoji]", r"<a?:\w+:\d+>"),
    _kind("a link", "[link]", r"(?:https?://|www\.)[^\s<>\"]+"),
    _kind("an IBAN", "[account]", _IBAN, _is_iban),
    _kind("a card number", "[card]", r"(?<![\d.,])\d(?:[\ -]?\d){12,18}(?!\d)", _is_card),
    _kind("an id", "[id]", r"(?<![\d.,])\d{17,20}(?!\d)"),
    _kind("a social security number", "[number]", r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"),
    _kind("an IP address", "[ip]", _IP, _is_ip),
    _kind("a phone number", "[phone]", _PHONE, _is_phone),
    _kind("a street address", "[address]", _STREET, case=True),
)
