"""Reads digits out in random styles, as people do."""

from __future__ import annotations

from random import Random

UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
PAUSES = ["um", "uh,", "and", "dash", "okay", "then", "-", "let me see", "hold on"]


def spoken(digits: str, random: Random) -> str:
    said: list[str] = []
    at = 0
    while at < len(digits):
        text, length = _piece(digits[at:], random)
        said.append(text)
        at += length
        chance = random.random()
        if chance < 0.15:
            said.append(random.choice(PAUSES))
        elif chance < 0.25:
            said[-1] += random.choice(",.")
    text = " ".join(said)
    return text.title() if random.random() < 0.2 else text


def _piece(digits: str, random: Random) -> tuple[str, int]:
    style = random.choice(["unit", "unit", "written", "pair", "repeated", "dashed"])
    if style == "written":
        length = random.randint(1, 5)
        return digits[:length], len(digits[:length])
    if style == "dashed":
        part = digits[: random.randint(3, 8)]
        return "-".join(part[at : at + 2] for at in range(0, len(part), 2)), len(part)
    if style == "pair" and len(digits) > 1 and digits[0] != "0":
        return _pair(int(digits[:2]), random), 2
    if style == "repeated" and digits[:2] == digits[0] * 2:
        length = 3 if digits[:3] == digits[0] * 3 else 2
        return f"{ {2: 'double', 3: random.choice(['triple', 'treble'])}[length] } {_unit(digits[0], random)}", length
    return _unit(digits[0], random), 1


def _unit(digit: str, random: Random) -> str:
    return random.choice(["zero", "oh", "o"]) if digit == "0" else UNITS[int(digit)]


def _pair(value: int, random: Random) -> str:
    if value < 20:
        return TEENS[value - 10]
    return TENS[value // 10] + (random.choice(" -") + UNITS[value % 10] if value % 10 else "")
