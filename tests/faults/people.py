"""The people of the house, made by the owner in a process of its own: `python -m tests.faults.people`.

Prints `{"business_id": …, "key": …}`: the business acme and the API key of its rep.
"""

from __future__ import annotations

import json
import sys

from tests.owner import make_businesses

BUSINESS = "acme"


def main() -> None:
    make_businesses()
    from calls.demo.build import give_material
    from calls.demo.businesses import ACME
    from tenants.context import business_scope
    from tenants.house.models import Policy
    from tenants.members.models import ApiKey, Member, Role
    from tenants.selectors import business_by_schema

    business = business_by_schema(BUSINESS)
    with business_scope(business):
        give_material(ACME)
        # The customer asks for help every other second, so that the first help after a fault shows at once.
        Policy.objects.update(cards_per_10_minutes=100, seconds_between_cards=1)
        rep = Member.objects.create_member(email="rep@faults.example", name="Rep", roles=[Role.REP])
        _, key = ApiKey.issue(member=rep, name="faults")
    sys.stdout.write(json.dumps({"business_id": business.id, "key": key}) + "\n")


if __name__ == "__main__":
    main()
