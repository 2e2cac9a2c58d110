"""Measures what the budgets of the design speak of and prints a table; exits 0 whatever it shows.

    python benchmarks/run.py [--json FILE] [--profile]

Each figure stands beside a limit measured in the same run, in turns with it; both are the best of
many short rounds, because other work on the machine can only add. "ratio" is by the wall clock,
which includes waiting for the disk; "cpu" is the same ratio of processor time.
"""

import argparse
import contextlib
import cProfile
import dataclasses
import json
import os
import platform
import pstats
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import limits
from answering import bare_python, kept_credentials
from deciding import decision
from guarding import Guarding, again, once_each
from measuring import ROUNDS, Compared, Measurement, compare, each, repeat
from sign_ins import SignIns
from starting import started

MICRO = 1e6
MILLI = 1e3
UNSEEN_CALLS = 10
STARTS = 10


@dataclass(frozen=True)
class Line:
    """One line of the table; the ratio is what the budget speaks of."""

    what: str
    measured: str
    limit: str
    ratio: float | None
    cpu_ratio: float | None
    budget: str
    within_budget: bool | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"))
    parser.add_argument(
        "--profile", action="store_true", help="show where sign-ins and the guard spend their time"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = [
            *start_lines(Path(folder)),
            commit_line(Path(folder)),
            *sign_in_lines(Path(folder)),
            *guard_lines(Path(folder)),
            decision_line(),
            credentials_line(Path(folder) / "terminal"),
        ]
        print(table(lines))
        given.json.parent.mkdir(parents=True, exist_ok=True)
        figures = {"machine": machine(), "lines": [dataclasses.asdict(line) for line in lines]}
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
        print(f"\n{machine()}\nAlso in {given.json}.")
        if given.profile:
            show_profiles(Path(folder))


def start_lines(folder: Path) -> Iterator[Line]:
    data = folder / "start"
    with started(data):
        pass
    ready, resident = [], []
    for _ in range(STARTS):
        with started(data) as server:
            ready.append(server.ready_seconds)
            resident.append(server.worker_megabytes())
    seconds, megabytes = min(ready), max(resident)
    yield plain_line("ready after start", f"{seconds:.2f} s", "<= 0.8 s", ok=seconds <= 0.8)
    yield plain_line(
        "idle memory a worker", f"{megabytes:.0f} MB", "<= 120 MB", ok=megabytes <= 120
    )


def commit_line(folder: Path) -> Line:
    """Return what waiting for the disk costs each sign-in and refresh; no budget speaks of it."""
    seconds = repeat(each(limits.durable_commit(folder)), calls=10).wall
    return Line("durable commit", f"{seconds * MILLI:.2f} ms", "", None, None, "", None)


def sign_in_lines(folder: Path) -> Iterator[Line]:
    rsa = limits.RsaLimit()
    generator, general = limits.generator_power(), limits.general_power()
    with SignIns(folder) as sign_ins:
        yield share_line(
            "password sign-in (SRP-stored)",
            "1 power, 2 signatures",
            compare(
                each(sign_ins.password()),
                in_turn(generator, rsa.sign, rsa.sign),
                calls=10,
            ),
            0.75,
        )
        yield share_line(
            "SRP sign-in (two calls)",
            "3 powers, 2 signatures",
            compare(
                sign_ins.srp,
                in_turn(generator, general, general, rsa.sign, rsa.sign),
                calls=5,
            ),
            0.6,
        )
        yield share_line(
            "refresh",
            "2 signatures",
            compare(each(sign_ins.refresh()), in_turn(rsa.sign, rsa.sign), calls=10),
            0.45,
        )


def guard_lines(folder: Path) -> Iterator[Line]:
    rsa = limits.RsaLimit()
    with started(folder / "start") as server:
        guarding = Guarding(server)
        # One more to warm up with, and one that is seen before.
        bearer_guard, requests = guarding.bearer_requests(UNSEEN_CALLS * ROUNDS + 2)
        seen = next(requests)
        bearer_guard.authenticate(seen)
        signed_guard, signed = guarding.signed_request()
        yield times_line(
            "guard, Bearer, new token",
            "1 RSA verification",
            compare(
                each(once_each(bearer_guard, requests)),
                each(rsa.verify),
                calls=UNSEEN_CALLS,
            ),
            3,
        )
        for what, guard, request, calls, at_most in (
            ("guard, Bearer, known token", bearer_guard, seen, 1000, 15e-6),
            ("guard, SigV4", signed_guard, signed, 300, 60e-6),
        ):
            seconds = repeat(each(again(guard, request)), calls=calls).wall
            yield plain_line(
                what,
                f"{seconds * MICRO:.1f} us",
                f"<= {at_most * MICRO:.0f} us",
                ok=seconds <= at_most,
            )


def decision_line() -> Line:
    seconds = repeat(each(decision()), calls=300).wall
    return plain_line(
        "policy decision, ten statements",
        f"{seconds * MICRO:.1f} us",
        "<= 25 us",
        ok=seconds <= 25e-6,
    )


def credentials_line(folder: Path) -> Line:
    """Return how long keys that are kept take; what a child spends is not in our own cpu time."""
    compared = compare(each(kept_credentials(folder)), each(bare_python()), calls=1)
    times = 1 / compared.share.wall
    return Line(
        "poolgate credentials, kept keys",
        f"{compared.operation.wall * MILLI:.1f} ms",
        f"{compared.limit.wall * MILLI:.1f} ms (python -c pass)",
        round(times, 2),
        None,
        "<= 3 times the limit",
        times <= 3,
    )


def in_turn(*steps: Callable[[], object]) -> Measurement:
    """Return a measurement of the arithmetic of one sign-in."""

    def arithmetic() -> None:
        for step in steps:
            step()

    return each(arithmetic)


def share_line(what: str, limit: str, compared: Compared, at_least: float) -> Line:
    return Line(
        what,
        f"{compared.operation.wall * MILLI:.2f} ms",
        f"{compared.limit.wall * MILLI:.2f} ms ({limit})",
        round(compared.share.wall, 2),
        round(compared.share.cpu, 2),
        f">= {at_least} of the limit",
        compared.share.wall >= at_least,
    )


def times_line(what: str, limit: str, compared: Compared, at_most: float) -> Line:
    times = 1 / compared.share.wall
    return Line(
        what,
        f"{compared.operation.wall * MICRO:.0f} us",
        f"{compared.limit.wall * MICRO:.0f} us ({limit})",
        round(times, 2),
        round(1 / compared.share.cpu, 2),
        f"<= {at_most} times the limit",
        times <= at_most,
    )


def plain_line(what: str, measured: str, budget: str, *, ok: bool) -> Line:
    return Line(what, measured, "", None, None, budget, ok)


def table(lines: list[Line]) -> str:
    rows = [("what", "measured", "limit", "ratio", "cpu", "budget", "")]
    rows += [
        (
            line.what,
            line.measured,
            line.limit,
            "" if line.ratio is None else f"{line.ratio:.2f}",
            "" if line.cpu_ratio is None else f"{line.cpu_ratio:.2f}",
            line.budget,
            {True: "ok", False: "over", None: ""}[line.within_budget],
        )
        for line in lines
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def machine() -> str:
    """Return what the figures depend on, in words that name no machine."""
    return f"{os.cpu_count()} cores, {processor()}, Python {platform.python_version()}"


def processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def show_profiles(folder: Path) -> None:
    """Print the functions in which a sign-in, a refresh and a new token spend their time."""
    profiled = folder / "profile"
    profiled.mkdir()
    with SignIns(profiled) as sign_ins:
        show_profile("password sign-in", sign_ins.password(), 100)
        show_profile("SRP sign-in", lambda: sign_ins.srp(1), 30)
        show_profile("refresh", sign_ins.refresh(), 100)
    with started(folder / "start") as server:
        guard, requests = Guarding(server).bearer_requests(100)
        show_profile("guard, Bearer, new token", once_each(guard, requests), 100)


def show_profile(what: str, run: Callable[[], object], calls: int) -> None:
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(calls):
        run()
    profile.disable()
    print(f"\n{what}, {calls} calls:")
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(14)


if __name__ == "__main__":
    main()
