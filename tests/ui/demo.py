"""The cockpit on a scripted link, to look at it: python -m tests.ui.demo."""

from tests.ui.fake_link import FakeLink
from tradetui.ui.app import CockpitApp

if __name__ == "__main__":
    CockpitApp(FakeLink(live=True)).run()
