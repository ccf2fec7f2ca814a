# SPDX-License-Identifier: Apache-2.0
"""cases.py - the cases that every change has to pass: one image, three boots."""
import os

import disks
from bare import describe, seconds_to_bare_init
from claims import Auditor, Claims
from host import Failed
from life import READY, Appliance, Recorded, Trader, make_folder
from rebuild import Cuts
from report import report
from write_log import PowerCuts, WriteLog

CUTS = 48
LYING_CUTS = 24
# A lying disk must have lost something in so many of its images: it does in most.
LYING_LOSSES_MIN = LYING_CUTS // 4
FLUSHES_LOST = 12
ROUNDS = 20


def require_right(verdicts):
    wrong = ["cut at entry %d: %s" % (moment, verdict) for moment, verdict in verdicts
             if not verdict.right()]
    if wrong:
        raise Failed("%d of %d disks are wrong; first: %s" % (len(wrong), len(verdicts), wrong[0]))


def record_life(image, recorded, folder, rounds):
    """A life on a new disk, up to a power cut.  Returns seconds to the engine ready, and status."""
    claims = Claims(recorded.writes)
    recorded.make_disks()
    with Appliance(image, folder, "life", recorded.disk, recorded.writes) as appliance:
        prompt = appliance.wait_for_prompt()
        trader = Trader(prompt, claims)
        trader.open_exchange()
        trader.match()
        trader.churn(rounds)
        status = prompt.facts("status")
        ready_s = appliance.console.seconds_until(READY)
    recorded.save(claims)
    return ready_s, status


def case_order(run):
    """orders are matched inside, and the disk of the log holds them"""
    folder = make_folder(run.folder("order"))
    bare_s = seconds_to_bare_init(run.image, run.program("betex-bare-init"), folder)
    recorded = Recorded(folder)
    ready_s, status = record_life(run.image, recorded, folder, ROUNDS)
    core = status["parts"]["matcher"]["core"]
    if status["figures"]["hugepages"] is not True or core != 2:
        raise Failed("hugepages: %s, the matcher on core %s: the configuration wants both" %
                     (status["figures"]["hugepages"], core))
    claims = recorded.load()
    verdict = Auditor(run.programs, folder).judge(recorded.disk, claims.at(len(claims.told) << 32))
    if not verdict.right():
        raise Failed("the disk after it: %s" % verdict)
    report(run.figures, ready_s=ready_s, bare_init_s=bare_s, ratio=ready_s / bare_s)
    return "%d events claimed and found; %s" % (len(claims.told), describe(ready_s, bare_s))


def case_power_cut(run):
    """what a client was told survives a power cut, and the next life goes on from there"""
    folder = make_folder(run.folder("power_cut"))
    recorded = Recorded(run.folder("order"))
    cuts = Cuts(recorded, run.programs, folder)
    require_right(cuts.check(cuts.moments(CUTS, seed="cut"), seed="cut"))
    # Only once there was something to lose.
    first = cuts.claims.told[len(cuts.claims.told) // 4][0]
    lost = require_losses(cuts, LYING_CUTS, LYING_LOSSES_MIN, first)
    after = next_life(run, recorded, cuts, folder)
    report(run.figures, disks=CUTS, lying_disks=LYING_CUTS, lying_disks_lost=lost)
    return "%d disks, nothing lost; of a disk that lies %d of %d lost something; %s" % (
        CUTS, lost, LYING_CUTS, after)


def require_losses(cuts, count, least, first):
    """The control: the same check finds losses on a disk whose flushes do nothing."""
    verdicts = cuts.check(cuts.moments(count, seed="lie", first=first), seed="lie",
                          flushes_lost=FLUSHES_LOST)
    lost = sum(1 for _, verdict in verdicts if verdict.lost)
    if lost < least:
        raise Failed("a disk that lies lost something in %d of %d images only: want %d, or the "
                     "check cannot find losses" % (lost, count, least))
    return lost


def next_life(run, recorded, cuts, folder):
    """Boots one of the disks, trades on, stops the engine in order, and looks at the disk."""
    disk = os.path.join(folder, "next.img")
    moment = cuts.moments(1, seed="next", first=cuts.entries // 2)[0]
    PowerCuts(WriteLog(recorded.writes), recorded.first_disk, folder).cut(moment, disk, "next")
    claimed = cuts.claims.at(moment)
    later = Claims(recorded.writes)
    with Appliance(run.image, folder, "next", disk) as appliance:
        prompt = appliance.wait_for_prompt()
        trader = Trader(prompt, later)
        trader.match()
        prompt.ask("shutdown")
        prompt.wait_until("market ls", lambda answer: "connecting to the engine" in answer)
    claimed.update(later.at(1 << 62))
    verdict = Auditor(run.programs, folder).judge(disk, claimed)
    if not verdict.right():
        raise Failed("the disk cut at entry %d, after its next life: %s" % (moment, verdict))
    return "the next life took over %d events" % len(cuts.claims.at(moment))


def case_tamper(run):
    """a root with a flipped byte that nothing reads is refused, and it is said why"""
    folder = make_folder(run.folder("tamper"))
    # The middle of the compressed files, which no start of the appliance needs to read whole.
    return "after %.1f s: %s" % boot_tampered(run, folder, run.image.root_bytes_used() // 2)


def boot_tampered(run, folder, offset):
    """Boots with that byte of the root flipped; returns when it was refused and the message."""
    part = run.image.root_partition()

    def tamper(system):
        disks.flip_byte(system, part.offset + offset)

    with Appliance(run.image, folder, "tampered", None, tamper=tamper) as appliance:
        refused = appliance.console.wait_for(REFUSED)
        appliance.machine.wait_for_end()
        text = appliance.console.text()
    if "Welcome to" in text:
        raise Failed("the tampered root was started:\n%s" % appliance.console.tail())
    return appliance.console.seconds_until(REFUSED), refused.group(0).strip()


REFUSED = r"device-mapper: verity: .*corrupt.*|dm-verity device corrupted|the root is damaged.*"
