"""What is this about?"""

import streamlit as st

from lab.home import figures, text
from lab.home.doors import show_doors
from lab.home.hero import show_hero
from lab.home.layout import (
    apply_home_style,
    open_step,
    show_derivation,
    show_page_link,
    show_state_link,
    show_verdict,
)
from lab.home.ledger import draw_ledger
from lab.home.state import HomeState
from lab.language.catalogues import _
from lab.live.figures import show_figures
from lab.page.beats import show_ignored
from lab.state.visit import enter

visit = enter("home", HomeState())
apply_home_style()
show_hero()
show_doors()
show_ignored(visit)
st.markdown(text.contents())
with st.container(border=True):
    st.markdown(text.notation())

open_step(0)
st.markdown(text.step_1())
show_derivation("softmax")
show_verdict(text.verdict_1())
show_figures("home-softmax", figures.softmax_figures())
show_page_link("softmax", _("Drag the logits"))

open_step(1)
st.markdown(text.step_2())
show_derivation("cross_entropy")
show_verdict(text.verdict_2())

open_step(2)
st.markdown(text.step_3())
show_derivation("logit_gap", until="identity")
st.markdown(text.step_3_gradient())
show_derivation("logit_gap", after="identity")
show_verdict(text.verdict_3())
show_figures("home-difference", figures.difference_figures())

open_step(3)
st.markdown(text.step_4())
with st.container(key="five-numbers"):
    st.markdown(text.five_number_table())
show_verdict(text.verdict_4())

open_step(4)
st.markdown(text.step_5())
show_figures("home-experiment", figures.experiment_figures())
show_verdict(text.verdict_5())
with st.container(horizontal=True):
    show_state_link("losses", _("Open the post's experiment"), {})
    show_state_link("losses", _("Open it where the dots leave the line"), {"logit_scale": "16"})

open_step(5)
st.markdown(text.ledger())
draw_ledger()
