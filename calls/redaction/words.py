"""English words in and around numbers. Data only."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


UNITS = {
    "zero": 0, "nought": 0, "naught": 0, "nil": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9,
}  # fmt: skip
OH = _words("oh o")
TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
TIMES = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}

BETWEEN = _words("""
    um uh er erm ah hm hmm mm mhm mm-hm mm-hmm uh-huh and then dash hyphen minus space comma dot okay ok right
    yeah yes yep so like well let me see hold on wait sorry next now again - – — / , .
""")
"""Said between the digits of one number."""

AROUND = BETWEEN | _words("""
    sure please it's its that's is the it thanks thank you alright all with no
""")
"""Said around a number by somebody who says nothing else."""

COUNTED = _words("""
    dollar dollars buck bucks euro euros pound pounds cent cents percent pence hour hours day days week weeks
    month months year years minute minutes second seconds seat seats user users people person persons employee
    employees license licenses licence licences unit units time times k thousand million billion am pm o'clock
    degrees mile miles km kilometers feet foot inches piece pieces item items box boxes digit digits customer
    customers client clients location locations branch branches hundred point grand usd eur gbp gigabytes gb mb
    tb rep reps agent agents call calls bedrooms guests night nights star stars page pages line lines points
    other others of thing things
""")
"""What stands after a number makes it a quantity or a price."""

MONTHS = _words("""
    january february march april may june july august september october november december jan feb mar apr jun
    jul aug sep sept oct nov dec
""")
BEFORE_A_YEAR = _words("in since from until till by before after around during back year fiscal of through")
BEFORE_AN_AMOUNT = _words("$ € £ usd eur gbp about costs cost paying pay paid")
NAMED = _words("""
    room suite flight apartment apt gate floor page line version model extension ext order invoice ticket case po zip
    exit route highway building box chapter section article step lot level bay
""")
"""What a number right after it only names."""

STREETS = _words("""
    street st road rd lane avenue ave drive dr boulevard blvd court way place crescent square terrace parkway
""")
