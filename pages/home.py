"""What is this about?"""

from lab.home.doors import show_doors
from lab.home.hero import show_hero
from lab.home.state import HomeState
from lab.page.beats import show_ignored
from lab.state.visit import enter

visit = enter("home", HomeState())
show_hero()
show_doors()
show_ignored(visit)
