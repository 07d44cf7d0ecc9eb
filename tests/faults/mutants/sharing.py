"""What many share: neither one business nor a process that dies takes it from the others."""

from __future__ import annotations

from tests.faults.mutants.mutant import Mutant

CIRCUITS = "tests/coaching/test_circuits.py"
FAIR = "tests/speech/test_fair.py"
SLOTS = "tests/speech/test_slots.py"

MUTANTS = (
    Mutant(
        name="circuit-witnesses",
        mechanism="A provider is given up only when two businesses saw it fail",
        prevents="one business's prompt or deadline takes the model from all of them",
        file="coaching/llm/circuit.py",
        old="is_seen = len(self._seen_by) >= self._witnesses",
        new="is_seen = bool(self._seen_by)",
        tests=(f"{CIRCUITS}::test_one_business_alone_can_not_give_up_the_provider_for_all",),
        because="'resting' == ''",
    ),
    Mutant(
        name="own-key",
        mechanism="What befalls a business's own key counts against nobody else",
        prevents="one business's expired key rests the model of all of them for five minutes",
        file="coaching/llm/circuit.py",
        old="return error.reason in OF_PROVIDER or (not has_own_key and error.reason in OF_KEY)",
        new="return error.reason in OF_PROVIDER | OF_KEY",
        tests=(f"{CIRCUITS}::test_the_installations_refused_key_rests_all_but_those_with_their_own",),
        because="'resting' == ''",
    ),
    Mutant(
        name="slots-fair",
        mechanism="A free slot goes to the business that holds the fewest",
        prevents="a business with many calls leaves the others unheard",
        file="calls/speech/slots/fair.py",
        old="key=lambda waiter: (shares[waiter.business], waiter)",
        new="key=lambda waiter: waiter",
        tests=(f"{FAIR}::test_whoever_holds_fewest_comes_first_however_long_others_wait",),
        because="== {'globex': 2}",
    ),
    Mutant(
        name="slots-reserve",
        mechanism="The last slots are for businesses that hold none",
        prevents="a newcomer's first call waits until somebody else's has ended",
        file="calls/speech/slots/fair.py",
        old="if free > reserved or not shares[waiter.business]]",
        new="if free > 0]",
        tests=(
            f"{FAIR}::test_the_reserve_is_for_whoever_has_none_and_is_used_up_by_them",
            f"{SLOTS}::test_a_business_does_not_starve_another_in_another_process",
        ),
        because="assert",
    ),
    Mutant(
        name="slots-lapse",
        mechanism="The slots of a process that died are free within seconds",
        prevents="each process that is killed leaves the vendor a few streams smaller",
        file="calls/speech/slots/shared.py",
        old="until = await _now(self._client) + LEASE_S",
        new="until = await _now(self._client) + 3_600",
        tests=(f"{SLOTS}::test_leases_live_with_their_process_and_those_of_a_killed_one_are_free_within_seconds",),
        because="Timeout",
    ),
    Mutant(
        name="slots-renewed",
        mechanism="A slot is held as long as its process lives",
        prevents="after six seconds a running stream counts no more, and the vendor refuses one call too many",
        file="calls/speech/slots/shared.py",
        old="                        pipe.zadd(key, leases)\n",
        new="                        pass\n",
        tests=(
            f"{SLOTS}::test_leases_live_with_their_process_and_those_of_a_killed_one_are_free_within_seconds",
            f"{SLOTS}::test_a_server_that_has_forgotten_learns_what_runs",
        ),
        because="TimeoutError",
    ),
    Mutant(
        name="full-is-away",
        mechanism="While no slot is free the second engine hears at once",
        prevents="a rep waits without help for somebody else's call to end",
        file="calls/speech/side.py",
        old="return self.lost is not None or self.is_full or now",
        new="return self.lost is not None or now",
        tests=(f"{SLOTS}::test_the_second_engine_hears_at_once_while_the_vendor_is_full_and_gives_back_with_a_slot",),
        because="TimeoutError",
    ),
    Mutant(
        name="lost-line-lets-go",
        mechanism="Who is gone in mid-transaction lets go of its rows",
        prevents="a line that is lost without a word keeps a call from being saved for hours",
        file="tenants/postgresql/roles.sql",
        old="ALTER ROLE {app} SET idle_in_transaction_session_timeout TO '15s';",
        new="ALTER ROLE {app} SET idle_in_transaction_session_timeout TO '0';",
        tests=("tests/tenants/test_pool.py::test_who_is_gone_in_mid_transaction_lets_go_of_its_locks",),
        because="('0',) == ('15s',)",
    ),
)
