"""Check digits of the numbers that must not be kept. Pure arithmetic on strings of digits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

CARD_LENGTHS = range(13, 20)

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_SOCIAL_GROUPS = [3, 2, 4]
_NO_INSURANCE = frozenset({"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"})
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
    "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27,
    "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24,
    "SA": 24, "SE": 24, "SI": 19, "SK": 24, "TR": 26,
}  # fmt: skip


def passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, Annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += _DOUBLED[int(digit)] if place % 2 else int(digit)
    return total % 10 == 0


def any_passes_luhn(parts: Sequence[tuple[str, ...]]) -> bool:
    """Whether the parts in order make a card number of 13 to 19 digits, each part read in one of its ways."""
    # From the last digit to the first: (length so far, sum modulo 10).
    states = {(0, 0)}
    for ways in reversed(parts):
        states = {after for state in states for way in ways if (after := _add(state, way))[0] <= CARD_LENGTHS[-1]}
    return any(length in CARD_LENGTHS and total == 0 for length, total in states)


def _add(state: tuple[int, int], digits: str) -> tuple[int, int]:
    length, total = state
    if length + len(digits) > CARD_LENGTHS[-1]:
        return length + len(digits), total
    for digit in reversed(digits):
        total += _DOUBLED[int(digit)] if length % 2 else int(digit)
        length += 1
    return length, total % 10


def looks_like_an_issuer(digits: str) -> bool:
    """Whether length and first digits are those of a network that issues cards."""
    two, length = int(digits[:2] or 0), len(digits)
    if digits[:1] == "4":
        return length in {13, 16, 19}
    if two in {34, 37}:
        return length == 15
    if two in {30, 36, 38, 39}:
        return length in {14, 16}
    return (length == 16 and (51 <= two <= 55 or 22 <= two <= 27 or two == 35)) or (two // 10 == 6 and length >= 16)


def is_iban(symbols: str) -> bool:
    """ISO 13616: the country's length where it is known, and the remainder of 97."""
    country = symbols[:2]
    if len(symbols) != _IBAN_LENGTHS.get(country, 0) or not symbols[2:4].isdigit():
        return False
    moved = symbols[4:] + symbols[:4]
    return int("".join(str(int(each, 36)) for each in moved)) % 97 == 1


def is_social_security_number(groups: Sequence[str]) -> bool:
    """In its groups of 3, 2 and 4 digits; areas, groups and serials that were never given out are not taken."""
    if [len(group) for group in groups] != _SOCIAL_GROUPS:
        return False
    area, group, serial = groups
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def is_insurance_number(symbols: str) -> bool:
    """United Kingdom: two letters, six digits, a letter from A to D. It has no check digit."""
    prefix = symbols[:2]
    if len(symbols) != 9 or not symbols[2:8].isdigit() or symbols[8] not in "ABCD" or not prefix.isalpha():
        return False
    return prefix[0] not in "DFIQUV" and prefix[1] not in "DFIOQUV" and prefix not in _NO_INSURANCE


def is_steuer_id(digits: str) -> bool:
    """Germany: eleven digits; of the first ten just one occurs twice or thrice; ISO 7064 MOD 11,10."""
    if len(digits) != 11 or digits[0] == "0":
        return False
    counts = sorted(Counter(digits[:10]).values(), reverse=True)
    if counts[0] not in {2, 3} or counts[1] != 1:
        return False
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[10])
