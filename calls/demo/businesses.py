"""Who is in the demo: two invented businesses, their people, and what only they know. Data, no logic."""

from __future__ import annotations

from dataclasses import dataclass

from tenants.members.models import Role

PASSWORD = "sales-pilot-demo"  # noqa: S105 (a demo anyone may open, on a machine of one's own)
OPERATOR_EMAIL = "operator@salespilot.example"


@dataclass(frozen=True, slots=True)
class Person:
    mailbox: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class DemoBusiness:
    """`pack` is an industry pack of the coaching app; `competitors` are names with their other spellings.

    `place`: one party's consent is enough there, so that the demo starts at once; a call may name another.
    """

    schema_name: str
    name: str
    host: str
    trade: str
    place: str
    tagline: str
    colour: str
    accent: str
    pack: str
    people: tuple[Person, ...]
    competitors: tuple[tuple[str, str], ...]
    keyterms: tuple[str, ...]
    knowledge: tuple[tuple[str, str, str], ...]
    instructions: str

    def email(self, person: Person) -> str:
        return f"{person.mailbox}@{self.schema_name}.example"


ACME = DemoBusiness(
    schema_name="acme",
    name="Acme Cloud",
    host="acme.localhost",
    trade="Business software",
    place="US-NY",
    tagline="Support desks that keep their promises",
    colour="#1d4ed8",
    accent="#f59e0b",
    pack="b2b_software",
    people=(
        Person("rep", "Sam Rivera", Role.REP),
        Person("rep2", "Kim Sato", Role.REP),
        Person("manager", "Morgan Ellis", Role.MANAGER),
        Person("admin", "Alex Chen", Role.ADMIN),
        Person("billing", "Robin Banks", Role.BILLING),
    ),
    competitors=(("Brightdesk", "Bright Desk"), ("Zenlane", "Zen Lane")),
    keyterms=("Acme Cloud", "Brightdesk", "Zenlane", "support desk", "single sign-on"),
    knowledge=(
        (
            "price-per-seat",
            "Price per seat",
            "Acme Cloud costs $49 per seat and month; paid by the year two months are free.",
        ),
        ("phone-systems", "Phone systems", "Acme Cloud connects to the common cloud phone systems without extra cost."),
        (
            "time-to-start",
            "Time to start",
            "Most teams of up to 50 people are live within two weeks, with a named guide.",
        ),
        (
            "reporting",
            "Reporting",
            "Waiting times by team and hour are on one page and can be sent as a weekly report.",
        ),
        (
            "data-residency",
            "Where data lies",
            "Customers choose the region; every business has a database schema of its own.",
        ),
    ),
    instructions=(
        "You coach the sales reps of Acme Cloud, who sell a support desk to teams of 20 to 500 people. "
        "Ask before you argue. Never offer a discount that the playbook does not name."
    ),
)

GLOBEX = DemoBusiness(
    schema_name="globex",
    name="Globex Solar",
    host="globex.localhost",
    trade="Solar and energy installation",
    place="US-TX",
    tagline="Power from your own roof",
    colour="#15803d",
    accent="#ca8a04",
    pack="solar",
    people=(
        Person("rep", "Ben Carter", Role.REP),
        Person("rep2", "Lena Fischer", Role.REP),
        Person("manager", "Iris Novak", Role.MANAGER),
        Person("admin", "Omar Haddad", Role.ADMIN),
        Person("billing", "Tess Vogel", Role.BILLING),
    ),
    competitors=(("Sunpath", "Sun Path"), ("Heliora", "")),
    keyterms=("Globex Solar", "Sunpath", "Heliora", "kilowatt hours", "heat pump"),
    knowledge=(
        ("panel-warranty", "Warranty", "Panels carry 25 years of performance warranty, our installation 10 years."),
        (
            "battery-price",
            "Battery",
            "A battery of 10 kWh costs $9,000 with installation; the state grant takes $2,000 off.",
        ),
        (
            "time-to-install",
            "Time to install",
            "A family house takes two days on the roof, about six weeks after the order.",
        ),
        ("roof-check", "Roof check", "An engineer checks the roof before every offer is final; the check is free."),
        (
            "financing",
            "Financing",
            "Monthly payment plans run for 10 or 15 years; either can be paid off early without a fee.",
        ),
    ),
    instructions=(
        "You coach the advisers of Globex Solar, who plan solar roofs for homes and small businesses. "
        "Never promise a yield or a grant that the knowledge does not name."
    ),
)

BUSINESSES = (ACME, GLOBEX)
