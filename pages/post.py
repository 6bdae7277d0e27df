"""What does the post derive, and does each line hold?"""

import streamlit as st

from lab.language.catalogues import _
from lab.live.figures import show_figures
from lab.page.beats import open_page, show_formulas, show_ignored
from lab.page.glossary import show_symbols
from lab.page.links import show_page_link, show_state_link
from lab.post import figures, text
from lab.post.layout import open_step, show_derivation, show_verdict
from lab.post.state import PostState
from lab.state.visit import enter

visit = enter("post", PostState())
open_page(_("The post, line by line"), text.intro())
show_formulas(r"L_1 = -\sum_i q_i \log p_i", r"L_2 = \sum_i (p_i - q_i)\, a_i", r"L_1 - L_2 = H(p)")
show_ignored(visit)
st.markdown(text.contents())
with st.container(border=True):
    st.markdown(text.notation())

open_step(0)
st.markdown(text.step_1())
show_derivation("softmax")
show_verdict(text.verdict_1())
show_figures("post-softmax", figures.softmax_figures())
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
show_figures("post-difference", figures.difference_figures())

open_step(3)
st.markdown(text.step_4())
with st.container(key="five-numbers"):
    st.markdown(text.five_number_table())
show_verdict(text.verdict_4())

open_step(4)
st.markdown(text.step_5())
show_figures("post-experiment", figures.experiment_figures())
show_verdict(text.verdict_5())
with st.container(horizontal=True):
    show_state_link("losses", _("Open the post's experiment"), {})
    show_state_link("losses", _("Open it where the dots leave the line"), {"logit_scale": "16"})
show_page_link("claims", _("Every claim and its verdict"))
show_symbols()
