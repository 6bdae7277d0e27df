"""What is this about?"""

import streamlit as st

from lab.home.doors import show_doors
from lab.home.hero import apply_home_style, show_hero
from lab.home.ledger import draw_ledger, intro
from lab.home.state import HomeState
from lab.language.catalogues import _
from lab.page.beats import show_ignored
from lab.state.visit import enter

visit = enter("home", HomeState())
apply_home_style()
show_hero()
show_doors()
show_ignored(visit)

st.header(_("The ledger: every claim and its verdict"), anchor="ledger")
st.markdown(intro())
draw_ledger()
