"""The cockpit on a scripted link, to look at it: python -m tests.ui.demo --theme daylight."""

from __future__ import annotations

import argparse

from tests.ui.fake_link import FakeLink
from tradetui.ui.app import CockpitApp
from tradetui.ui.theming import FALLBACK

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--theme", default=FALLBACK)
    CockpitApp(FakeLink(live=True), theme=parser.parse_args().theme).run()
