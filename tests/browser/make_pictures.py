#!/usr/bin/python3
"""
The pictures in docs/: a run of Firefox in a network where WebRTC walks past the VPN in two ways, its report, and what Chromium shows of it.

usage: make_pictures.py [FOLDER]        default: docs
"""

import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import lab
from checks import fail_early, note
from scenes import SCENES, VPN, Scene, SceneLab
from stage import Stage
from steering import Chromium
from test_verdict import run_folder

BROWSER = "firefox"
WIDTH, HEIGHT, SCALE, MARGIN = 1000, 900, 1.5, 12
# The lab's own IPv6 beside the tunnel, and the second uplink of scenes.py.
SCENE = Scene("pictures", "IPv6 beside the tunnel, and a second uplink", (
    ("route add default via 192.168.1.1 dev eth0 table 100", "route flush table 100"),
    ("rule add from 192.168.1.23 lookup 100", "rule delete from 192.168.1.23 lookup 100")), "wire")
# Name, the elements from the first to the last, dark.
PICTURES = (("report", "#verdict", ".leak", False), ("report-timeline", "#timeline", "#timeline", False), ("report-timeline-dark", "#timeline", "#timeline", True),
            ("report-paths", "#paths", "#paths", False))


def make_run(lab_, stage):
    ports = {"near": stage.open("127.0.0.1", 0), "microphone": stage.open("127.0.0.1", 0)}
    SCENES[SCENE.name] = SCENE
    with lab_.scene(SCENE.name) as scene:
        folder, _ = run_folder(lab_, stage, ports, BROWSER, scene, ())
    subprocess.run([f"{lab.build_dir()}/rtcshim-analyzer", "report", "--brief", "--vpn", VPN, f"--html={folder}/report.html", folder], check=True)
    with open(f"{folder}/report.html", "rb") as file:
        return file.read()


def take(chromium, first, last):
    box = chromium.run(f"""
        const [top, bottom] = {[first, last]!r}.map((one) => document.querySelector(one).getBoundingClientRect());
        return {{ x: Math.max(0, top.left + scrollX - {MARGIN}), y: top.top + scrollY - {MARGIN}, width: top.width + 2 * {MARGIN}, height: bottom.bottom - top.top + 2 * {MARGIN}, scale: 1 }};""")
    return chromium.picture(clip=box)


def main(arguments):
    target = os.path.abspath(arguments[0] if arguments else f"{lab.TREE}/docs")
    lab.enter(seconds=300)
    with SceneLab() as lab_, Stage() as stage:
        page = make_run(lab_, stage)
        with Chromium(lab_, ["--hide-scrollbars"]) as chromium:
            path = chromium.put(page)
            chromium.size(WIDTH, HEIGHT, SCALE)
            for name, first, last, dark in PICTURES:
                chromium.dark(dark)
                chromium.open(path)
                chromium.run("document.getElementById('stage').focus({ preventScroll: true }); return 0")
                for key in "ll" if "timeline" in first else "":
                    chromium.key(key)
                chromium.run("document.activeElement.blur(); return 0")
                time.sleep(0.3)     # for the frame that shows it
                with open(f"{target}/{name}.png", "wb") as file:
                    file.write(take(chromium, first, last))
                note(f"{target}/{name}.png")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        fail_early(error)
