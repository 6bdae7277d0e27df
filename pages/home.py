"""What is this about?"""

from lab.home.doors import show_doors
from lab.home.hero import show_hero
from lab.home.state import DEFAULT
from lab.page.beats import show_ignored
from lab.state.visit import enter

visit = enter("home", DEFAULT)
show_hero(visit)
show_doors()
show_ignored(visit)
